//! The control connection as it was said.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::report::escape::escape;
use crate::report::text::lines::{column_right, fit, span};
use crate::report::text::palette::{BAD, CURSOR, PLAIN, QUIET};
use crate::report::text::units;
use crate::session::MessageKind;
use crate::tui::app::App;
use crate::tui::detail::Detail;

/// Before the words: time, frame, who.
const BEFORE: usize = 22;

/// One line a message.
pub fn render(app: &App, detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let s = &detail.entry.judged.session;
    let messages = &s.script.messages;
    if messages.is_empty() {
        let text = " Nothing was said, or nothing of it was captured in clear.";
        return Line::from(span(text, QUIET)).render(Rect { height: 1, ..area }, buffer);
    }
    let room = usize::from(area.width).saturating_sub(BEFORE);
    let from = detail.message.top;
    for ((i, m), y) in messages.iter().enumerate().skip(from).zip(area.y..area.bottom()) {
        let text = s.script.text(m).unwrap_or("(no longer kept)");
        let (who, style) = match m.kind {
            MessageKind::Command(_) | MessageKind::ClientNoise => ("C", PLAIN),
            MessageKind::Reply(code, _) if code >= 400 => ("S", BAD),
            MessageKind::Reply(..) | MessageKind::ServerNoise => ("S", PLAIN),
            MessageKind::ClientGap => ("C", BAD),
            MessageKind::ServerGap => ("S", BAD),
            MessageKind::ClientTls => ("C", QUIET),
            MessageKind::ServerTls => ("S", QUIET),
        };
        let words = match m.kind {
            MessageKind::ClientGap | MessageKind::ServerGap => "bytes that were not captured",
            MessageKind::ClientTls | MessageKind::ServerTls if text.is_empty() => "TLS",
            _ => text,
        };
        let time = units::offset(m.at.time.since(s.first.time));
        let frame = if app.snapshot.several_files() {
            format!("{}:{}", m.at.frame.file + 1, m.at.frame.number)
        } else {
            m.at.frame.number.to_string()
        };
        let before = format!("{}{}  ", column_right(&time, 10), column_right(&frame, 8));
        let line = Rect { y, height: 1, ..area };
        Line::from(vec![
            span(before, QUIET),
            span(format!("{who} "), QUIET),
            span(fit(&escape(&words.replace('\n', " ⏎ ")), room), style),
        ])
        .render(line, buffer);
        if i == detail.message.at {
            buffer.set_style(line, CURSOR);
        }
    }
}
