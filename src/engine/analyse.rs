//! One pass over a capture: decode, follow, judge.

use std::sync::Arc;

use super::{Analyser, Analysis, Options};
use crate::capture::{CaptureFacts, Problem, Source};
use crate::diagnose::Judged;

/// Finished sessions are judged in batches, so that threads have something to share.
const BATCH: usize = 512;
/// Packets between two questions whether somebody wants to see how far it is.
const LOOK: u32 = 256;
/// Open sessions that are judged anew for it.
const AT_A_TIME: usize = 1000;

/// Reads a capture to its end and judges its sessions; returns them all, by id.
pub fn analyse(source: Source, options: &Options) -> Analysis {
    let mut sessions = Vec::new();
    let mut analysis = analyse_with(source, options, |judged| sessions.push(judged));
    sessions.sort_by_key(|j| j.session.id);
    analysis.sessions = sessions;
    analysis
}

/// Who sees a capture's sessions while it is read.
pub trait Watcher {
    /// A session at its closing point.
    fn ended(&mut self, judged: Judged);

    /// Whether it is time to show how far everything is; asked every few hundred packets.
    fn due(&mut self) -> bool;

    /// How open sessions stand, and what was read so far.
    fn stand(&mut self, open: Vec<Arc<Judged>>, read: &CaptureFacts);
}

/// Sees only sessions at their closing points.
struct Sink<F>(F);

impl<F: FnMut(Judged)> Watcher for Sink<F> {
    fn ended(&mut self, judged: Judged) {
        (self.0)(judged);
    }

    fn due(&mut self) -> bool {
        false
    }

    fn stand(&mut self, _: Vec<Arc<Judged>>, _: &CaptureFacts) {}
}

/// Reads a capture to its end and hands on each judged session at its closing point, in the order
/// of closing points. The analysis returned holds no sessions, only what was found over all of them.
pub fn analyse_with(source: Source, options: &Options, sink: impl FnMut(Judged)) -> Analysis {
    analyse_watched(source, options, &mut Sink(sink))
}

/// The same for somebody who wants to see it meanwhile.
pub fn analyse_watched(
    mut source: Source,
    options: &Options,
    watcher: &mut impl Watcher,
) -> Analysis {
    let mut analyser = Analyser::new(options);
    let mut packets = 0_u32;
    while let Some(packet) = source.next_packet() {
        analyser.packet(&packet);
        packets += 1;
        if analyser.waiting() >= BATCH {
            analyser.judged().into_iter().for_each(|j| watcher.ended(j));
        }
        if packets >= LOOK {
            packets = 0;
            if watcher.due() {
                analyser.judged().into_iter().for_each(|j| watcher.ended(j));
                watcher.stand(analyser.open_sessions(AT_A_TIME), source.facts());
            }
        }
    }
    analyser.finish();
    analyser.judged().into_iter().for_each(|j| watcher.ended(j));
    let mut capture = source.finish();
    capture.problems.extend(analyser.problems());
    for ((a, b), (client, server)) in analyser.engine().captured_twice() {
        let name = |file: u32| capture.files.get(file as usize).cloned().unwrap_or_default();
        let text = format!(
            "{} holds the connection {client} → {server} at the same time as {}: two captures of the \
             same packets are to be compared, not merged (compare; until then, --each)",
            name(*b),
            name(*a)
        );
        capture.problems.push(Problem { file: *b, offset: None, frame: None, text });
    }
    let findings = analyser.findings();
    Analysis { capture, overview: analyser.into_overview(), findings, ..Analysis::default() }
}
