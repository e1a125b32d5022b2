//! One pass over a capture: decode, follow, judge.

use rayon::prelude::*;

use super::{Analysis, Engine, Options, Overview};
use crate::capture::{Problem, Source};
use crate::decode::{Decoded, Decoder};
use crate::diagnose::{self, Judged, Learner};
use crate::session::Session;

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
/// of closing points. The analysis returned holds no sessions, only what was found over all of them.
pub fn analyse_with(
    mut source: Source,
    options: &Options,
    mut sink: impl FnMut(Judged),
) -> Analysis {
    let mut engine = Engine::new(&options.ports);
    let mut decoder = Decoder::new();
    let mut overview = Overview::default();
    let mut waiting: Vec<Session> = Vec::new();
    let mut learner = Learner::default();
    let mut sink = |judged: Judged| {
        learner.session(&judged);
        sink(judged);
    };
    while let Some(packet) = source.next_packet() {
        let at = packet.moment;
        match decoder.decode(&packet) {
            Decoded::Segment(segment) => {
                overview.segment(&segment);
                engine.segment(&segment, at);
            }
            Decoded::Icmp(error) => {
                overview.icmp_errors += 1;
                engine.icmp(&error, at);
            }
            other => {
                overview.other(&other, packet.link);
                engine.advance(at);
            }
        }
        if engine.has_finished() {
            waiting.append(&mut engine.take_finished());
            if waiting.len() >= BATCH {
                judge(&mut waiting, &mut sink);
            }
        }
    }
    engine.finish();
    waiting.append(&mut engine.take_finished());
    judge(&mut waiting, &mut sink);
    overview.missing_segments = engine.missing_segments();
    let mut capture = source.finish();
    capture.problems.extend(overview.unknown_links.iter().map(|(link, count)| Problem {
        file: 0,
        offset: None,
        frame: None,
        text: format!(
            "{count} packets of link type {} were left out: it is not one that ftpscope reads",
            link.name()
        ),
    }));
    for ((a, b), (client, server)) in engine.captured_twice() {
        let name = |file: u32| capture.files.get(file as usize).cloned().unwrap_or_default();
        let text = format!(
            "{} holds the connection {client} → {server} at the same time as {}: two captures of the \
             same packets are to be compared, not merged (compare; until then, --each)",
            name(*b),
            name(*a)
        );
        capture.problems.push(Problem { file: *b, offset: None, frame: None, text });
    }
    Analysis { capture, overview, findings: learner.findings(), ..Analysis::default() }
}

/// Rules see one session at a time, so a batch is judged on all threads of the current pool; the
/// order stays.
fn judge(waiting: &mut Vec<Session>, sink: &mut impl FnMut(Judged)) {
    let judged: Vec<Judged> =
        std::mem::take(waiting).into_par_iter().map(diagnose::judge).collect();
    judged.into_iter().for_each(sink);
}
