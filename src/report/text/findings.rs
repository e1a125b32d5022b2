//! What only many sessions or the whole capture show.

use ratatui::text::Line;

use super::diagnosis::{headline, ids, remedy};
use super::lines::{Lines, paragraph, span};
use super::palette::{QUIET, STRONG};
use super::view::View;

/// The findings of the capture.
pub fn lines(view: &View<'_>) -> Lines {
    let mut lines = vec![Line::from(span("Over the whole capture", STRONG))];
    for finding in &view.analysis.findings {
        lines.extend(headline(view, &finding.diagnosis));
        if !finding.sessions.is_empty() {
            let text = format!("sessions {}", ids(finding.sessions.iter()));
            lines.extend(paragraph(&text, QUIET, view.width, "    ", "    "));
        }
        lines.extend(remedy(view, &finding.diagnosis));
    }
    lines
}
