//! From interfaces to the dashboard: open and ended sessions together, at most ten snapshots a
//! second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::feed::{INTERVAL, Publisher, memory};
use super::snapshot::{Entry, Progress, Snapshot};
use crate::capture::live::{Batch, Ended, Feed, Reason};
use crate::capture::{CaptureFacts, Recent};
use crate::diagnose::{Finding, Judged};
use crate::engine::{LiveAnalyser, Options};
use crate::report::privacy::Masker;

/// Without news, a snapshot as often: what is waited for takes longer meanwhile.
const QUIET: Duration = Duration::from_millis(500);
/// How often the figures of the status bar are taken.
const FIGURES: Duration = Duration::from_secs(1);
/// Ended sessions that are kept; beyond, healthy ones go first, the oldest first.
const ENDED: usize = 20_000;
/// How many go at a time.
const LET_GO: usize = 1000;
/// Fewer lines of the list are not worth a thread's while.
const AT_LEAST_TOGETHER: usize = 16;

/// What is captured, and how it is to be shown.
#[derive(Debug)]
pub struct LiveFeed {
    /// Batches, the way to end it.
    pub feed: Feed,
    /// The interfaces, as named.
    pub source: String,
    /// Names of the files that are written, if any.
    pub facts: CaptureFacts,
    /// Addresses and names are masked.
    pub privacy: bool,
    /// Keeps packets for the packet view and for saving.
    pub recent: Recent,
}

/// Sessions, as the list shows them.
#[derive(Debug, Default)]
struct Sessions {
    masker: Option<Masker>,
    /// In the order of their first packets.
    ended: Vec<Arc<Entry>>,
    /// As they were last looked at, and what was made of it; in the order of their first packets.
    open: Vec<(Arc<Judged>, Arc<Entry>)>,
    let_go: u64,
}

impl Sessions {
    /// Lines of the list; made on all threads of the current pool.
    fn entries(&mut self, judged: Vec<Arc<Judged>>) -> Vec<Arc<Entry>> {
        let entry = |judged: Arc<Judged>| Arc::new(Entry::new(judged));
        let Some(masker) = &mut self.masker else {
            return judged.into_par_iter().with_min_len(AT_LEAST_TOGETHER).map(entry).collect();
        };
        // Names are numbered in the order in which they come.
        let masked = judged.into_iter().map(|judged| {
            let mut copy = Judged::clone(&judged);
            masker.session(&mut copy);
            entry(Arc::new(copy))
        });
        masked.collect()
    }

    /// Sessions came to their closing point.
    fn end(&mut self, judged: Vec<Judged>) {
        for entry in self.entries(judged.into_iter().map(Arc::new).collect()) {
            let key = entry.row.key;
            if let Ok(at) = self.open.binary_search_by_key(&key, |(_, open)| open.row.key) {
                self.open.remove(at);
            }
            let at = self.ended.partition_point(|e| e.row.key < key);
            self.ended.insert(at, entry);
        }
        if self.ended.len() >= ENDED + LET_GO {
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        for healthy_only in [true, false] {
            let mut excess = self.ended.len().saturating_sub(ENDED);
            self.ended.retain(|e| {
                let goes = excess > 0 && !(healthy_only && e.row.is_problem());
                excess -= usize::from(goes);
                self.let_go += u64::from(goes);
                !goes
            });
        }
    }

    /// What ended sessions show together.
    fn findings(&mut self, mut found: Vec<Finding>) -> Arc<Vec<Finding>> {
        if let Some(masker) = &mut self.masker {
            masker.findings(&mut found);
        }
        Arc::new(found)
    }

    /// How all open sessions stand, in the order of their first packets. What did not change is
    /// shared with the last snapshot.
    fn stand(&mut self, now: Vec<Arc<Judged>>) {
        let mut old = std::mem::take(&mut self.open).into_iter().peekable();
        let mut same = |judged: &Arc<Judged>| {
            let key = judged.session.first.order;
            while old.next_if(|(_, entry)| entry.row.key < key).is_some() {}
            old.next_if(|(as_it_was, _)| Arc::ptr_eq(as_it_was, judged)).map(|(_, entry)| entry)
        };
        let kept: Vec<Option<Arc<Entry>>> = now.iter().map(&mut same).collect();
        let changed = now.iter().zip(&kept).filter(|(_, kept)| kept.is_none());
        let made = self.entries(changed.map(|(judged, _)| Arc::clone(judged)).collect());
        let mut made = made.into_iter();
        let entries = kept.into_iter().filter_map(|kept| kept.or_else(|| made.next()));
        self.open = now.into_iter().zip(entries).collect();
    }

    /// All of them, in the order of their first packets.
    fn all(&self) -> Vec<Arc<Entry>> {
        let mut all = Vec::with_capacity(self.ended.len() + self.open.len());
        let mut open = self.open.iter().map(|o| &o.1).peekable();
        for ended in &self.ended {
            while let Some(earlier) = open.next_if(|o| o.row.key < ended.row.key) {
                all.push(Arc::clone(earlier));
            }
            all.push(Arc::clone(ended));
        }
        all.extend(open.cloned());
        all
    }
}

/// What the dashboard shows of interfaces: batches in, snapshots out.
#[derive(Debug)]
pub struct LiveView {
    analyser: LiveAnalyser,
    sessions: Sessions,
    /// All but its entries.
    snapshot: Snapshot,
    /// Something changed since the last snapshot.
    news: bool,
    /// A session ended since findings were last asked for.
    learned: bool,
    /// Packets when the rate was last taken.
    counted: u64,
}

impl LiveView {
    /// A view in which nothing has come yet; `source` names the interfaces.
    pub fn new(
        source: String,
        facts: CaptureFacts,
        privacy: bool,
        recent: Recent,
        options: &Options,
    ) -> Self {
        Self {
            sessions: Sessions { masker: privacy.then(Masker::default), ..Sessions::default() },
            snapshot: Snapshot {
                progress: Progress { source, live: true, ..Progress::default() },
                capture: Arc::new(facts.clone()),
                ..Snapshot::default()
            },
            analyser: LiveAnalyser::new(options, facts, Some(recent)),
            news: false,
            learned: false,
            counted: 0,
        }
    }

    /// Analyses a batch. `say` is told what happened to interfaces.
    pub fn take(&mut self, batch: &Batch, mut say: impl FnMut(&str)) {
        self.analyser.take(batch, |text| {
            self.news = true;
            say(text);
        });
        self.end_sessions();
        if let Some(open) = self.analyser.open_sessions() {
            self.news |= !batch.is_empty();
            self.sessions.stand(open);
        }
    }

    fn end_sessions(&mut self) {
        let ended = self.analyser.judged();
        if !ended.is_empty() {
            (self.news, self.learned) = (true, true);
            self.sessions.end(ended);
        }
    }

    /// Takes the figures of the status bar, `passed` after the last time.
    fn figures(&mut self, passed: Duration) {
        let packets = self.analyser.facts().packets;
        let more = packets - std::mem::replace(&mut self.counted, packets);
        let snapshot = &mut self.snapshot;
        snapshot.progress.rate = (more as f64 / passed.as_secs_f64()).round() as u64;
        snapshot.progress.memory = memory();
        snapshot.capture = Arc::new(self.analyser.facts().clone());
        snapshot.overview = Arc::new(self.analyser.overview().clone());
        if std::mem::take(&mut self.learned) {
            snapshot.findings = self.sessions.findings(self.analyser.findings());
        }
        self.news = true;
    }

    /// How everything stands now.
    pub fn snapshot(&mut self) -> Snapshot {
        self.news = false;
        let (snapshot, analyser) = (&mut self.snapshot, &self.analyser);
        snapshot.generation += 1;
        let p = &mut snapshot.progress;
        p.packets = analyser.facts().packets;
        p.dropped = analyser.dropped();
        p.now = analyser.now();
        p.let_go = self.sessions.let_go;
        p.hindered = self.analyser.hindered().to_vec();
        Snapshot { entries: self.sessions.all(), ..snapshot.clone() }
    }

    /// Nothing more will come: sessions that are open end.
    fn finish(&mut self) {
        self.analyser.finish();
        self.end_sessions();
        self.snapshot.progress.done = true;
        self.snapshot.progress.rate = 0;
    }

    /// The last snapshot, with what the whole capture came to.
    fn into_last(mut self, ended: &Ended) -> Snapshot {
        let analysis = self.analyser.into_analysis(ended);
        let mut snapshot = self.snapshot;
        snapshot.generation += 1;
        snapshot.entries = self.sessions.all();
        snapshot.progress.dropped = analysis.capture.dropped_packets.unwrap_or(0);
        snapshot.capture = Arc::new(analysis.capture);
        snapshot.overview = Arc::new(analysis.overview);
        snapshot.findings = self.sessions.findings(analysis.findings);
        snapshot
    }
}

/// Analyses what is captured until it is over, and publishes it. Blocks; run it on a thread of its
/// own.
#[allow(clippy::disallowed_methods, reason = "a screen is for people, whose time is the wall's")]
pub fn capture(live: LiveFeed, options: &Options, publisher: &Publisher) -> Ended {
    let LiveFeed { feed, source, facts, privacy, recent } = live;
    let mut view = LiveView::new(source, facts, privacy, recent, options);
    publisher.publish(view.snapshot());
    let (mut published, mut figures) = (Instant::now(), Instant::now());
    while let Some(batch) = feed.batches.next_batch() {
        view.take(&batch, |text| publisher.say(text));
        let passed = figures.elapsed();
        if passed >= FIGURES {
            view.figures(passed);
            figures = Instant::now();
        }
        let due = if view.news { INTERVAL } else { QUIET };
        if published.elapsed() >= due {
            publisher.publish(view.snapshot());
            published = Instant::now();
        }
    }
    let ended = feed.thread.join().unwrap_or_default();
    view.finish();
    match &ended.reason {
        Reason::Asked => {}
        Reason::Count | Reason::Duration => publisher.say("the capture is over"),
        Reason::NoInterface => publisher.say("no interface is left: the capture is over"),
        Reason::Failed(error) => publisher.say(&format!("the capture failed: {error}")),
    }
    publisher.publish(view.into_last(&ended));
    ended
}
