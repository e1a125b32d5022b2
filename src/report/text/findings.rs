//! What only many sessions or the whole capture show.

use ratatui::text::Line;

use super::diagnosis::{evidence, headline, ids, remedy};
use super::lines::{Lines, paragraph, span};
use super::palette::{QUIET, STRONG};
use super::view::View;
use crate::diagnose::{Finding, Severity};

/// Above the sessions: what changes what to do about them. Empty without any.
pub fn serious(view: &View<'_>) -> Lines {
    let serious = |f: &&Finding| f.diagnosis.severity != Severity::Info;
    let found: Vec<&Finding> = view.analysis.findings.iter().filter(serious).collect();
    let mut lines = title(&found, "Over the whole capture");
    for (i, finding) in found.iter().enumerate() {
        if i > 0 {
            lines.push(Line::default());
        }
        lines.extend(headline(view, &finding.diagnosis));
        lines.extend(sessions(view, finding));
        lines.extend(evidence(view, &finding.diagnosis));
        lines.extend(remedy(view, &finding.diagnosis));
    }
    lines
}

/// Below them: what is worth knowing. Empty without any.
pub fn notes(view: &View<'_>) -> Lines {
    let info = |f: &&Finding| f.diagnosis.severity == Severity::Info;
    let found: Vec<&Finding> = view.analysis.findings.iter().filter(info).collect();
    let mut lines = title(&found, "Worth knowing");
    for finding in found {
        lines.extend(headline(view, &finding.diagnosis));
        lines.extend(sessions(view, finding));
    }
    lines
}

fn title(found: &[&Finding], text: &str) -> Lines {
    if found.is_empty() { Lines::new() } else { vec![Line::from(span(text.to_owned(), STRONG))] }
}

fn sessions(view: &View<'_>, finding: &Finding) -> Lines {
    let text = match finding.sessions.as_slice() {
        [] => return Lines::new(),
        [one] => format!("session {one}"),
        many => format!("sessions {}", ids(many.iter())),
    };
    paragraph(&text, QUIET, view.width, "    ", "    ")
}
