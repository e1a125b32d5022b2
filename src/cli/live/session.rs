//! From batches to events: the engine's side of a capture that runs.

use std::sync::Arc;

use ftpscope::capture::live::{Batch, Ended, News};
use ftpscope::capture::{CaptureFacts, Problem, Timestamp};
use ftpscope::diagnose::Judged;
use ftpscope::engine::{Analyser, Analysis, Options};

use super::super::complain;
use super::{LOOK, Running};

/// Open sessions judged anew at a time: a bound on how long packets wait for it.
const AT_A_TIME: usize = 2000;
/// Sentences about interfaces that are kept for the report.
const MAX_PROBLEMS: usize = 50;

/// What happens.
pub enum Event {
    /// A session came to its closing point.
    Ended(Box<Judged>),
    /// How open sessions stand.
    Open(Vec<Arc<Judged>>),
}

/// What a capture came to.
#[derive(Default)]
pub struct Outcome {
    /// From the capture thread.
    pub ended: Ended,
    /// The file could not be written to its end.
    pub save_failed: bool,
}

/// Analyses what is captured until it is over. `look`: also tell how open sessions stand. `tell`
/// returns whether anybody still listens. The analysis returned holds no sessions.
pub fn drive(
    running: Running,
    facts: CaptureFacts,
    options: &Options,
    look: bool,
    mut tell: impl FnMut(Event) -> bool,
) -> (Analysis, Outcome) {
    let Running { feed, saving } = running;
    let mut facts = facts;
    let mut analyser = Analyser::new(options);
    let mut looked: Option<Timestamp> = None;
    let mut listened = true;
    while let Some(batch) = feed.batches.next_batch() {
        take(&batch, &mut analyser, &mut facts);
        for judged in analyser.judged() {
            listened &= tell(Event::Ended(Box::new(judged)));
        }
        let due = batch.now.is_some_and(|now| looked.is_none_or(|l| now >= l.plus(LOOK)));
        if look && due {
            looked = batch.now;
            listened &= tell(Event::Open(analyser.open_sessions(AT_A_TIME)));
        }
        if !listened {
            feed.stop.stop();
            break;
        }
    }
    drop(feed.batches);
    let ended = feed.thread.join().unwrap_or_default();
    let save_failed = saving.is_some_and(|thread| !matches!(thread.join(), Ok(Ok(()))));
    analyser.finish();
    for judged in analyser.judged() {
        listened = listened && tell(Event::Ended(Box::new(judged)));
    }
    let dropped: u64 = ended.counters.iter().map(|c| c.dropped).sum();
    facts.dropped_packets = Some(dropped + ended.not_analysed);
    facts.problems.extend(analyser.problems());
    let overview = analyser.into_overview();
    let analysis = Analysis { capture: facts, overview, ..Analysis::default() };
    (analysis, Outcome { ended, save_failed })
}

fn take(batch: &Batch, analyser: &mut Analyser, facts: &mut CaptureFacts) {
    for news in &batch.news {
        match news {
            News::Lost(loss) => analyser.lost(*loss),
            News::File(_, path) => facts.files.push(path.display().to_string()),
            News::Interface(text) => {
                complain(text);
                if facts.problems.len() < MAX_PROBLEMS {
                    let frame = u32::try_from(facts.packets).ok().filter(|n| *n > 0);
                    let text = text.clone();
                    facts.problems.push(Problem { file: 0, offset: None, frame, text });
                }
            }
            News::Counted { .. } => {}
        }
    }
    batch.count_into(facts);
    for captured in batch.packets() {
        analyser.packet(&captured.packet);
    }
    if let Some(now) = batch.now {
        analyser.tick(now);
    }
}
