//! One finding over many sessions: what, how it is known, in which sessions, what to change.

use ratatui::text::Line;

use crate::diagnose::{Finding, Severity};
use crate::report::escape::escape;
use crate::report::text::ids;
use crate::report::text::lines::{Lines, paragraph, span, wrap};
use crate::report::text::palette::{self, NOTE, PLAIN, QUIET, STRONG};

/// Its lines: what is only worth knowing is short.
pub fn lines(finding: &Finding, width: usize) -> Lines {
    let d = &finding.diagnosis;
    let serious = d.severity != Severity::Info;
    let (glyph, style) = palette::severity(d.severity);
    let title = if serious { STRONG } else { PLAIN };
    let spans = [span(format!("{glyph} "), style), span(escape(&d.summary).into_owned(), title)];
    let mut lines = wrap(&spans, width, " ", "   ");
    let sessions = match finding.sessions.as_slice() {
        [] => d.code.to_owned(),
        [one] => format!("{} · session {one}", d.code),
        many => format!("{} · sessions {}", d.code, ids(many.iter())),
    };
    lines.extend(paragraph(&sessions, QUIET, width, "   ", "   "));
    lines.extend(paragraph(&escape(&d.reasoning), PLAIN, width, "   ", "   "));
    for advice in d.advice.iter().filter(|_| serious) {
        lines.extend(paragraph(&escape(&advice.text), PLAIN, width, "   ", "   "));
        for line in advice.example.iter().flat_map(|e| e.lines()) {
            lines.push(Line::from(span(format!("     {}", escape(line)), NOTE)));
        }
    }
    lines
}
