//! The screen over the capture as a whole: its lines, made once for each snapshot.

use super::cursor::Cursor;
use super::snapshot::Snapshot;
use super::view::{WholeLine, whole_lines};
use crate::report::text::clock::Clock;

/// The capture as a whole.
#[derive(Debug, Default)]
pub struct Whole {
    /// The line under the cursor.
    pub cursor: Cursor,
    /// All of them.
    pub lines: Vec<WholeLine>,
    made_of: Option<(u64, u16)>,
}

impl Whole {
    /// Makes the lines anew if there is something new, or another width. The cursor stays on what
    /// it was on.
    pub fn refresh(&mut self, snapshot: &Snapshot, clock: &Clock, width: u16) {
        if self.made_of == Some((snapshot.generation, width)) {
            return;
        }
        self.made_of = Some((snapshot.generation, width));
        let under = self.lines.get(self.cursor.at).and_then(|l| l.filter.clone());
        let above = |lines: &[WholeLine], at: usize| {
            (0..at).rev().take_while(|i| lines.get(*i).is_some_and(|l| l.filter == under)).count()
        };
        let offset = above(&self.lines, self.cursor.at);
        self.lines = whole_lines(snapshot, clock, width);
        let same = under
            .as_ref()
            .and_then(|filter| self.lines.iter().position(|l| l.filter.as_ref() == Some(filter)));
        let at = same.map_or(self.cursor.at, |first| first + offset);
        self.cursor.at = at.min(self.lines.len().saturating_sub(1));
    }

    /// Scrolls so that the cursor is on a screen of `rows`.
    pub fn scroll(&mut self, rows: usize) {
        self.cursor.scroll(rows, self.lines.len(), |_| 1);
    }

    /// The next line with sessions behind it, or the one before.
    pub fn next(&self, back: bool) -> Option<usize> {
        let at = self.cursor.at;
        let here = self.lines.get(at).and_then(|l| l.filter.as_ref());
        let other = |i: &usize| {
            let filter = self.lines.get(*i).and_then(|l| l.filter.as_ref());
            filter.is_some() && filter != here
        };
        if back { (0..at).rev().find(other) } else { (at + 1..self.lines.len()).find(other) }
    }
}
