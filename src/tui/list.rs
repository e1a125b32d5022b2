//! The list of sessions: which are shown, in what order, and which is under the cursor.

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
    made_of: Option<u64>,
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
            made_of: None,
        }
    }
}

impl List {
    /// Makes the list anew after `filter` or `sort` changed.
    pub fn invalidate(&mut self) {
        self.made_of = None;
    }

    /// Fits the list to a snapshot. The cursor stays on its session; where that is no longer
    /// shown, on the line where it was.
    pub fn refresh(&mut self, snapshot: &Snapshot) {
        if self.made_of == Some(snapshot.generation) {
            return;
        }
        self.made_of = Some(snapshot.generation);
        let line = self.line(snapshot);
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
        if self.follow {
            self.selected = newest();
        } else if self.line(snapshot).is_none() {
            let at = line.unwrap_or(0).min(self.shown.len().saturating_sub(1));
            self.selected = self.shown.get(at).and_then(|i| row(i).map(|r| r.key));
        }
    }

    /// The line under the cursor.
    pub fn line(&self, snapshot: &Snapshot) -> Option<usize> {
        let place = snapshot.find(self.selected?)?.0 as u32;
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

    /// Scrolls so that the cursor is among `rows` lines.
    pub fn scroll(&mut self, snapshot: &Snapshot, rows: usize) {
        let line = self.line(snapshot).unwrap_or(0);
        let rows = rows.max(1);
        let most = self.shown.len().saturating_sub(rows);
        self.top = self.top.clamp((line + 1).saturating_sub(rows), line).min(most);
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
