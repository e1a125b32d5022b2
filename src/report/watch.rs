//! One line for each thing that happens, for people who watch and for logs.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::document::Summary;
use super::escape::escape;
use super::text::clock::Clock;
use super::text::lines::span;
use super::text::palette::{BAD, ODD, PLAIN, QUIET, STRONG, status};
use super::text::units;
use crate::diagnose::{Diagnosis, Judged, Severity, Status};
use crate::session::Session;

/// A stall that stands since a moment, in a session that is still open.
pub fn stall(judged: &Judged, diagnosis: &Diagnosis, clock: &Clock) -> Line<'static> {
    let s = &judged.session;
    let at = clock.full(s.judged_at.time);
    let mut spans = begin(at, "✗", "stall", BAD, s);
    spans.extend(verdict(diagnosis, BAD));
    Line::from(spans)
}

/// A session that came to its closing point.
pub fn end(judged: &Judged, clock: &Clock) -> Line<'static> {
    let s = &judged.session;
    let (glyph, style) = status(judged.status);
    let mut spans = begin(clock.full(s.last.time), glyph, judged.status.name(), style, s);
    spans.push(span(format!(" · {}", done(s)), PLAIN));
    let worst = judged.diagnoses.first().filter(|d| d.severity != Severity::Info);
    if let Some(d) = worst {
        let style = if d.severity == Severity::Critical { BAD } else { ODD };
        spans.extend(verdict(d, style));
        let more = judged.diagnoses.iter().filter(|d| d.severity != Severity::Info).count() - 1;
        if more > 0 {
            spans.push(span(format!(" (and {more} more)"), QUIET));
        }
    }
    Line::from(spans)
}

fn begin(at: String, glyph: &str, word: &str, style: Style, s: &Session) -> Vec<Span<'static>> {
    let user = s.user().map(|u| format!(" {}", escape(u))).unwrap_or_default();
    vec![
        span(at, QUIET),
        span(format!(" {glyph} {word:<12}"), style),
        span(format!(" #{}", s.id), STRONG),
        span(format!(" {} → {}{user}", s.client, s.server), PLAIN),
    ]
}

fn verdict(d: &Diagnosis, style: Style) -> [Span<'static>; 2] {
    [span(format!(" · {}:", d.code), style), span(format!(" {}", escape(&d.summary)), PLAIN)]
}

/// Transfers, bytes and how long it took.
fn done(s: &Session) -> String {
    let all = s.transfers.len() as u64;
    let complete = s
        .transfers
        .iter()
        .filter(|t| s.script.exchanges.get(t.exchange).is_some_and(|e| e.succeeded()))
        .count() as u64;
    let transfers = match complete == all {
        true => units::count(all, "transfer"),
        false => format!("{complete} of {}", units::count(all, "transfer")),
    };
    let connections = s.channels.iter().filter_map(|c| c.connection.as_deref());
    let bytes: u64 = connections.map(|c| c.bytes()).sum();
    let length = s.last.time.since(s.first.time);
    format!("{transfers} · {} · {}", units::bytes(bytes), units::duration(length))
}

/// How many sessions became what, and what was captured.
pub fn summary(summary: &Summary, packets: u64, dropped: u64) -> Line<'static> {
    let mut spans = vec![span(units::count(summary.sessions, "session"), STRONG)];
    let counts = [
        (Status::Suspicious, summary.suspicious),
        (Status::Stalled, summary.stalled),
        (Status::Failed, summary.failed),
        (Status::Undetermined, summary.undetermined),
        (Status::Healthy, summary.healthy),
    ];
    for (i, (which, n)) in counts.into_iter().filter(|(_, n)| *n > 0).enumerate() {
        let (glyph, style) = status(which);
        spans.push(span(if i == 0 { ": " } else { " · " }, PLAIN));
        spans.push(span(format!("{glyph} {} {}", units::grouped(n), which.name()), style));
    }
    let style = if dropped > 0 { ODD } else { QUIET };
    spans.push(span(format!(" · {}", units::count(packets, "packet")), QUIET));
    spans.push(span(format!(" · {} dropped", units::grouped(dropped)), style));
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{OpenOptions, open};
    use crate::engine::{Options, analyse};
    use crate::report::text::Zone;
    use crate::report::text::lines::print;

    fn said(line: Line<'_>) -> String {
        let mut out = Vec::new();
        print(&[line], false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn sample(name: &str) -> Vec<Judged> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        let opened = open(&[folder.join(name)], &OpenOptions::default());
        analyse(opened.source, &Options::default()).sessions
    }

    #[test]
    fn lines_say_who_and_what() {
        let clock = Clock::new(Zone::Utc);
        let judged = sample("passive-vsftpd-curl.pcapng");
        let line = said(end(&judged[0], &clock));
        assert!(line.contains("✓ healthy"), "{line}");
        assert!(line.contains("#1 10.77.1.2:") && line.contains(":21 labuser ·"), "{line}");
        assert!(line.contains("2 transfers · "), "{line}");
        let judged = sample("passive-range-dropped-client.pcap");
        let line = said(end(&judged[0], &clock));
        assert!(line.contains("✗ stalled"), "{line}");
        assert!(line.contains("data-syn-unanswered: The client's SYNs"), "{line}");
        let line = said(stall(&judged[0], &judged[0].diagnoses[0], &clock));
        assert!(line.contains("✗ stall ") && line.lines().count() == 1, "{line}");
        let mut sum = Summary::default();
        sum.add(&judged[0]);
        let line = said(summary(&sum, 1234, 2));
        assert_eq!(line, "1 session: ✗ 1 stalled · 1,234 packets · 2 dropped\n");
    }
}
