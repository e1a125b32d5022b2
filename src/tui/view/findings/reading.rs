//! What was read, and what could not be.

use ratatui::text::Line;

use super::WholeLine;
use crate::report::escape::escape;
use crate::report::text::lines::{paragraph, span};
use crate::report::text::palette::{BAD, ODD, QUIET};
use crate::report::text::{problem, units};
use crate::tui::snapshot::Snapshot;

/// The heading.
pub fn title(s: &Snapshot) -> &'static str {
    if s.progress.live { "While capturing" } else { "While reading" }
}

/// Nothing, if nothing happened.
pub fn lines(s: &Snapshot, width: usize) -> Vec<WholeLine> {
    let (c, p) = (&s.capture, &s.progress);
    let mut lines: Vec<WholeLine> = Vec::new();
    let mut say = |text: &str, style| {
        let wrapped = paragraph(text, style, width, "   ", "     ");
        lines.extend(wrapped.into_iter().map(|line: Line<'static>| WholeLine {
            line,
            filter: None,
            copy: Some(text.to_owned()),
        }));
    };
    for failure in &p.failures {
        say(&escape(failure), BAD);
    }
    let dropped = if p.live { p.dropped } else { c.dropped_packets.unwrap_or(0) };
    if dropped > 0 {
        say(&format!("{} dropped while capturing", units::count(dropped, "packet")), ODD);
    }
    if s.overview.missing_segments > 0 {
        let missing = units::count(s.overview.missing_segments, "TCP segment");
        say(&format!("{missing} never captured"), ODD);
    }
    if c.truncated_packets > 0 {
        let cut = units::count(c.truncated_packets, "packet");
        say(&format!("{cut} cut by the snap length"), ODD);
    }
    if c.skipped_packets > 0 {
        let skipped = units::count(c.skipped_packets, "packet");
        say(&format!("{skipped} left out by --since, --until or --bpf"), QUIET);
    }
    let files: &[String] = if s.several_files() { &c.files } else { &[] };
    for p in &c.problems {
        say(&problem(p, files), ODD);
    }
    if !p.live && !p.done {
        lines.push(Line::from(span("   not all is read yet", QUIET)).into());
    }
    lines
}
