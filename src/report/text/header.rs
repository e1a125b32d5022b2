//! What was read: files, packets, time span, what went wrong in reading, and the sum of it all.

use ratatui::text::{Line, Span};

use super::lines::{Lines, span, wrap};
use super::palette::{BAD, ODD, PLAIN, QUIET, STRONG, status};
use super::units;
use super::view::View;
use crate::capture::Problem;
use crate::diagnose::{Severity, Status};
use crate::report::escape::escape;

/// Problems of the capture that are shown.
const PROBLEMS: usize = 3;
/// Files that are named.
const FILES: usize = 4;

/// The lines above everything else.
pub fn lines(view: &View<'_>) -> Lines {
    let c = &view.analysis.capture;
    let mut lines = Lines::new();
    lines.extend(wrap(&files(view), view.width, "", "  "));

    let mut facts = vec![units::count(c.packets, "packet"), units::bytes(c.bytes)];
    if let (Some(first), Some(last)) = (c.first_packet, c.last_packet) {
        let length = units::duration(last.since(first));
        let zone = view.clock.zone(first);
        facts.push(format!("{} {zone} to {} ({length})", view.clock.full(first), {
            let same_day = view.clock.date(first) == view.clock.date(last);
            if same_day { view.clock.time(last) } else { view.clock.full(last) }
        }));
    }
    let links: Vec<_> = c.link_types.iter().map(|l| l.name()).collect();
    if !links.is_empty() {
        facts.push(links.join(", "));
    }
    lines.extend(wrap(&[span(facts.join(" · "), QUIET)], view.width, "", ""));
    lines.extend(losses(view));
    lines.push(Line::default());
    if view.tally.sessions() > 0 {
        lines.extend(wrap(&summary(view), view.width, "", "  "));
    }
    lines
}

fn files(view: &View<'_>) -> Vec<Span<'static>> {
    let files = &view.analysis.capture.files;
    let mut spans = Vec::new();
    for (i, file) in files.iter().take(FILES).enumerate() {
        if i > 0 {
            spans.push(span(", ", QUIET));
        }
        if view.several_files {
            // A number and its file stay together.
            spans.push(span(format!("{}:\u{a0}", i + 1), QUIET));
        }
        spans.push(span(escape(file), STRONG));
    }
    if files.len() > FILES {
        let more = units::count((files.len() - FILES) as u64, "more file");
        spans.push(span(format!(" and {more}"), QUIET));
    }
    spans
}

/// What the capture doesn't hold although it should, one line each.
fn losses(view: &View<'_>) -> Lines {
    let (c, o) = (&view.analysis.capture, &view.analysis.overview);
    let mut facts: Vec<String> = Vec::new();
    if let Some(dropped) = c.dropped_packets.filter(|d| *d > 0) {
        facts.push(format!("{} dropped while capturing", units::count(dropped, "packet")));
    }
    if o.missing_segments > 0 {
        facts.push(format!("{} never captured", units::count(o.missing_segments, "TCP segment")));
    }
    if c.truncated_packets > 0 {
        let cut = units::count(c.truncated_packets, "packet");
        facts.push(format!("{cut} cut by the snap length"));
    }
    let mut lines = Lines::new();
    if !facts.is_empty() {
        lines.extend(wrap(&[span(facts.join(" · "), ODD)], view.width, "▲ ", "  "));
    }
    let files: &[String] = if view.several_files { &c.files } else { &[] };
    for p in c.problems.iter().take(PROBLEMS) {
        lines.extend(wrap(&[span(problem(p, files), ODD)], view.width, "▲ ", "  "));
    }
    if c.problems.len() > PROBLEMS {
        let more = c.problems.len() - PROBLEMS;
        lines.push(Line::from(span(format!("▲ and {more} more problems"), ODD)));
    }
    lines
}

fn summary(view: &View<'_>) -> Vec<Span<'static>> {
    let total = units::count(view.tally.sessions(), "FTP session");
    let mut spans = vec![span(total, STRONG), span(":", STRONG)];
    let mut first = true;
    for s in
        [Status::Suspicious, Status::Stalled, Status::Failed, Status::Undetermined, Status::Healthy]
    {
        let n = view.tally.of(s);
        if n == 0 {
            continue;
        }
        let (glyph, style) = status(s);
        spans.push(span(if first { " " } else { " · " }, PLAIN));
        spans.push(span(format!("{glyph} {} {}", units::grouped(n), s.name()), style));
        first = false;
    }
    let serious =
        view.analysis.findings.iter().filter(|f| f.diagnosis.severity != Severity::Info).count();
    if serious > 0 {
        let n = units::count(serious as u64, "finding");
        spans.push(span(" · ", PLAIN));
        spans.push(span(format!("{n} over the capture"), BAD));
    }
    spans
}

/// What could not be read, and where; `files` where there are several.
pub fn problem(p: &Problem, files: &[String]) -> String {
    let mut text = String::new();
    if let Some(file) = files.get(p.file as usize).filter(|file| !p.text.starts_with(*file)) {
        text.push_str(&escape(file));
        text.push_str(": ");
    }
    text.push_str(&escape(&p.text));
    let offset = p.offset.map(|o| format!("offset {o}"));
    let frame = p.frame.map(|f| format!("frame {f}"));
    let place: Vec<String> = offset.into_iter().chain(frame).collect();
    if !place.is_empty() {
        text.push_str(&format!(" ({})", place.join(", ")));
    }
    text
}
