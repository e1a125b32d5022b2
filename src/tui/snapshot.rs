//! What the dashboard shows: everything known at one moment, never changed afterwards.

use std::sync::Arc;

use super::row::Row;
use crate::capture::{CaptureFacts, Timestamp};
use crate::diagnose::{Finding, Judged};
use crate::engine::Overview;

/// A session and its line in the list, made once for each state of the session and shared by all
/// snapshots in which it is the same.
#[derive(Debug)]
pub struct Entry {
    /// The session with its verdict.
    pub judged: Arc<Judged>,
    /// Its line in the list.
    pub row: Row,
}

impl Entry {
    /// The line is made here, so that drawing costs nothing for each session.
    pub fn new(judged: impl Into<Arc<Judged>>) -> Self {
        let judged = judged.into();
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
    /// Packets a second, of late; live only.
    pub rate: u64,
    /// Memory that the program takes, in bytes.
    pub memory: Option<u64>,
    /// Ended sessions that were let go to make room for newer ones; live only.
    pub let_go: u64,
    /// The capture's clock; live only.
    pub now: Option<Timestamp>,
    /// Interfaces that are not captured on just now, and why; live only.
    pub hindered: Vec<(String, &'static str)>,
    /// What went wrong with an input: one sentence each.
    pub failures: Vec<String>,
}

/// Everything known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Grows with each snapshot.
    pub generation: u64,
    /// In the order of their first packets.
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
    /// The session with this [`Row::key`], and its place.
    pub fn find(&self, key: u64) -> Option<(usize, &Arc<Entry>)> {
        let i = self.entries.binary_search_by_key(&key, |e| e.row.key).ok()?;
        Some((i, self.entries.get(i)?))
    }

    /// Frames are told apart by their file's number.
    pub fn several_files(&self) -> bool {
        self.capture.files.len() > 1
    }
}
