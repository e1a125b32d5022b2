//! The list of sessions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::capture::Timestamp;
use crate::report::text::lines::{column, column_right, fit, span};
use crate::report::text::palette::{CURSOR, PLAIN, QUIET, STRONG};
use crate::tui::app::App;
use crate::tui::columns::{self, Align, COLUMNS, Column, fitting};
use crate::tui::list::Sort;

/// The glyph before a line.
pub const GLYPH: u16 = 2;

/// The headings, as many sessions as there is room for, and what has no column of the one under
/// the cursor.
pub fn render(app: &App, area: Rect, buffer: &mut Buffer) {
    let columns = fitting(area.width.saturating_sub(GLYPH), ordered_by(app));
    heading(app, &columns, Rect { height: 1, ..area }, buffer);
    let rows = super::list_rows(app.size).min(usize::from(area.height.saturating_sub(1)));
    let p = &app.snapshot.progress;
    let now = p.now.filter(|_| !p.done);
    for (i, y) in (app.list.top..app.list.top + rows).zip(area.y + 1..area.bottom()) {
        let place = app.list.shown.get(i).and_then(|p| app.snapshot.entries.get(*p as usize));
        let Some(entry) = place else { break };
        let row = &entry.row;
        let (glyph, style, _) = row.standing();
        let mut spans = vec![span(format!("{glyph} "), style)];
        for (c, width) in &columns {
            let style = if c.width == 0 && row.is_problem() { style } else { PLAIN };
            let moment = columns::Moment { clock: &app.clock, width: *width, now };
            spans.push(span(cell(c, *width, &(c.text)(row, &moment)), style));
        }
        let line = Rect { y, height: 1, ..area };
        Line::from(spans).render(line, buffer);
        if app.list.selected == Some(row.key) {
            buffer.set_style(line, CURSOR);
        }
    }
    let y = area.y + 1 + u16::try_from(rows).unwrap_or(u16::MAX - area.y - 1);
    if y < area.bottom() {
        rest(app, now, Rect { y, height: 1, ..area }, buffer);
    }
}

/// What the list is ordered by.
fn ordered_by(app: &App) -> Option<usize> {
    match app.list.sort {
        Sort::Problems => None,
        Sort::Column { column, .. } => Some(column),
    }
}

/// Of the session under the cursor, what has no column at this width.
fn rest(app: &App, now: Option<Timestamp>, area: Rect, buffer: &mut Buffer) {
    let Some((_, entry)) = app.list.selected.and_then(|key| app.snapshot.find(key)) else { return };
    let moment = columns::Moment { clock: &app.clock, width: u16::MAX, now };
    let mut hidden: Vec<&Column> =
        columns::hidden(area.width.saturating_sub(GLYPH), ordered_by(app)).collect();
    // What matters most is not cut.
    hidden.sort_by_key(|c| c.keep);
    let facts = hidden
        .into_iter()
        .map(|c| (c, (c.text)(&entry.row, &moment)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(c, text)| match c.align {
            // A number says what it is by its unit, a word doesn't.
            Align::Right => text,
            Align::Left => format!("{} {text}", c.name),
        });
    let facts: Vec<String> = facts.collect();
    let text = fit(&facts.join(" · "), usize::from(area.width).saturating_sub(4));
    Line::from(vec![span("  └ ", QUIET), span(text, PLAIN)]).render(area, buffer);
}

fn cell(column_: &Column, width: u16, text: &str) -> String {
    let width = usize::from(width);
    let text = fit(text, width);
    let text = match column_.align {
        Align::Left => column(&text, width),
        Align::Right => column_right(&text, width),
    };
    text + " "
}

fn heading(app: &App, columns: &[(&'static Column, u16)], area: Rect, buffer: &mut Buffer) {
    let sorted = match app.list.sort {
        Sort::Problems => None,
        Sort::Column { column, descending } => COLUMNS.get(column).map(|c| (c.name, descending)),
    };
    let mut spans = vec![span(if sorted.is_none() { "✗ " } else { "  " }, STRONG)];
    for (c, width) in columns {
        let (name, style): (String, Style) = match sorted {
            Some((name, descending)) if name == c.name => {
                let sign = if descending { "▼" } else { "▲" };
                let gap = if name.len() + 2 <= usize::from(*width) { " " } else { "" };
                (format!("{name}{gap}{sign}"), STRONG)
            }
            _ => (c.name.to_owned(), QUIET),
        };
        spans.push(span(cell(c, *width, &name), style));
    }
    Line::from(spans).render(area, buffer);
}
