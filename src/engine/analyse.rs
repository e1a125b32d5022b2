//! One pass over a capture: decode, follow, judge.

use super::{Analyser, Analysis, Options};
use crate::capture::{Problem, Source};
use crate::diagnose::Judged;

/// Finished sessions are judged in batches, so that threads have something to share.
const BATCH: usize = 512;

/// Reads a capture to its end and judges its sessions; returns them all, by id.
pub fn analyse(source: Source, options: &Options) -> Analysis {
    let mut sessions = Vec::new();
    let mut analysis = analyse_with(source, options, |judged| sessions.push(judged));
    sessions.sort_by_key(|j| j.session.id);
    analysis.sessions = sessions;
    analysis
}

/// Reads a capture to its end and hands on each judged session at its closing point, in the order
/// of closing points. The analysis returned holds no sessions and no findings.
pub fn analyse_with(
    mut source: Source,
    options: &Options,
    mut sink: impl FnMut(Judged),
) -> Analysis {
    let mut analyser = Analyser::new(options);
    while let Some(packet) = source.next_packet() {
        analyser.packet(&packet);
        if analyser.waiting() >= BATCH {
            analyser.judged().into_iter().for_each(&mut sink);
        }
    }
    analyser.finish();
    analyser.judged().into_iter().for_each(&mut sink);
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
    Analysis { capture, overview: analyser.into_overview(), ..Analysis::default() }
}
