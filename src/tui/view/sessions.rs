//! The list of sessions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::report::text::lines::{column, column_right, fit, span};
use crate::report::text::palette::{self, CURSOR, PLAIN, QUIET, STRONG};
use crate::tui::app::App;
use crate::tui::columns::{self, Align, COLUMNS, Column, fitting};
use crate::tui::list::Sort;

/// The glyph before a line.
const GLYPH: u16 = 2;

/// The headings and as many sessions as there is room for.
pub fn render(app: &App, area: Rect, buffer: &mut Buffer) {
    let columns = fitting(area.width.saturating_sub(GLYPH));
    heading(app, &columns, Rect { height: 1, ..area }, buffer);
    let rows = usize::from(area.height.saturating_sub(1));
    let p = &app.snapshot.progress;
    let moment = columns::Moment { clock: &app.clock, now: p.now.filter(|_| !p.done) };
    for (i, y) in (app.list.top..app.list.top + rows).zip(area.y + 1..area.bottom()) {
        let place = app.list.shown.get(i).and_then(|p| app.snapshot.entries.get(*p as usize));
        let Some(entry) = place else { break };
        let row = &entry.row;
        let (glyph, style, _) = row.standing();
        let mut spans = vec![span(format!("{glyph} "), style)];
        for (c, width) in &columns {
            let style = if c.width == 0 && row.is_problem() { style } else { PLAIN };
            spans.push(span(cell(c, *width, &(c.text)(row, &moment)), style));
        }
        let line = Rect { y, height: 1, ..area };
        Line::from(spans).render(line, buffer);
        if app.list.selected == Some(row.key) {
            buffer.set_style(line, CURSOR);
        }
    }
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
                (format!("{name} {}", if descending { "▼" } else { "▲" }), STRONG)
            }
            _ => (c.name.to_owned(), QUIET),
        };
        spans.push(span(cell(c, *width, &name), style));
    }
    Line::from(spans).render(area, buffer);
    if let Some((text, style)) = note(app) {
        let text = format!(" {text} ");
        let width = u16::try_from(text.chars().count()).unwrap_or(area.width).min(area.width);
        let x = area.right() - width;
        Line::from(span(text, style)).render(Rect { x, width, ..area }, buffer);
    }
}

/// What makes the list another than all sessions with the problems first.
fn note(app: &App) -> Option<(String, Style)> {
    if app.list.filter.is_some() {
        let shown = app.list.shown.len();
        let text = crate::report::escape::escape(&app.list.filter_text).into_owned();
        return Some((format!("{shown} match {text}"), palette::NOTE));
    }
    app.list.follow.then(|| ("following the newest".to_owned(), palette::NOTE))
}
