//! From the engine to the dashboard: snapshots, at most ten a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::snapshot::{Entry, Progress, Snapshot};
use crate::capture::{self, Opened};
use crate::diagnose::Judged;
use crate::engine::{self, Options, Watcher};
use crate::report::privacy::Masker;

/// Between two snapshots.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);

/// How often figures of the status bar are taken.
const FIGURES: Duration = Duration::from_secs(1);

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
    masker: Option<Masker>,
    snapshot: Snapshot,
    /// At their closing point; in the order of their first packets, if `sorted`.
    ended: Vec<Arc<Entry>>,
    sorted: bool,
    /// As they stand while the capture is read.
    open: Vec<Arc<Entry>>,
    /// When the last snapshot was published, and how long making it took.
    published: (Instant, Duration),
    /// When the sessions of the next one were asked for: judging open ones takes time as well.
    asked: Instant,
    /// When a figure of the status bar was last taken, and of how many packets.
    figures: (Instant, u64),
}

/// A screen is for people, whose time is the wall's.
#[allow(clippy::disallowed_methods, reason = "a screen is for people, whose time is the wall's")]
fn now() -> Instant {
    Instant::now()
}

impl<'a> Collector<'a> {
    fn new(publisher: &'a Publisher, progress: Progress, privacy: bool) -> Self {
        Self {
            publisher,
            masker: privacy.then(Masker::default),
            snapshot: Snapshot { progress, ..Snapshot::default() },
            ended: Vec::new(),
            sorted: true,
            open: Vec::new(),
            published: (now(), Duration::ZERO),
            asked: now(),
            figures: (now(), 0),
        }
    }

    fn figures(&mut self) {
        let p = &mut self.snapshot.progress;
        let (since, packets) = self.figures;
        let passed = since.elapsed();
        if packets == 0 || passed >= FIGURES {
            let more = p.packets.saturating_sub(packets);
            p.rate = (more as f64 / passed.as_secs_f64().max(1e-3)) as u64;
            p.memory = memory();
            self.figures = (now(), p.packets);
        }
    }

    fn publish(&mut self) {
        if !self.sorted {
            self.ended.sort_by_key(|e| e.row.key);
            self.sorted = true;
        }
        self.figures();
        let entries = &mut self.snapshot.entries;
        entries.clone_from(&self.ended);
        entries.extend(self.open.iter().cloned());
        if !self.open.is_empty() {
            entries.sort_by_key(|e| e.row.key);
        }
        self.snapshot.generation += 1;
        self.publisher.publish(self.snapshot.clone());
    }
}

impl Watcher for Collector<'_> {
    fn ended(&mut self, mut judged: Judged) {
        if let Some(masker) = &mut self.masker {
            masker.session(&mut judged);
        }
        let entry = Arc::new(Entry::new(judged));
        self.sorted &= self.ended.last().is_none_or(|l| l.row.key < entry.row.key);
        self.ended.push(entry);
    }

    fn due(&mut self) -> bool {
        // Reading is to take no more than a tenth longer for being watched.
        let (at, took) = self.published;
        let due = at.elapsed() >= INTERVAL.max(took * 10);
        if due {
            self.asked = now();
        }
        due
    }

    fn stand(&mut self, open: Vec<Arc<Judged>>, read: &capture::CaptureFacts) {
        self.open = open
            .into_iter()
            .map(|judged| {
                Arc::new(match &mut self.masker {
                    Some(masker) => {
                        let mut copy = Judged::clone(&judged);
                        masker.session(&mut copy);
                        Entry::new(copy)
                    }
                    None => Entry::new(judged),
                })
            })
            .collect();
        self.snapshot.progress.packets = read.packets;
        let files = self.snapshot.capture.files.clone();
        let mut facts = capture::CaptureFacts { files, ..read.clone() };
        if self.masker.is_some() {
            // They are masked when all is read.
            facts.problems.clear();
            facts.comments.clear();
        }
        self.snapshot.capture = Arc::new(facts);
        self.publish();
        self.published = (now(), self.asked.elapsed());
    }
}

/// Reads captures to their end and publishes what is found on the way. Blocks; run it on a thread
/// of its own.
pub fn read_files(opened: Opened, options: &Options, privacy: bool, publisher: &Publisher) {
    publisher.reading(opened.source.progress());
    let names = opened.source.files().join(", ");
    let progress = Progress {
        source: if privacy { "a capture".to_owned() } else { names },
        total: opened.source.total_bytes(),
        failures: opened.failures.iter().map(ToString::to_string).collect(),
        ..Progress::default()
    };
    let mut collector = Collector::new(publisher, progress, privacy);
    let mut facts = capture::CaptureFacts {
        files: opened.source.files().to_vec(),
        ..capture::CaptureFacts::default()
    };
    if privacy {
        facts.files.iter_mut().for_each(|name| "a capture".clone_into(name));
    }
    collector.snapshot.capture = Arc::new(facts);
    collector.publish();
    let mut analysis = engine::analyse_watched(opened.source, options, &mut collector);
    if let Some(masker) = &mut collector.masker {
        masker.capture(&mut analysis);
    }
    collector.open.clear();
    let snapshot = &mut collector.snapshot;
    snapshot.progress.done = true;
    snapshot.progress.packets = analysis.capture.packets;
    snapshot.progress.read = publisher.read();
    snapshot.capture = Arc::new(analysis.capture);
    snapshot.overview = Arc::new(analysis.overview);
    snapshot.findings = Arc::new(analysis.findings);
    collector.publish();
}

/// Resident memory of the program, where the system tells it.
pub(super) fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
