//! A pass over a capture that somebody watches: what is open is shown while it is read.

use std::sync::Arc;

use super::analyse::{threads, whole};
use super::{Analyser, Analysis, Options};
use crate::capture::{CaptureFacts, Source};
use crate::diagnose::Judged;

/// Finished sessions are judged in batches, so that threads have something to share.
const BATCH: usize = 512;
/// Packets between two questions whether somebody wants to see how far it is.
const LOOK: u32 = 256;
/// Open sessions that are judged anew for it.
const AT_A_TIME: usize = 1000;

/// Who sees a capture's sessions while it is read.
pub trait Watcher {
    /// A session at its closing point.
    fn ended(&mut self, judged: Judged);

    /// Whether it is time to show how far everything is; asked every few hundred packets.
    fn due(&mut self) -> bool;

    /// How open sessions stand, and what was read so far.
    fn stand(&mut self, open: Vec<Arc<Judged>>, read: &CaptureFacts);
}

/// The same as [`super::analyse_with`], for somebody who wants to see it meanwhile. Open sessions stay
/// at hand, so memory follows them more closely than there.
pub fn analyse_watched(
    mut source: Source,
    options: &Options,
    watcher: &mut impl Watcher,
) -> Analysis {
    if threads() > 1 {
        source.read_ahead();
    }
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
                watcher.stand(analyser.open_sessions(AT_A_TIME), &source.facts());
            }
        }
    }
    analyser.finish();
    analyser.judged().into_iter().for_each(|j| watcher.ended(j));
    let findings = analyser.findings();
    whole(source, analyser, findings)
}
