//! From interfaces to the dashboard: open and ended sessions together, at most ten snapshots a
//! second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::feed::{INTERVAL, Publisher, memory};
use super::snapshot::{Entry, Progress, Snapshot};
use crate::capture::live::{Ended, Feed, Reason};
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
    fn entry(&mut self, judged: Arc<Judged>) -> Arc<Entry> {
        Arc::new(match &mut self.masker {
            Some(masker) => {
                let mut copy = Judged::clone(&judged);
                masker.session(&mut copy);
                Entry::new(copy)
            }
            None => Entry::new(judged),
        })
    }

    /// A session came to its closing point.
    fn end(&mut self, judged: Judged) {
        let entry = self.entry(Arc::new(judged));
        let key = entry.row.key;
        self.open.retain(|(_, open)| open.row.key != key);
        let at = self.ended.partition_point(|e| e.row.key < key);
        self.ended.insert(at, entry);
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

    /// How all open sessions stand. What did not change is shared with the last snapshot.
    fn stand(&mut self, now: Vec<Arc<Judged>>) {
        let old: HashMap<u64, (Arc<Judged>, Arc<Entry>)> =
            self.open.drain(..).map(|o| (o.1.row.key, o)).collect();
        self.open = now
            .into_iter()
            .map(|judged| match old.get(&judged.session.first.order) {
                Some((same, entry)) if Arc::ptr_eq(same, &judged) => (judged, Arc::clone(entry)),
                _ => {
                    let entry = self.entry(Arc::clone(&judged));
                    (judged, entry)
                }
            })
            .collect();
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

/// Analyses what is captured until it is over, and publishes it. Blocks; run it on a thread of its
/// own.
#[allow(clippy::disallowed_methods, reason = "a screen is for people, whose time is the wall's")]
pub fn capture(live: LiveFeed, options: &Options, publisher: &Publisher) -> Ended {
    let LiveFeed { feed, source, facts, privacy, recent } = live;
    let mut sessions = Sessions { masker: privacy.then(Masker::default), ..Sessions::default() };
    let mut snapshot = Snapshot {
        progress: Progress { source, live: true, ..Progress::default() },
        capture: Arc::new(facts.clone()),
        ..Snapshot::default()
    };
    let mut analyser = LiveAnalyser::new(options, facts, Some(recent));
    let publish = |snapshot: &mut Snapshot, analyser: &LiveAnalyser, sessions: &Sessions| {
        snapshot.generation += 1;
        snapshot.entries = sessions.all();
        let p = &mut snapshot.progress;
        p.packets = analyser.facts().packets;
        p.dropped = analyser.dropped();
        p.now = analyser.now();
        p.let_go = sessions.let_go;
        p.hindered = analyser.hindered().to_vec();
        publisher.publish(snapshot.clone());
    };
    publish(&mut snapshot, &analyser, &sessions);
    let (mut published, mut figures, mut counted) = (Instant::now(), Instant::now(), 0);
    let (mut news, mut learned) = (false, false);
    while let Some(batch) = feed.batches.next_batch() {
        analyser.take(&batch, |text| {
            news = true;
            publisher.say(text);
        });
        for judged in analyser.judged() {
            (news, learned) = (true, true);
            sessions.end(judged);
        }
        if let Some(open) = analyser.open_sessions() {
            news |= !batch.is_empty();
            sessions.stand(open);
        }
        if figures.elapsed() >= FIGURES {
            let packets = analyser.facts().packets;
            let seconds = figures.elapsed().as_secs_f64();
            snapshot.progress.rate = ((packets - counted) as f64 / seconds).round() as u64;
            snapshot.progress.memory = memory();
            snapshot.capture = Arc::new(analyser.facts().clone());
            snapshot.overview = Arc::new(analyser.overview().clone());
            if std::mem::take(&mut learned) {
                snapshot.findings = sessions.findings(analyser.findings());
            }
            (figures, counted, news) = (Instant::now(), packets, true);
        }
        let due = if news { INTERVAL } else { QUIET };
        if published.elapsed() >= due {
            publish(&mut snapshot, &analyser, &sessions);
            (published, news) = (Instant::now(), false);
        }
    }
    let ended = feed.thread.join().unwrap_or_default();
    analyser.finish();
    for judged in analyser.judged() {
        sessions.end(judged);
    }
    snapshot.progress.done = true;
    snapshot.progress.rate = 0;
    match &ended.reason {
        Reason::Asked => {}
        Reason::Count | Reason::Duration => publisher.say("the capture is over"),
        Reason::NoInterface => publisher.say("no interface is left: the capture is over"),
        Reason::Failed(error) => publisher.say(&format!("the capture failed: {error}")),
    }
    snapshot.entries = sessions.all();
    snapshot.progress.packets = analyser.facts().packets;
    snapshot.progress.let_go = sessions.let_go;
    let analysis = analyser.into_analysis(&ended);
    snapshot.generation += 1;
    snapshot.progress.dropped = analysis.capture.dropped_packets.unwrap_or(0);
    snapshot.capture = Arc::new(analysis.capture);
    snapshot.overview = Arc::new(analysis.overview);
    snapshot.findings = sessions.findings(analysis.findings);
    publisher.publish(snapshot);
    ended
}
