//! Draws the dashboard; changes nothing.

mod bars;
mod diagnosis;
mod dialogue;
mod empty;
mod findings;
mod help;
mod packet;
mod session;
mod sessions;
mod timeline;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::app::{App, TimesShown};
use super::columns::WIDE;
use super::detail::Tab;
use crate::report::ladder::Times;
use crate::report::text::clock::Clock;

pub use diagnosis::heights as item_heights;
pub use findings::{WholeLine, lines as whole_lines};

/// Rows above the body and below it.
const BARS: u16 = 2;
/// Rows of an open session above its tab.
const SESSION_HEAD: u16 = 2;
/// Rows of the ladder's headings.
const LADDER_HEAD: u16 = 2;
/// Columns that say that there is more below.
const MORE: u16 = 11;
/// A shorter list has no row to spare.
const LEAST_LIST: usize = 6;
/// The row of the first session on the screen.
pub const FIRST_LINE: u16 = 2;

/// Rows between the bars.
pub fn body_rows(size: (u16, u16)) -> usize {
    usize::from(size.1.saturating_sub(BARS))
}

/// Rows of sessions in the list, below the headings; where not every column has room, the last row
/// says the rest of the one under the cursor.
pub fn list_rows(size: (u16, u16)) -> usize {
    let rows = body_rows(size).saturating_sub(1);
    let narrow = size.0 < WIDE + sessions::GLYPH;
    if narrow && rows >= LEAST_LIST { rows - 1 } else { rows }
}

/// Rows of a session's tab.
pub fn tab_rows(size: (u16, u16)) -> usize {
    usize::from(size.1.saturating_sub(BARS + SESSION_HEAD))
}

/// The row of a tab's first line.
pub fn first_row(tab: Tab) -> usize {
    let heading = match tab {
        Tab::Ladder => LADDER_HEAD,
        Tab::Timeline => timeline::SCALE,
        Tab::Diagnosis | Tab::Dialogue => 0,
    };
    usize::from(1 + SESSION_HEAD + heading)
}

/// Rows of the ladder's rungs.
pub fn ladder_rows(size: (u16, u16)) -> usize {
    usize::from(size.1.saturating_sub(BARS + SESSION_HEAD + LADDER_HEAD))
}

/// The times that stand in the ladder.
pub fn times(shown: TimesShown, clock: &Clock) -> Times<'_> {
    match shown {
        TimesShown::SinceStart => Times::SinceStart,
        TimesShown::Delta => Times::SincePrevious,
        TimesShown::OfDay => Times::OfDay(clock),
    }
}

/// Draws the whole screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    render(app, area, frame.buffer_mut());
}

/// Draws the whole screen into a buffer.
pub fn render(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let top = Rect { height: 1, ..area };
    bars::title(app, top, buffer);
    let bottom = Rect { y: area.bottom() - 1, height: 1, ..area };
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(BARS), ..area };
    if body.height > 0 {
        if let Some(top) = app.help {
            help::render(top, body, buffer);
        } else if let Some(view) = &app.packet {
            packet::render(app, view, body, buffer);
        } else if let Some(whole) = &app.findings {
            findings::render(whole, body, buffer);
        } else if let Some(detail) = &app.detail {
            session::render(app, detail, body, buffer);
        } else if app.list.shown.is_empty() {
            empty::render(app, body, buffer);
        } else {
            sessions::render(app, body, buffer);
        }
    }
    if area.height > 1 {
        bars::status(app, bottom, buffer);
    }
    app.theme.apply(buffer);
}

/// Lines from `top` on, as many as there is room for; the last screen is always full.
fn scrolled(lines: &[Line<'_>], top: usize, area: Rect, buffer: &mut Buffer) {
    let rows = usize::from(area.height);
    let top = top.min(lines.len().saturating_sub(rows));
    for (line, y) in lines.iter().skip(top).zip(area.y..area.bottom()) {
        line.render(Rect { y, height: 1, ..area }, buffer);
    }
    if top + rows < lines.len() {
        more(lines.len() - top - rows, area, buffer);
    }
}

/// How many lines are below the screen.
fn more(lines: usize, area: Rect, buffer: &mut Buffer) {
    if area.width > MORE && area.height > 1 {
        let (x, y) = (area.right() - MORE, area.bottom() - 1);
        let text = format!("▼ {lines:>3} more ");
        buffer.set_stringn(x, y, text, MORE.into(), crate::report::text::palette::NOTE);
    }
}
