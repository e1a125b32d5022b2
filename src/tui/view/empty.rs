//! Why the list is empty, and what to try.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::scrolled;
use crate::report::escape::escape;
use crate::report::text::lines::{Lines, paragraph, span};
use crate::report::text::palette::{BAD, PLAIN, QUIET, STRONG};
use crate::report::text::{self, units};
use crate::tui::app::App;
use crate::tui::snapshot::Snapshot;

/// Problems that are told.
const PROBLEMS: usize = 5;
/// What to try over interfaces.
const TRY_LIVE: &str = "What to try: another interface (ftpscope interfaces lists them, -i any is all \
    of them); no BPF expression, or a wider one; --port N, if the server listens on another port than \
    21 or 990.";

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
    for (name, how) in p.hindered.iter().filter(|_| !p.done) {
        say(&format!("{} is {how}: nothing is captured there.", escape(name)), BAD);
    }
    if !p.done {
        let doing = if p.live { "Waiting for FTP on" } else { "Reading" };
        say(&format!("{doing} {} …", escape(&p.source)), STRONG);
        if p.live {
            waiting(s, &mut say);
        } else {
            say("Sessions appear as soon as they can be judged.", QUIET);
        }
        return lines;
    }
    let o = &s.overview;
    say("No FTP session was found.", STRONG);
    for problem in s.capture.problems.iter().take(PROBLEMS) {
        say(&text::problem(problem, &[]), BAD);
    }
    let read = format!(
        "{} read: {}, {} of UDP, {} of something else.",
        units::count(s.capture.packets, "packet"),
        units::count(o.tcp_segments, "TCP segment"),
        units::grouped(o.udp),
        units::grouped(o.other_ip + o.not_ip + o.malformed)
    );
    say(&read, PLAIN);
    busiest(s, &mut say);
    let skipped = s.capture.skipped_packets;
    if skipped > 0 {
        let skipped = units::count(skipped, "packet");
        say(&format!("{skipped} more left out by --since, --until or --bpf."), PLAIN);
    }
    if p.live {
        say(TRY_LIVE, QUIET);
        return lines;
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

/// What came so far over interfaces, and why that may be nothing.
fn waiting(s: &Snapshot, say: &mut impl FnMut(&str, Style)) {
    let (p, o) = (&s.progress, &s.overview);
    if p.packets == 0 {
        say("No packet has come yet that the filter lets through.", QUIET);
    } else {
        let text = format!(
            "{} so far, {} of TCP; no FTP among them yet.",
            units::count(p.packets, "packet"),
            units::grouped(o.tcp_segments)
        );
        say(&text, PLAIN);
        busiest(s, say);
    }
    say(
        "A session appears with its first packet. One that began before is recognised by its next command.",
        QUIET,
    );
    say(TRY_LIVE, QUIET);
}

fn busiest(s: &Snapshot, say: &mut impl FnMut(&str, Style)) {
    let ports = &s.overview.tcp_ports;
    let mut ports: Vec<(u64, u16)> = ports.iter().map(|(port, n)| (n, port)).collect();
    ports.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    if ports.is_empty() {
        return;
    }
    let busiest: Vec<String> =
        ports.iter().take(5).map(|(n, port)| format!("{port} ({})", units::grouped(*n))).collect();
    say(&format!("TCP ports with the most segments: {}.", busiest.join(", ")), PLAIN);
}
