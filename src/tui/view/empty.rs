//! Why the list is empty, and what to try.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::scrolled;
use crate::report::escape::escape;
use crate::report::text::lines::{Lines, paragraph, span};
use crate::report::text::palette::{BAD, PLAIN, QUIET, STRONG};
use crate::report::text::units;
use crate::tui::app::App;

/// Why there is nothing.
pub fn render(app: &App, area: Rect, buffer: &mut Buffer) {
    scrolled(&lines(app, usize::from(area.width)), 0, area, buffer);
}

fn lines(app: &App, width: usize) -> Lines {
    let s = &app.snapshot;
    let p = &s.progress;
    let mut lines = vec![Line::default()];
    let mut say = |text: &str, style| lines.extend(paragraph(text, style, width, "  ", "  "));
    for failure in &p.failures {
        say(&escape(failure), BAD);
    }
    if !s.entries.is_empty() {
        let n = units::count(s.entries.len() as u64, "session");
        say(&format!("None of the {n} matches the filter."), STRONG);
        say("x removes the filter, / changes it.", QUIET);
        return lines;
    }
    if !p.done {
        let doing = if p.live { "Waiting for FTP on" } else { "Reading" };
        say(&format!("{doing} {} …", escape(&p.source)), STRONG);
        say("Sessions appear as soon as they can be judged.", QUIET);
        return lines;
    }
    let o = &s.overview;
    say("No FTP session was found.", STRONG);
    let read = format!(
        "{} read: {}, {} of UDP, {} of something else.",
        units::count(s.capture.packets, "packet"),
        units::count(o.tcp_segments, "TCP segment"),
        units::grouped(o.udp),
        units::grouped(o.other_ip + o.not_ip + o.malformed)
    );
    say(&read, PLAIN);
    let mut ports: Vec<(u64, u16)> = o.tcp_ports.iter().map(|(port, n)| (*n, *port)).collect();
    ports.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    if !ports.is_empty() {
        let busiest: Vec<String> = ports
            .iter()
            .take(5)
            .map(|(n, port)| format!("{port} ({})", units::grouped(*n)))
            .collect();
        say(&format!("TCP ports with the most segments: {}.", busiest.join(", ")), PLAIN);
    }
    say(
        "What to try: --port N, if the server listens on another port than 21 or 990 and its \
         greeting wasn't captured; a capture of the whole conversation (tcpdump -ni any -s 0 -w \
         ftp.pcap host SERVER), not of one direction.",
        QUIET,
    );
    lines.push(Line::from(span("", PLAIN)));
    lines
}
