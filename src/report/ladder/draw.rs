//! Draws a ladder into a buffer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;

use super::rung::{Lane, Rung, Step, Tone};
use super::{Heading, Ladder, Life};
use crate::capture::Moment;
use crate::report::text::lines::{column_right, fit, wrap};
use crate::report::text::palette::{BAD, NOTE, PLAIN, QUIET, STRONG};
use crate::report::text::units;

/// Columns of the time and of the frame number, where there is room and where there is not.
const ROOMY: (u16, u16) = (10, 8);
const TIGHT: (u16, u16) = (9, 6);
/// From this width on there is room.
const ENOUGH: u16 = 84;
/// Between frame numbers and the control lane, and between the lanes.
const GAP: u16 = 2;
/// A narrower data lane says nothing.
const LEAST_DATA: u16 = 24;

/// A lane's left and right border.
#[derive(Clone, Copy, Debug)]
struct Track {
    left: u16,
    right: u16,
}

impl Track {
    fn inner(self) -> u16 {
        self.right.saturating_sub(self.left + 1)
    }
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    time: u16,
    frame: u16,
    control: Track,
    data: Option<Track>,
}

impl Layout {
    fn new(width: u16, with_data: bool) -> Self {
        let (time, frame) = if width < ENOUGH { TIGHT } else { ROOMY };
        let left = time + frame + GAP;
        let end = width.max(left + 20);
        if !with_data {
            // Arrows of more than a hand's width are no easier to read.
            let control = Track { left, right: (end - 1).min(left + 75) };
            return Self { time, frame, control, data: None };
        }
        let lanes = end - left - GAP;
        let data = (lanes * 2 / 5).max(LEAST_DATA).min(lanes / 2);
        let control = Track { left, right: left + lanes - data - 1 };
        let data = Track { left: control.right + 1 + GAP, right: end - 1 };
        Self { time, frame, control, data: Some(data) }
    }

    fn track(&self, lane: Lane) -> Track {
        match lane {
            Lane::Control => self.control,
            Lane::Data => self.data.unwrap_or(self.control),
        }
    }
}

impl Ladder {
    /// Rows that the ladder takes at this width.
    pub fn height(&self, width: u16) -> u16 {
        let layout = Layout::new(width, self.data.is_some());
        let rungs: usize = self.rungs.iter().map(|r| rows(r, &layout)).sum();
        u16::try_from(rungs + 2).unwrap_or(u16::MAX)
    }
}

/// The words of a stall, broken to fit into its lane.
fn stall_words(rung: &Rung, layout: &Layout) -> Vec<String> {
    let Step::Stall { length, verdict } = &rung.step else { return Vec::new() };
    let text = format!("{verdict} · {}", units::duration(*length));
    let room = usize::from(layout.track(rung.lane).inner().saturating_sub(2));
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
        let area = area.intersection(buffer.area);
        let layout = Layout::new(area.width, self.data.is_some());
        let mut canvas = Canvas { buffer, area, y: 0 };
        canvas.heading(self, &layout);
        let mut now: Option<Moment> = None;
        for rung in &self.rungs {
            now = rung.at.or(now);
            let words = stall_words(rung, &layout);
            for row in 0..rows(rung, &layout) {
                canvas.borders(rung, &layout, now, self.life);
                let word = row.checked_sub(1).and_then(|r| words.get(r));
                canvas.rung(self, rung, word.map(String::as_str), &layout);
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

    fn heading(&mut self, ladder: &Ladder, layout: &Layout) {
        self.put(0, &column_right("time", usize::from(layout.time)), QUIET);
        self.put(layout.time, &column_right("frame", usize::from(layout.frame)), QUIET);
        let data = ladder.data.iter().zip(layout.data);
        let lanes: Vec<(&Heading, Track)> =
            std::iter::once((&ladder.control, layout.control)).chain(data).collect();
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

    fn centred(&mut self, track: Track, text: &str, style: Style) {
        let room = usize::from(track.inner());
        let text = fit(text, room);
        let before = room.saturating_sub(Span::raw(&text).width()) / 2;
        let x = track.left + 1 + u16::try_from(before).unwrap_or(0);
        self.put(x, &text, style);
    }

    fn borders(&mut self, rung: &Rung, layout: &Layout, now: Option<Moment>, life: Life) {
        let quiet = matches!(rung.step, Step::Stall { .. } | Step::Pause(_) | Step::Skipped(_));
        let glyph = if quiet { "┊" } else { "│" };
        self.put(layout.control.left, glyph, QUIET);
        self.put(layout.control.right, glyph, QUIET);
        let Some(data) = layout.data else { return };
        let stalled = matches!(rung.step, Step::Stall { .. }) && rung.lane == Lane::Data;
        let glyph = match now {
            _ if stalled => "┊",
            Some(now) if life.until.is_some_and(|u| now > u) => " ",
            Some(now) if life.established.is_some_and(|e| now >= e) => glyph,
            Some(now) if life.from.is_some_and(|f| now >= f) => "┊",
            _ => " ",
        };
        self.put(data.left, glyph, QUIET);
        self.put(data.right, glyph, QUIET);
    }

    fn rung(&mut self, ladder: &Ladder, rung: &Rung, word: Option<&str>, layout: &Layout) {
        if let Some(at) = rung.at {
            let time = units::offset(at.time.since(ladder.origin));
            self.put(0, &column_right(&time, usize::from(layout.time)), QUIET);
            let frame = if ladder.several_files {
                format!("{}:{}", at.frame.file + 1, at.frame.number)
            } else {
                at.frame.number.to_string()
            };
            self.put(layout.time, &column_right(&frame, usize::from(layout.frame)), QUIET);
        }
        let track = layout.track(rung.lane);
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
