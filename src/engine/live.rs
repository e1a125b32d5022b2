//! An analyser that is fed from interfaces: batches in, judged sessions and news out.

use std::sync::Arc;
use std::time::Duration;

use super::{Analyser, Analysis, Matters, Options, Overview};
use crate::capture::live::{Batch, Counters, Ended, News};
use crate::capture::{CaptureFacts, Part, Problem, Recent, Timestamp};
use crate::diagnose::{Finding, Judged};

/// How often open sessions are looked at, in capture time.
const LOOK: Duration = Duration::from_millis(100);
/// Open sessions judged anew at a time: a bound on how long packets wait for it.
const AT_A_TIME: usize = 400;
/// Sentences about interfaces that are kept for the report.
const MAX_PROBLEMS: usize = 50;

/// An analyser that is fed from interfaces.
#[derive(Debug)]
pub struct LiveAnalyser {
    analyser: Analyser,
    facts: CaptureFacts,
    /// Of each interface.
    counters: Vec<Counters>,
    /// Interfaces that are not captured on just now, and why.
    hindered: Vec<(String, &'static str)>,
    now: Option<Timestamp>,
    looked: Option<Timestamp>,
    /// Keeps packets that matter.
    recent: Option<Recent>,
}

impl LiveAnalyser {
    /// An analyser for what is captured; `facts` name the source. With `recent`, packets that
    /// matter are kept there.
    pub fn new(options: &Options, facts: CaptureFacts, recent: Option<Recent>) -> Self {
        Self {
            analyser: Analyser::new(options),
            facts,
            counters: Vec::new(),
            hindered: Vec::new(),
            now: None,
            looked: None,
            recent,
        }
    }

    /// Analyses a batch. `news` is told what happened to interfaces, a sentence each.
    pub fn take(&mut self, batch: &Batch, mut news: impl FnMut(&str)) {
        for item in &batch.news {
            match item {
                News::Lost(loss) => self.analyser.lost(*loss),
                News::File(_, path) => self.facts.files.push(path.display().to_string()),
                News::Interface { name, hindered, text } => {
                    self.hindered.retain(|(other, _)| other != name);
                    self.hindered.extend(hindered.map(|how| (name.clone(), how)));
                    news(text);
                    self.note(text);
                }
                News::Counted { interface, counters } => {
                    if self.counters.len() <= *interface {
                        self.counters.resize(interface + 1, Counters::default());
                    }
                    if let Some(counted) = self.counters.get_mut(*interface) {
                        *counted = *counters;
                    }
                }
            }
        }
        batch.count_into(&mut self.facts);
        for captured in batch.packets() {
            let packet = captured.packet;
            let matters = self.analyser.packet(&packet);
            if let Some(recent) = &self.recent {
                match matters {
                    Matters::Control => recent.keep(&packet, Part::Control),
                    Matters::Data => recent.keep(&packet, Part::Data),
                    Matters::No => {}
                }
            }
        }
        if let Some(now) = batch.now {
            self.analyser.tick(now);
        }
        self.now = batch.now.or(self.now);
    }

    fn note(&mut self, text: &str) {
        if self.facts.problems.len() < MAX_PROBLEMS {
            let frame = u32::try_from(self.facts.packets).ok().filter(|n| *n > 0);
            let text = text.to_owned();
            self.facts.problems.push(Problem { file: 0, offset: None, frame, text });
        }
    }

    /// Sessions that came to their closing point since the last call.
    pub fn judged(&mut self) -> Vec<Judged> {
        self.analyser.judged()
    }

    /// Open sessions as they stand, if they were not looked at a moment ago.
    pub fn open_sessions(&mut self) -> Option<Vec<Arc<Judged>>> {
        let now = self.now?;
        if self.looked.is_some_and(|looked| now < looked.plus(LOOK)) {
            return None;
        }
        self.looked = Some(now);
        Some(self.analyser.open_sessions(AT_A_TIME))
    }

    /// The capture's clock.
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// What was captured so far.
    pub fn facts(&self) -> &CaptureFacts {
        &self.facts
    }

    /// What it held so far.
    pub fn overview(&self) -> &Overview {
        self.analyser.overview()
    }

    /// What the sessions that ended show together so far.
    pub fn findings(&self) -> Vec<Finding> {
        self.analyser.findings()
    }

    /// Interfaces that are not captured on just now, and why: down, removed, failed.
    pub fn hindered(&self) -> &[(String, &'static str)] {
        &self.hindered
    }

    /// Packets that the kernel dropped so far.
    pub fn dropped(&self) -> u64 {
        self.counters.iter().map(|c| c.dropped).sum()
    }

    /// No more packets will come: what is open can be had from [`LiveAnalyser::judged`].
    pub fn finish(&mut self) {
        self.analyser.finish();
    }

    /// What the capture came to, without its sessions.
    pub fn into_analysis(self, ended: &Ended) -> Analysis {
        let mut facts = self.facts;
        let dropped: u64 = ended.counters.iter().map(|c| c.dropped).sum();
        facts.dropped_packets = Some(dropped + ended.not_analysed);
        facts.problems.extend(self.analyser.problems());
        let findings = self.analyser.findings();
        let overview = self.analyser.into_overview();
        Analysis { capture: facts, overview, findings, ..Analysis::default() }
    }
}
