//! A session's channels as bars over time, its stalls shaded.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::capture::Timestamp;
use crate::diagnose::Outcome;
use crate::report::ladder::{Silence, all_silences};
use crate::report::text::lines::{fit, span};
use crate::report::text::palette::{BAD, CURSOR, GOOD, NOTE, PLAIN, QUIET, STRONG};
use crate::report::text::stages::outcome_of;
use crate::report::text::units;
use crate::session::Channel;
use crate::tui::detail::Detail;

/// Columns of the labels.
const LABEL: u16 = 26;
/// Rows of the scale.
pub const SCALE: u16 = 2;

/// A part of the session's time on some columns of the screen.
struct Scale {
    from: Timestamp,
    nanos: i64,
    left: u16,
    columns: u16,
}

impl Scale {
    /// The column of a time; `None` outside.
    fn column(&self, time: Timestamp) -> Option<u16> {
        let at = time.nanos().saturating_sub(self.from.nanos());
        if at < 0 || at > self.nanos {
            return None;
        }
        let last = i128::from(self.columns.saturating_sub(1));
        let column = i128::from(at) * last / i128::from(self.nanos.max(1));
        u16::try_from(column).ok().map(|c| self.left + c)
    }

    /// The columns from one time to another, as far as they are on the screen.
    fn span(&self, from: Timestamp, to: Timestamp) -> Option<(u16, u16)> {
        let end = Timestamp::from_nanos(self.from.nanos().saturating_add(self.nanos));
        if to < self.from || from > end {
            return None;
        }
        let a = self.column(from.max(self.from))?;
        let b = self.column(to.min(end))?;
        Some((a, b))
    }
}

/// The scale, the control connection's bar, and one for each channel.
pub fn render(detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let s = &detail.entry.judged.session;
    let scale = scale(detail, area);
    heading(&scale, s.first.time, area, buffer);
    let silences = all_silences(&detail.entry.judged);
    let bars = 0..s.channels.len() + 1;
    let rows = bars.skip(detail.bar.top).zip(area.y + SCALE..area.bottom());
    for (i, y) in rows {
        let row = Rect { y, height: 1, ..area };
        let channel = i.checked_sub(1).and_then(|i| s.channels.get(i));
        match channel {
            None => control(detail, &scale, y, buffer),
            Some(channel) => data(detail, channel, &scale, y, buffer),
        }
        for silence in silences.iter().filter(|s| s.channel == channel.map(|c| c.id)) {
            stall(silence, &scale, y, buffer);
        }
        if i == detail.bar.at {
            buffer.set_style(Rect { width: LABEL.min(row.width), ..row }, CURSOR);
        }
    }
    let y = area.y + SCALE + 2;
    if s.channels.is_empty() && y < area.bottom() {
        let text = " No data channel was announced, and none was seen.";
        Line::from(span(text, QUIET)).render(Rect { y, height: 1, ..area }, buffer);
    }
}

/// The whole session, or the part around the bar under the cursor.
fn scale(detail: &Detail, area: Rect) -> Scale {
    let s = &detail.entry.judged.session;
    let (first, last) = (s.first.time.nanos(), s.last.time.nanos().max(s.first.time.nanos() + 1));
    let whole = last - first;
    let nanos = (whole >> detail.zoom).max(1_000);
    let chosen = detail.bar.at.checked_sub(1).and_then(|i| s.channels.get(i));
    let at = chosen.and_then(Channel::began).map_or(first, |m| m.time.nanos());
    let from = (at - nanos / 8).clamp(first, (last - nanos).max(first));
    let left = area.x + LABEL.min(area.width);
    let columns = area.width.saturating_sub(LABEL + 1).max(1);
    Scale { from: Timestamp::from_nanos(from), nanos, left, columns }
}

fn put(buffer: &mut Buffer, x: u16, y: u16, text: &str, style: Style) {
    if buffer.area.contains((x, y).into()) {
        let room = usize::from(buffer.area.right() - x);
        buffer.set_stringn(x, y, text, room, style);
    }
}

fn heading(scale: &Scale, origin: Timestamp, area: Rect, buffer: &mut Buffer) {
    let step = scale.columns / 4;
    let last = scale.left + scale.columns.saturating_sub(1);
    let mut free = last + 1;
    // From the right, so that the end of the scale is always named.
    for i in [4_u16, 0, 3, 2, 1] {
        let x = if i == 4 { last } else { scale.left + step * i };
        put(buffer, x, area.y + 1, "┬", QUIET);
        let nanos = scale.nanos / 4 * i64::from(i);
        let at = Timestamp::from_nanos(scale.from.nanos().saturating_add(nanos));
        let text = units::offset(at.since(origin));
        let width = u16::try_from(text.chars().count()).unwrap_or(0);
        let from = if i == 4 { (x + 1).saturating_sub(width) } else { x };
        if i == 0 || i == 4 || (step > width && from + width < free) {
            put(buffer, from, area.y, &text, QUIET);
            free = if i == 0 { free } else { from };
        }
    }
}

fn label(buffer: &mut Buffer, y: u16, text: &str, style: Style) {
    let x = buffer.area.x;
    put(buffer, x, y, &fit(&format!(" {text}"), usize::from(LABEL) - 1), style);
}

/// The control connection: a line, with a mark for each message.
fn control(detail: &Detail, scale: &Scale, y: u16, buffer: &mut Buffer) {
    let s = &detail.entry.judged.session;
    label(buffer, y, "control", STRONG);
    bar(buffer, scale, (s.control.first.time, s.control.last.time), y, "─", QUIET);
    for m in &s.script.messages {
        if let Some(x) = scale.column(m.at.time) {
            let (glyph, style) = match m.kind {
                crate::session::MessageKind::Reply(400..=599, _) => ("✗", BAD),
                _ if m.from_client() => ("▸", PLAIN),
                _ => ("◂", PLAIN),
            };
            put(buffer, x, y, glyph, style);
        }
    }
}

/// A data channel: from its announcement, dialling, open, bytes.
fn data(detail: &Detail, channel: &Channel, scale: &Scale, y: u16, buffer: &mut Buffer) {
    let judged = &detail.entry.judged;
    let (outcome, _) = outcome_of(judged, channel);
    let style = match outcome {
        Outcome::Completed => GOOD,
        Outcome::Stalled | Outcome::Failed => BAD,
        Outcome::Aborted | Outcome::InProgress => NOTE,
        Outcome::Unused | Outcome::Unknown => QUIET,
    };
    let kind = channel.announcement.as_ref().map(|a| a.kind.name()).unwrap_or("data");
    let port = channel.listening().map(|e| format!(" :{}", e.port)).unwrap_or_default();
    let bytes = channel.connection.as_deref().map_or(0, |c| c.bytes());
    let moved = if bytes > 0 { format!(" {}", units::bytes(bytes)) } else { String::new() };
    label(buffer, y, &format!("{} {kind}{port}{moved}", channel.id), style);
    let dials = || channel.attempts.iter().chain(channel.connection.as_deref());
    if let Some((from, first)) = channel.began().zip(dials().map(|c| c.first).min()) {
        bar(buffer, scale, (from.time, first.time), y, "┄", QUIET);
    }
    for dial in dials() {
        let up = dial.established.map_or(dial.last, |e| e).time;
        bar(buffer, scale, (dial.first.time, up), y, "╌", style);
        if dial.established.is_some() {
            bar(buffer, scale, (up, dial.last.time), y, "─", style);
        }
        if let Some((a, b)) = dial.first_byte().zip(dial.last_byte()) {
            bar(buffer, scale, (a.time, b.time), y, "━", style);
        }
    }
    if let Some(x) = channel.began().and_then(|m| scale.column(m.time)) {
        put(buffer, x, y, "◆", style);
    }
}

fn bar(
    buffer: &mut Buffer,
    scale: &Scale,
    (from, to): (Timestamp, Timestamp),
    y: u16,
    glyph: &str,
    style: Style,
) {
    if let Some((a, b)) = scale.span(from, to) {
        for x in a..=b {
            put(buffer, x, y, glyph, style);
        }
    }
}

/// A stall: shaded, with what was waited for where there is room.
fn stall(silence: &Silence, scale: &Scale, y: u16, buffer: &mut Buffer) {
    let Some((a, b)) = scale.span(silence.from.time, silence.to.time) else { return };
    bar(buffer, scale, (silence.from.time, silence.to.time), y, "░", BAD);
    let length = units::duration(silence.to.time.since(silence.from.time));
    let words = [format!(" {} · {length} ", silence.verdict), format!(" {length} ")];
    let fits = |text: &String| {
        let width = u16::try_from(span(text, PLAIN).width()).unwrap_or(u16::MAX);
        (width.saturating_add(2) <= b - a).then_some(width)
    };
    if let Some((text, width)) = words.into_iter().find_map(|t| fits(&t).map(|width| (t, width))) {
        let at = a + (b - a - width) / 2;
        Line::from(span(text, BAD.patch(STRONG)))
            .render(Rect { x: at, y, width, height: 1 }.intersection(buffer.area), buffer);
    }
}
