//! From batches to events: the engine's side of a capture that runs.

use std::sync::Arc;

use ftpscope::capture::CaptureFacts;
use ftpscope::capture::live::Ended;
use ftpscope::diagnose::Judged;
use ftpscope::engine::{Analysis, LiveAnalyser, Options};

use super::super::complain;
use super::Running;

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
    let mut analyser = LiveAnalyser::new(options, facts, None);
    let mut listened = true;
    while let Some(batch) = running.feed.batches.next_batch() {
        analyser.take(&batch, complain);
        for judged in analyser.judged() {
            listened &= tell(Event::Ended(Box::new(judged)));
        }
        if look && let Some(open) = analyser.open_sessions() {
            listened &= tell(Event::Open(open));
        }
        if !listened {
            running.feed.stop.stop();
            break;
        }
    }
    let outcome = running.end();
    analyser.finish();
    for judged in analyser.judged() {
        listened = listened && tell(Event::Ended(Box::new(judged)));
    }
    (analyser.into_analysis(&outcome.ended), outcome)
}
