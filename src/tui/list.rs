//! The list of sessions: which are shown, in what order, and which is under the cursor.

use std::collections::{BTreeMap, HashMap};

use super::columns::COLUMNS;
use super::row::Row;
use super::snapshot::Snapshot;
use crate::report::filter::Filter;

/// What the list is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Problems first, the newest of them on top; then the others by age.
    Problems,
    /// A column.
    Column {
        /// Index into [`COLUMNS`].
        column: usize,
        /// The largest first.
        descending: bool,
    },
}

/// The list of sessions.
#[derive(Debug)]
pub struct List {
    /// In what order.
    pub sort: Sort,
    /// Only those that match.
    pub filter: Option<Filter>,
    /// The filter as it was typed.
    pub filter_text: String,
    /// Places in the snapshot, in order.
    pub shown: Vec<u32>,
    /// [`Row::key`] of the session under the cursor.
    pub selected: Option<u64>,
    /// First line on the screen.
    pub top: usize,
    /// The cursor stays with the newest session.
    pub follow: bool,
    /// A key was pressed: the cursor is where somebody wants it.
    pub touched: bool,
    made_of: Option<u64>,
    /// [`Row::key`] of the sessions that were last on the screen, from the top.
    on_screen: Vec<u64>,
    /// The rows on the screen may have other lines now.
    moved: bool,
}

impl Default for List {
    fn default() -> Self {
        Self {
            sort: Sort::Problems,
            filter: None,
            filter_text: String::new(),
            shown: Vec::new(),
            selected: None,
            top: 0,
            follow: false,
            touched: false,
            made_of: None,
            on_screen: Vec::new(),
            moved: false,
        }
    }
}

impl List {
    /// Makes the list anew after `filter` or `sort` changed.
    pub fn invalidate(&mut self) {
        self.made_of = None;
    }

    /// Fits the list to a snapshot. The cursor stays on its session; where that is no longer
    /// shown, it goes to the nearest one below, or else above.
    pub fn refresh(&mut self, snapshot: &Snapshot) {
        if self.made_of == Some(snapshot.generation) {
            return;
        }
        // Another order was asked for: rows are where it puts them.
        self.moved = self.made_of.is_some();
        self.made_of = Some(snapshot.generation);
        let passes = |i: &u32| {
            let entry = snapshot.entries.get(*i as usize);
            entry.is_some_and(|e| self.filter.as_ref().is_none_or(|f| f.matches(&e.judged)))
        };
        self.shown = (0..snapshot.entries.len() as u32).filter(passes).collect();
        let row = |i: &u32| snapshot.entries.get(*i as usize).map(|e| &e.row);
        match self.sort {
            Sort::Problems => self.shown.sort_by_key(|i| row(i).map(urgency)),
            Sort::Column { column, descending } => {
                if let Some(column) = COLUMNS.get(column) {
                    self.shown.sort_by(|a, b| match (row(a), row(b)) {
                        (Some(a), Some(b)) if descending => (column.order)(b, a),
                        (Some(a), Some(b)) => (column.order)(a, b),
                        _ => std::cmp::Ordering::Equal,
                    });
                }
            }
        }
        let newest = || self.shown.iter().filter_map(|i| row(i).map(|r| r.key)).max();
        let first = self.shown.first().and_then(|i| row(i).map(|r| r.key));
        // Of a file that is still read, the worst is to be seen.
        let unsought = !self.touched && !snapshot.progress.live;
        if self.follow {
            self.selected = newest();
        } else if unsought {
            self.selected = first;
        } else if self.line(snapshot).is_none() {
            self.selected = self.neighbour(snapshot).or(first);
        }
    }

    /// Of the sessions on the screen that are still shown, the one next to the cursor's.
    fn neighbour(&self, snapshot: &Snapshot) -> Option<u64> {
        let at = self.on_screen.iter().position(|key| Some(*key) == self.selected)?;
        let (above, below) = self.on_screen.split_at(at);
        let mut near = below.iter().chain(above.iter().rev());
        near.find(|key| self.line_of(snapshot, **key).is_some()).copied()
    }

    /// The line under the cursor.
    pub fn line(&self, snapshot: &Snapshot) -> Option<usize> {
        self.line_of(snapshot, self.selected?)
    }

    fn line_of(&self, snapshot: &Snapshot, key: u64) -> Option<usize> {
        let place = snapshot.find(key)?.0 as u32;
        self.shown.iter().position(|i| *i == place)
    }

    /// Moves the cursor by some lines.
    pub fn step(&mut self, snapshot: &Snapshot, by: isize) {
        let last = self.shown.len().saturating_sub(1);
        let line = self.line(snapshot).unwrap_or(0).saturating_add_signed(by).min(last);
        self.select(snapshot, line);
    }

    /// Puts the cursor on a line.
    pub fn select(&mut self, snapshot: &Snapshot, line: usize) {
        let place = self.shown.get(line).and_then(|i| snapshot.entries.get(*i as usize));
        if let Some(entry) = place {
            self.selected = Some(entry.row.key);
            self.follow = false;
        }
    }

    /// Scrolls so that the cursor is among `rows` lines, and most rows stay where they were.
    pub fn scroll(&mut self, snapshot: &Snapshot, rows: usize) {
        // At the top of the list what comes on top of it is to be seen.
        if std::mem::take(&mut self.moved) && self.top > 0 {
            self.top = self.top_for_most(snapshot).unwrap_or(self.top);
        }
        let line = self.line(snapshot).unwrap_or(0);
        let rows = rows.max(1);
        let most = self.shown.len().saturating_sub(rows);
        self.top = self.top.clamp((line + 1).saturating_sub(rows), line).min(most);
        let shown = self.shown.iter().skip(self.top).take(rows);
        let key = |i: &u32| snapshot.entries.get(*i as usize).map(|e| e.row.key);
        self.on_screen = shown.filter_map(key).collect();
    }

    /// The first line with which as many rows as can be stay where they were on the screen.
    fn top_for_most(&self, snapshot: &Snapshot) -> Option<usize> {
        let row_of = |(row, key): (usize, &u64)| Some((snapshot.find(*key)?.0 as u32, row));
        let rows: HashMap<u32, usize> =
            self.on_screen.iter().enumerate().filter_map(row_of).collect();
        let lines = self.shown.iter().enumerate();
        let tops = lines.filter_map(|(line, place)| line.checked_sub(*rows.get(place)?));
        let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
        tops.for_each(|top| *votes.entry(top).or_default() += 1);
        let nearest = |top: usize| std::cmp::Reverse(top.abs_diff(self.top));
        votes.into_iter().max_by_key(|(top, n)| (*n, nearest(*top))).map(|(top, _)| top)
    }

    /// The next column to sort by, from the left or from the right; [`Sort::Problems`] stands
    /// before the first.
    pub fn sort_by_next(&mut self, back: bool) {
        let places = COLUMNS.len() + 1;
        let now = match self.sort {
            Sort::Problems => 0,
            Sort::Column { column, .. } => column + 1,
        };
        let next = (if back { now + places - 1 } else { now + 1 }) % places;
        self.sort = match next.checked_sub(1) {
            None => Sort::Problems,
            Some(column) => Sort::Column { column, descending: false },
        };
        self.invalidate();
    }
}

/// Worst first; among problems the newest first, else by age.
fn urgency(row: &Row) -> (bool, crate::diagnose::Status, i64) {
    let key = i64::try_from(row.key).unwrap_or(i64::MAX);
    let problem = row.is_problem();
    (!problem, row.status, if problem { -key } else { key })
}
