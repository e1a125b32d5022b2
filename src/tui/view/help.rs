//! The help, from the table of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::scrolled;
use crate::diagnose::Status;
use crate::report::text::lines::{Lines, span};
use crate::report::text::palette::{self, PLAIN, QUIET, STRONG};
use crate::tui::keys::{KEYS, Place};

/// From this width on the help has two columns.
const TWO: u16 = 130;

/// The help from this line on.
pub fn render(top: usize, area: Rect, buffer: &mut Buffer) {
    if area.width < TWO {
        let all = [places(&PLACES), signs()].concat();
        return scrolled(&all, top, area, buffer);
    }
    let (left, right) = PLACES.split_at(ON_THE_LEFT);
    let half = Rect { width: area.width / 2, ..area };
    scrolled(&places(left), top, half, buffer);
    let half = Rect { x: area.x + area.width / 2, width: area.width - area.width / 2, ..area };
    scrolled(&[places(right), signs()].concat(), top, half, buffer);
}

/// In the order of the help: the first in the left column.
const PLACES: [Place; 5] =
    [Place::Everywhere, Place::Sessions, Place::Session, Place::Timeline, Place::Prompt];
const ON_THE_LEFT: usize = 2;

fn places(places: &[Place]) -> Lines {
    let mut lines = Lines::new();
    for place in places {
        lines.push(Line::from(span(format!(" {}", place.title()), STRONG)));
        for b in KEYS.iter().filter(|b| b.place == *place) {
            lines.push(Line::from(vec![
                span(format!("   {:<14}", b.shown), palette::NOTE),
                span(b.does, PLAIN),
            ]));
        }
        lines.push(Line::default());
    }
    lines
}

fn signs() -> Lines {
    let mut lines = vec![Line::from(span(" Signs", STRONG))];
    let all = [
        (Status::Suspicious, "an attack, or what looks like one"),
        (Status::Stalled, "something asked for never came to its end"),
        (Status::Failed, "a side said no"),
        (Status::Undetermined, "the capture doesn't hold enough to say"),
        (Status::Healthy, "none of these"),
    ];
    let mut sign = |(glyph, style), name: &str, means| {
        let name = span(format!("   {glyph} {name:<13}"), style);
        lines.push(Line::from(vec![name, span(means, QUIET)]));
    };
    for (status, means) in all {
        sign(palette::status(status), status.name(), means);
    }
    sign(palette::IN_PROGRESS, "in progress", "live: nothing can be said yet");
    lines
}
