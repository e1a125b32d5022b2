//! The README's screenshots are what the real program shows in a terminal.
//!
//! `UPDATE_EXPECT=1 cargo test --test screenshots` makes them anew.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test waits for a program")]

mod pty;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use expect_test::expect_file;
use pty::{COLUMNS, ROWS, Terminal};

/// Of a character, in pixels.
const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 17.0;

/// Name, samples, keys.
const SHOTS: &[(&str, &[&str], &str)] = &[
    (
        "sessions",
        &[
            "passive-range-dropped-client.pcap",
            "data-refused-client.pcap",
            "login-refused.pcap",
            "passive-vsftpd-curl.pcapng",
            "ftps-range-blocked.pcap",
            "data-path-dead-server.pcap",
            "pasv-private-address-client.pcap",
            "mixed-many.pcap",
        ],
        "jj",
    ),
    ("ladder", &["passive-range-dropped-ncftp.pcap"], "\r"),
    ("findings", &["range-partly-open-server.pcap", "accept-timer.pcap"], "fG"),
    ("timeline", &["passive-range-dropped-ncftp.pcap"], "\r2"),
    ("diagnosis", &["data-path-dead-server.pcap"], "\r3jj"),
];

#[test]
fn the_screenshots_are_what_the_program_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, samples, keys) in SHOTS {
        assert!(samples.iter().all(|s| root.join("samples").join(s).exists()), "{samples:?}");
        let files: Vec<String> = samples.iter().map(|s| format!("samples/{s}")).collect();
        let mut program = vec![env!("CARGO_BIN_EXE_ftpscope")];
        program.extend(files.iter().map(String::as_str));
        let mut t = Terminal::open(&program, root);
        t.shows(" packets ");
        for key in keys.chars() {
            t.press(&key.to_string());
            still(&t);
        }
        let picture = svg(t.screen.lock().unwrap().screen());
        t.press("\x03");
        assert_eq!(t.ends(), 0);
        let file = root.join(format!("docs/screenshots/{name}.svg"));
        expect_file![file].assert_eq(&picture);
    }
}

/// Waits until nothing changes any more.
fn still(t: &Terminal) {
    let mut before = String::new();
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(150));
        let now = t.shown();
        if now == before {
            return;
        }
        before = now;
    }
}

/// A dark terminal's usual colours.
fn colour(colour: vt100::Color, usual: &'static str) -> String {
    let named = |n: u8| match n {
        1 | 9 => "#ff6b68",
        2 | 10 => "#5fd38d",
        3 | 11 => "#ffcb6b",
        6 | 14 => "#6fd3ff",
        _ => "#d6dbe5",
    };
    match colour {
        vt100::Color::Default => usual.to_owned(),
        vt100::Color::Idx(n) => named(n).to_owned(),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn svg(screen: &vt100::Screen) -> String {
    let (width, height) = (f32::from(COLUMNS) * WIDTH + 20.0, f32::from(ROWS) * HEIGHT + 20.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" \
         fill=\"#16181d\"/>\n<g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for row in 0..ROWS {
        let y = f32::from(row) * HEIGHT + 10.0;
        let mut column = 0;
        while column < COLUMNS {
            let style = style(screen, row, column);
            let end = (column..COLUMNS).find(|c| self::style(screen, row, *c) != style);
            let end = end.unwrap_or(COLUMNS);
            let text: String = (column..end)
                .filter_map(|c| screen.cell(row, c))
                .map(|c| if c.has_contents() { c.contents() } else { " " })
                .collect();
            run(&mut out, &style, &text, f32::from(column) * WIDTH + 10.0, y);
            column = end;
        }
    }
    out + "</g>\n</svg>\n"
}

/// Colours, bold, dim.
type Style = (String, String, bool, bool);

fn style(screen: &vt100::Screen, row: u16, column: u16) -> Style {
    let Some(cell) = screen.cell(row, column) else { return Style::default() };
    let (mut fg, mut bg) = (colour(cell.fgcolor(), "#d6dbe5"), colour(cell.bgcolor(), "#16181d"));
    if cell.inverse() {
        std::mem::swap(&mut fg, &mut bg);
    }
    (fg, bg, cell.bold(), cell.dim())
}

/// Cells of one style. Lines are drawn at the width of as many cells, whatever the font.
fn run(out: &mut String, (fg, bg, bold, dim): &Style, text: &str, x: f32, y: f32) {
    let width = text.chars().count() as f32 * WIDTH;
    if bg != "#16181d" {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{bg}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if *bold { " font-weight=\"bold\"" } else { "" };
    let opacity = if *dim { " opacity=\"0.6\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let base = y + 13.0;
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" fill=\"{fg}\"{weight}{opacity}>{text}</text>"
    );
}
