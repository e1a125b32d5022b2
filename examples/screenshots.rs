//! Makes the README's screenshots of the real program in a pseudo-terminal, as SVG:
//! `cargo build --release && cargo run --example screenshots`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a tool for developers")]

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const ROWS: u16 = 30;
const COLUMNS: u16 = 110;
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
            "passive-vsftpd-curl.pcap",
            "ftps-range-blocked.pcap",
            "data-path-dead-server.pcap",
            "pasv-private-address-client.pcap",
            "mixed-many.pcap",
        ],
        "jj",
    ),
    ("ladder", &["passive-range-dropped-ncftp.pcap"], "\r"),
    ("timeline", &["passive-range-dropped-ncftp.pcap"], "\r2"),
    ("diagnosis", &["data-path-dead-server.pcap"], "\r3jj"),
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = root.join("target/release/ftpscope");
    for (name, samples, keys) in SHOTS {
        let files = samples.iter().map(|s| format!("samples/{s}"));
        let files: Vec<String> = files.filter(|f| root.join(f).exists()).collect();
        let svg = shot(&program, &files, keys, root);
        std::fs::write(root.join(format!("docs/screenshots/{name}.svg")), svg).unwrap();
        println!("docs/screenshots/{name}.svg");
    }
}

fn shot(program: &Path, files: &[String], keys: &str, root: &Path) -> String {
    let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(program);
    command.args(files);
    command.cwd(root);
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).unwrap();
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let (rows, columns) = (NonZero::new(ROWS).unwrap(), NonZero::new(COLUMNS).unwrap());
    let parser = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
    let screen = parser.clone();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(n @ 1..) = reader.read(&mut bytes) {
            screen.lock().unwrap().process(&bytes[..n]);
        }
    });
    std::thread::sleep(Duration::from_millis(2500));
    for key in keys.chars() {
        writer.write_all(key.to_string().as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }
    let picture = svg(parser.lock().unwrap().screen());
    let _ = child.kill();
    let _ = child.wait();
    picture
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
