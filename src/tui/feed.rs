//! From the engine to the dashboard: snapshots, at most ten a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::snapshot::{Entry, Progress, Snapshot};
use crate::capture::{self, Opened};
use crate::diagnose::Judged;
use crate::engine::{self, Options};
use crate::report::privacy::Masker;

/// Between two snapshots.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);

/// Where the newest snapshot lies. Whoever publishes never waits for whoever reads.
#[derive(Clone, Debug, Default)]
pub struct Publisher {
    newest: Arc<Mutex<Arc<Snapshot>>>,
    reading: Arc<Mutex<Option<Arc<capture::Progress>>>>,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Publisher {
    /// Replaces the newest snapshot.
    pub fn publish(&self, snapshot: Snapshot) {
        let snapshot = Arc::new(snapshot);
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let last = std::mem::replace(&mut *newest, snapshot);
        drop(newest);
        // Sessions that nobody else holds any more are taken apart while nobody waits for it.
        rayon::spawn(move || drop(last));
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes of input read by now, newer than the snapshot says.
    pub fn read(&self) -> u64 {
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.as_ref().map_or(0, |p| p.bytes())
    }

    /// Has a sentence shown in the status bar.
    pub fn say(&self, notice: &str) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        notices.push(notice.to_owned());
    }

    /// The sentences since the last call.
    pub fn notices(&self) -> Vec<String> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn reading(&self, progress: Arc<capture::Progress>) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}

/// Collects sessions and publishes them from time to time.
struct Collector<'a> {
    publisher: &'a Publisher,
    snapshot: Snapshot,
    published: Instant,
    sorted: bool,
}

impl<'a> Collector<'a> {
    #[allow(
        clippy::disallowed_methods,
        reason = "a screen is for people, whose time is the wall's"
    )]
    fn new(publisher: &'a Publisher, progress: Progress) -> Self {
        let snapshot = Snapshot { progress, ..Snapshot::default() };
        Self { publisher, snapshot, published: Instant::now(), sorted: true }
    }

    fn add(&mut self, judged: Judged) {
        let entry = Arc::new(Entry::new(judged));
        self.sorted &= self.snapshot.entries.last().is_none_or(|l| l.row.key < entry.row.key);
        self.snapshot.entries.push(entry);
        if self.published.elapsed() >= INTERVAL {
            self.publish();
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "a screen is for people, whose time is the wall's"
    )]
    fn publish(&mut self) {
        if !self.sorted {
            self.snapshot.entries.sort_by_key(|e| e.row.key);
            self.sorted = true;
        }
        self.snapshot.generation += 1;
        self.published = Instant::now();
        self.publisher.publish(self.snapshot.clone());
    }
}

/// Reads captures to their end and publishes what is found on the way. Blocks; run it on a thread
/// of its own.
pub fn read_files(opened: Opened, options: &Options, privacy: bool, publisher: &Publisher) {
    publisher.reading(opened.source.progress());
    let names = opened.source.files().join(", ");
    let mut masker = privacy.then(Masker::default);
    let progress = Progress {
        source: if privacy { "a capture".to_owned() } else { names },
        total: opened.source.total_bytes(),
        failures: opened.failures.iter().map(ToString::to_string).collect(),
        ..Progress::default()
    };
    let mut collector = Collector::new(publisher, progress);
    collector.snapshot.capture = Arc::new(capture::CaptureFacts {
        files: opened.source.files().to_vec(),
        ..capture::CaptureFacts::default()
    });
    collector.publish();
    let mut analysis = engine::analyse_with(opened.source, options, |mut judged| {
        if let Some(masker) = &mut masker {
            masker.session(&mut judged);
        }
        collector.add(judged);
    });
    if let Some(masker) = &mut masker {
        masker.capture(&mut analysis);
    }
    let snapshot = &mut collector.snapshot;
    snapshot.progress.done = true;
    snapshot.progress.packets = analysis.capture.packets;
    snapshot.progress.read = publisher.read();
    snapshot.capture = Arc::new(analysis.capture);
    snapshot.overview = Arc::new(analysis.overview);
    snapshot.findings = Arc::new(analysis.findings);
    collector.publish();
}
