//! What the dashboard shows: everything known at one moment, never changed afterwards.

use std::sync::Arc;

use super::row::Row;
use crate::capture::CaptureFacts;
use crate::diagnose::{Finding, Judged};
use crate::engine::Overview;

/// A session and its line in the list, made once for each state of the session and shared by all
/// snapshots in which it is the same.
#[derive(Debug)]
pub struct Entry {
    /// The session with its verdict.
    pub judged: Judged,
    /// Its line in the list.
    pub row: Row,
}

impl Entry {
    /// The line is made here, so that drawing costs nothing for each session.
    pub fn new(judged: Judged) -> Self {
        let row = Row::new(&judged);
        Self { judged, row }
    }
}

/// How far the source has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Files or interfaces, as named.
    pub source: String,
    /// An interface.
    pub live: bool,
    /// Nothing more will come.
    pub done: bool,
    /// Bytes of input read.
    pub read: u64,
    /// Bytes of input in all, when they are known.
    pub total: Option<u64>,
    /// Packets seen.
    pub packets: u64,
    /// Packets that the kernel dropped; live only.
    pub dropped: u64,
    /// What went wrong with an input: one sentence each.
    pub failures: Vec<String>,
}

/// Everything known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Grows with each snapshot.
    pub generation: u64,
    /// By id.
    pub entries: Vec<Arc<Entry>>,
    /// The capture; complete once `progress.done`.
    pub capture: Arc<CaptureFacts>,
    /// What it held.
    pub overview: Arc<Overview>,
    /// What needed many sessions.
    pub findings: Arc<Vec<Finding>>,
    /// How far the source has come.
    pub progress: Progress,
}

impl Snapshot {
    /// The session with this number, and its place.
    pub fn find(&self, id: u64) -> Option<(usize, &Arc<Entry>)> {
        let i = self.entries.binary_search_by_key(&id, |e| e.row.id).ok()?;
        Some((i, self.entries.get(i)?))
    }

    /// Frames are told apart by their file's number.
    pub fn several_files(&self) -> bool {
        self.capture.files.len() > 1
    }
}
