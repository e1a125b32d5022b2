//! The capture as a whole: findings, causes by count, servers, passive ports, traffic, and what
//! could not be read.

mod causes;
mod over_sessions;
mod ports;
mod reading;
mod servers;
mod traffic;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::report::text::clock::Clock;
use crate::report::text::lines::span;
use crate::report::text::palette::{CURSOR, STRONG};
use crate::tui::snapshot::Snapshot;
use crate::tui::whole::Whole;

/// A line, and what can be done with it.
#[derive(Clone, Debug, Default)]
pub struct WholeLine {
    /// The line.
    pub line: Line<'static>,
    /// The filter under which Enter shows its sessions.
    pub filter: Option<String>,
    /// What `y` copies.
    pub copy: Option<String>,
}

impl From<Line<'static>> for WholeLine {
    fn from(line: Line<'static>) -> Self {
        Self { line, ..Self::default() }
    }
}

/// The lines, from the one that is scrolled to.
pub fn render(whole: &Whole, area: Rect, buffer: &mut Buffer) {
    let cursor = whole.cursor;
    let shown = whole.lines.iter().enumerate().skip(cursor.top);
    for ((i, line), y) in shown.zip(area.y..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        (&line.line).render(row, buffer);
        if i == cursor.at {
            buffer.set_style(row, CURSOR);
        }
    }
}

/// All of them.
pub fn lines(s: &Snapshot, clock: &Clock, width: u16) -> Vec<WholeLine> {
    let width = usize::from(width);
    let mut lines = over_sessions::lines(&s.findings, width);
    let sections: [(&str, Vec<WholeLine>); 5] = [
        ("Causes", causes::lines(s, width)),
        ("Servers", servers::lines(s, width)),
        ("Passive ports", ports::lines(s, width)),
        ("Traffic", traffic::lines(s, clock, width)),
        (reading::title(s), reading::lines(s, width)),
    ];
    for (title, section) in sections {
        if section.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(WholeLine::default());
        }
        lines.push(Line::from(span(format!(" {title}"), STRONG)).into());
        lines.extend(section);
    }
    lines
}
