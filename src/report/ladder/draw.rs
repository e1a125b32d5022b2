//! Draws a ladder into a buffer.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;

use super::layout::{Layout, Track};
use super::rung::{Lane, Rung, Step, Tone};
use super::{DataChannel, Heading, Ladder, Life};
use crate::capture::{Moment, Timestamp};
use crate::report::text::clock::Clock;
use crate::report::text::lines::{column_right, fit, wrap};
use crate::report::text::palette::{BAD, CURSOR, NOTE, PLAIN, QUIET, STRONG};
use crate::report::text::units;

/// Which times stand beside the rungs.
#[derive(Clone, Copy, Debug)]
pub enum Times<'a> {
    /// Since the session began.
    SinceStart,
    /// Since the rung before.
    SincePrevious,
    /// Of day.
    OfDay(&'a Clock),
}

impl Times<'_> {
    /// Columns they need; 0 where the usual ones do.
    fn columns(self) -> u16 {
        match self {
            Self::OfDay(_) => 12,
            _ => 0,
        }
    }

    fn show(self, at: Moment, before: Option<Moment>, origin: Timestamp) -> String {
        match self {
            Self::SinceStart => units::offset(at.time.since(origin)),
            Self::SincePrevious => {
                let since = before.map_or(Duration::ZERO, |b| at.time.since(b.time));
                format!("+{}", units::offset(since))
            }
            Self::OfDay(clock) => clock.time(at.time),
        }
    }
}

/// A part of a ladder, with a cursor: the first rung that is shown stands below the headings.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The ladder.
    pub ladder: &'a Ladder,
    /// The rung at the top.
    pub first: usize,
    /// Rows of it that are above the window.
    pub above: usize,
    /// The rung under the cursor.
    pub selected: Option<usize>,
    /// Which times.
    pub times: Times<'a>,
}

impl Ladder {
    /// Rows that the ladder takes at this width.
    pub fn height(&self, width: u16) -> u16 {
        let layout = Layout::new(width, self.data.len(), 0, (0, self.frame_columns));
        let rungs: usize = self.rungs.iter().map(|r| rows(r, &layout)).sum();
        u16::try_from(rungs + 2).unwrap_or(u16::MAX)
    }

    /// Rows of a rung at this width.
    pub fn rows(&self, rung: usize, width: u16, times: Times<'_>) -> usize {
        let wanted = self.lane_of(Some(rung));
        let layout =
            Layout::new(width, self.data.len(), wanted, (times.columns(), self.frame_columns));
        self.rungs.get(rung).map_or(1, |r| rows(r, &layout))
    }

    /// The data lane to be seen when this rung is under the cursor.
    fn lane_of(&self, rung: Option<usize>) -> usize {
        match rung.and_then(|i| self.rungs.get(i)).map(|r| r.lane) {
            Some(Lane::Data(lane)) => lane,
            _ => 0,
        }
    }
}

/// The words of a stall, broken to fit into its lane.
fn stall_words(rung: &Rung, layout: &Layout) -> Vec<String> {
    let Step::Stall { length, verdict } = &rung.step else { return Vec::new() };
    // A number and its unit stay together.
    let length = units::duration(*length).replace(' ', "\u{a0}");
    let text = format!("{verdict} · {length}");
    let track = layout.track(rung.lane).unwrap_or(layout.control);
    let room = usize::from(track.inner().saturating_sub(2));
    let lines = wrap(&[Span::raw(text)], room, "", "");
    lines.iter().map(|l| l.spans.iter().map(|s| s.content.as_ref()).collect()).collect()
}

fn rows(rung: &Rung, layout: &Layout) -> usize {
    match rung.step {
        Step::Stall { .. } => stall_words(rung, layout).len() + 2,
        _ => 1,
    }
}

impl Widget for &Ladder {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let times = Times::SinceStart;
        Window { ladder: self, first: 0, above: 0, selected: None, times }.render(area, buffer);
    }
}

impl Widget for Window<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let ladder = self.ladder;
        let wanted = ladder.lane_of(self.selected);
        let lanes = ladder.data.len();
        let layout =
            Layout::new(area.width, lanes, wanted, (self.times.columns(), ladder.frame_columns));
        let mut canvas = Canvas { buffer, area, y: 0 };
        let above = ladder.rungs.iter().take(self.first.min(ladder.rungs.len()));
        let mut now: Option<Moment> = above.rev().find_map(|r| r.at);
        let below = ladder.rungs.iter().skip(self.first).find_map(|r| r.at);
        let under = self.selected.and_then(|i| ladder.rungs.get(i)).map(|r| r.lane);
        canvas.heading(ladder, &layout, below.or(now), under);
        for (i, rung) in ladder.rungs.iter().enumerate().skip(self.first) {
            if canvas.y >= area.height {
                break;
            }
            let before = now;
            now = rung.at.or(now);
            let words = stall_words(rung, &layout);
            let above = if i == self.first { self.above } else { 0 };
            for row in above..rows(rung, &layout) {
                canvas.borders(ladder, rung, &layout, now);
                let word = row.checked_sub(1).and_then(|r| words.get(r));
                let time = rung.at.map(|at| self.times.show(at, before, ladder.origin));
                canvas.rung(ladder, rung, word.map(String::as_str), time, &layout);
                if self.selected == Some(i) {
                    canvas.highlight();
                }
                canvas.y += 1;
            }
        }
    }
}

struct Canvas<'b> {
    buffer: &'b mut Buffer,
    area: Rect,
    y: u16,
}

impl Canvas<'_> {
    /// Writes text from column `x`; what doesn't fit into the area is cut.
    fn put(&mut self, x: u16, text: &str, style: Style) {
        if self.y >= self.area.height || x >= self.area.width {
            return;
        }
        let room = usize::from(self.area.width - x);
        self.buffer.set_stringn(self.area.x + x, self.area.y + self.y, text, room, style);
    }

    /// The headings; of a data lane's channels the one that is open at `now`, else the next. Where
    /// there is one lane for all, that of the rung under the cursor.
    fn heading(
        &mut self,
        ladder: &Ladder,
        layout: &Layout,
        now: Option<Moment>,
        under: Option<Lane>,
    ) {
        self.put(0, &column_right("time", usize::from(layout.time)), QUIET);
        self.put(layout.time, &column_right("frame", usize::from(layout.frame)), QUIET);
        let open = |channels: &'_ [DataChannel]| -> Option<usize> {
            let over = |c: &DataChannel| c.life.until.is_some_and(|u| now.is_some_and(|n| u < n));
            channels.iter().position(|c| !over(c)).or(channels.len().checked_sub(1))
        };
        let visible = ladder.data.iter().skip(layout.first).zip(&layout.data);
        let data = visible.filter_map(|(c, track)| Some((&c.get(open(c)?)?.heading, *track)));
        let mut lanes: Vec<(&Heading, Track)> =
            std::iter::once((&ladder.control, layout.control)).chain(data).collect();
        if layout.one {
            let of = match under {
                Some(Lane::Data(lane)) => lane + 1,
                _ => 0,
            };
            lanes = lanes.get(of).or(lanes.first()).copied().into_iter().collect();
        }
        for (heading, track) in &lanes {
            self.put(track.left, "client", STRONG);
            self.put((track.right + 1).saturating_sub(6), "server", STRONG);
            // Between both words, with a space on either side.
            if usize::from(track.inner()) >= heading.title.len() + 12 {
                self.centred(*track, &heading.title, QUIET);
            }
        }
        self.y += 1;
        for (heading, track) in &lanes {
            let room = usize::from(track.inner() + 2);
            let (client, server) = ends(heading, room);
            self.put(track.left, &client, QUIET);
            let start = (usize::from(track.right) + 1).saturating_sub(Span::raw(&server).width());
            self.put(u16::try_from(start).unwrap_or(track.left), &server, QUIET);
        }
        self.y += 1;
    }

    /// The row under the cursor.
    fn highlight(&mut self) {
        if self.y < self.area.height {
            let row = Rect::new(self.area.x, self.area.y + self.y, self.area.width, 1);
            self.buffer.set_style(row, CURSOR);
        }
    }

    fn centred(&mut self, track: Track, text: &str, style: Style) {
        let room = usize::from(track.inner());
        let text = fit(text, room);
        let before = room.saturating_sub(Span::raw(&text).width()) / 2;
        let x = track.left + 1 + u16::try_from(before).unwrap_or(0);
        self.put(x, &text, style);
    }

    fn borders(&mut self, ladder: &Ladder, rung: &Rung, layout: &Layout, now: Option<Moment>) {
        let quiet = matches!(rung.step, Step::Stall { .. } | Step::Pause(_) | Step::Skipped(_));
        let glyph = if quiet { "┊" } else { "│" };
        self.put(layout.control.left, glyph, QUIET);
        self.put(layout.control.right, glyph, QUIET);
        if layout.one {
            return;
        }
        for (lane, channels) in ladder.data.iter().enumerate() {
            let Some(track) = layout.track(Lane::Data(lane)) else { continue };
            let stalled = matches!(rung.step, Step::Stall { .. }) && rung.lane == Lane::Data(lane);
            let border = |life: &Life| match now {
                _ if stalled => "┊",
                Some(now) if life.until.is_some_and(|u| now > u) => " ",
                Some(now) if life.established.is_some_and(|e| now >= e) => glyph,
                Some(now) if life.from.is_some_and(|f| now >= f) => "┊",
                _ => " ",
            };
            let drawn = channels.iter().map(|c| border(&c.life)).find(|b| *b != " ");
            self.put(track.left, drawn.unwrap_or(" "), QUIET);
            self.put(track.right, drawn.unwrap_or(" "), QUIET);
        }
    }

    fn rung(
        &mut self,
        ladder: &Ladder,
        rung: &Rung,
        word: Option<&str>,
        time: Option<String>,
        layout: &Layout,
    ) {
        if let Some(at) = rung.at {
            let time = time.unwrap_or_default();
            self.put(0, &column_right(&time, usize::from(layout.time)), QUIET);
            let frame = super::frame(at, ladder.several_files);
            self.put(layout.time, &column_right(&frame, usize::from(layout.frame)), QUIET);
        }
        let Some(track) = layout.track(rung.lane) else {
            // No room for its lane at this width: it moves into view with the cursor.
            return self.centred(layout.control, "· · ·", QUIET);
        };
        match &rung.step {
            Step::Arrow { to_server, text, lost, tone } => {
                self.arrow(track, *to_server, text, *lost, *tone);
            }
            Step::Mark { text, tone } => self.centred(track, text, styles(*tone).0),
            Step::Stall { .. } => {
                self.put(0, &column_right("⋮", usize::from(layout.time) - 2), BAD);
                if let Some(word) = word {
                    self.centred(track, word, BAD.patch(STRONG));
                }
            }
            Step::Pause(length) => {
                self.put(0, &column_right("⋮", usize::from(layout.time) - 2), QUIET);
                self.centred(track, &units::duration(*length), QUIET);
            }
            Step::Skipped(n) => {
                self.put(0, &column_right("⋮", usize::from(layout.time) - 2), QUIET);
                self.centred(track, &format!("{n} more"), QUIET);
            }
        }
    }

    /// `│ text ──────▶│`, `│◀────── text │`, or lost on the way: `│ text ───✗   │`.
    fn arrow(&mut self, track: Track, to_server: bool, text: &str, lost: bool, tone: Tone) {
        let (label, line) = styles(tone);
        let inner = usize::from(track.inner());
        let text = shorten(text, inner.saturating_sub(5));
        let used = Span::raw(&text).width();
        // A space on either side of the text.
        let shaft = inner.saturating_sub(used + 2);
        let stroke = if tone == Tone::Bulk { "═" } else { "─" };
        let reach = if lost { shaft.saturating_sub(shaft / 4 + 1) } else { shaft };
        let head = if lost {
            "✗"
        } else if to_server {
            "▶"
        } else {
            "◀"
        };
        let strokes = stroke.repeat(reach.saturating_sub(1));
        let at = |columns: usize| track.left + 1 + u16::try_from(columns).unwrap_or(0);
        if to_server {
            self.put(at(1), &text, label);
            self.put(at(used + 2), &(strokes + head), line);
        } else {
            self.put(at(shaft - reach), &format!("{head}{strokes}"), line);
            self.put(at(shaft + 1), &text, label);
        }
    }
}

/// Cuts words that don't fit, but not the brackets at their end: the endpoint of a 227 or 229
/// stands there.
fn shorten(text: &str, room: usize) -> String {
    let width = Span::raw(text).width();
    let tail = text.rfind('(').and_then(|i| text.get(i..)).filter(|t| t.len() + 5 <= room);
    match tail {
        Some(tail) if width > room => {
            let head = text.get(..text.len() - tail.len()).unwrap_or_default().trim_end();
            // The … touches the word it cuts.
            format!("{} {tail}", fit(head, room - Span::raw(tail).width() - 1))
        }
        _ => fit(text, room),
    }
}

/// Both ends of a lane; their ports alone when the addresses don't fit.
fn ends(heading: &Heading, room: usize) -> (String, String) {
    let (client, server) = (&heading.client, &heading.server);
    if Span::raw(client).width() + Span::raw(server).width() < room {
        return (client.clone(), server.clone());
    }
    let port = |end: &str| end.rfind(':').and_then(|i| end.get(i..)).unwrap_or(end).to_owned();
    (port(client), port(server))
}

/// The style of the words and of the arrow.
fn styles(tone: Tone) -> (Style, Style) {
    match tone {
        Tone::Plain => (PLAIN, QUIET),
        Tone::Quiet => (QUIET, QUIET),
        Tone::Bulk => (NOTE, NOTE),
        Tone::Bad => (BAD, BAD),
    }
}
