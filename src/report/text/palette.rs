//! What a colour means. Sixteen colours only, so that the terminal's own theme decides how they
//! look; a glyph or a word says the same beside each of them.

use ratatui::style::{Color, Modifier, Style};

use crate::diagnose::{Severity, Status};

/// It went well.
pub const GOOD: Style = Style::new().fg(Color::Green);
/// It did not.
pub const BAD: Style = Style::new().fg(Color::Red);
/// It did, but something is wrong.
pub const ODD: Style = Style::new().fg(Color::Yellow);
/// Worth knowing.
pub const NOTE: Style = Style::new().fg(Color::Cyan);
/// Beside the point; dim rather than grey, which some themes make invisible.
pub const QUIET: Style = Style::new().add_modifier(Modifier::DIM);
/// A heading, a name.
pub const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
/// The row under the cursor.
pub const CURSOR: Style = Style::new().add_modifier(Modifier::REVERSED);
/// Everything else.
pub const PLAIN: Style = Style::new();

/// The glyph and the style of a severity.
pub fn severity(severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Critical => ("✗", BAD),
        Severity::Warning => ("▲", ODD),
        Severity::Info => ("•", NOTE),
    }
}

/// The glyph and the style of a session that goes on, of which nothing can be said yet.
pub const IN_PROGRESS: (&str, Style) = ("▸", NOTE);

/// The glyph and the style of a status.
pub fn status(status: Status) -> (&'static str, Style) {
    match status {
        Status::Suspicious => ("‼", BAD),
        Status::Stalled | Status::Failed => ("✗", BAD),
        Status::Undetermined => ("?", ODD),
        Status::Healthy => ("✓", GOOD),
    }
}
