//! Decoding: the records of a file are walked and decoded, a window of its bytes at a time; the engine finds
//! the headers read, and payload where it stands. Others may do that ahead: of a file those that read its
//! pieces, as scouts; of anything else one thread for all.

mod batch;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(super) use self::batch::{Batch, Filling, Item};
use super::brief::Bytes;
use super::scout::Decodes;
use crate::ahead::{Ahead, Maker};
use crate::capture::{Packet, Source};
use crate::decode::Decoder;

/// Decodes the packets of a source.
pub(super) struct Decoding {
    /// Not there any more at its end.
    source: Option<Source>,
    decoder: Decoder,
    /// The source stands at a packet that is in no batch yet.
    pending: bool,
    /// Scouts are to be sent out.
    scouts: bool,
}

impl Decoding {
    /// Has a source's packets decoded ahead, of which the windows are kept.
    pub(super) fn ahead(source: Source) -> Ahead<Self> {
        Ahead::new(vec![Self::here(source)], false)
    }

    /// Decodes a source's packets, of which the windows are kept.
    pub(super) fn here(source: Source) -> Self {
        Self { source: Some(source), decoder: Decoder::new(), pending: false, scouts: false }
    }

    /// Decodes the packets of a source that [`Source::can_be_scouted`].
    pub(super) fn scouted(source: Source) -> Self {
        Self { scouts: true, ..Self::here(source) }
    }

    /// Fills a batch with the packets of one window. `false` at the end of the source.
    fn fill(&mut self, source: &mut Source, batch: &mut Batch) -> bool {
        loop {
            if !std::mem::take(&mut self.pending) {
                let more = source.move_on();
                if let Some(left) = source.left_window() {
                    if !batch.is_empty() || !more {
                        self.pending = more;
                        batch.set_window(left);
                        return more;
                    }
                    source.give_back(left, None);
                }
                if !more {
                    return false;
                }
            }
            if batch.is_empty() && self.take_scouted(source, batch) {
                return true;
            }
            let window = Bytes::of(source.window());
            let mut filling = Filling { decoder: Some(&mut self.decoder), batch, window };
            let Some(packet) = source.here() else { return false };
            filling.other(&packet);
            source.rest(&mut filling);
        }
    }

    /// Takes the current packet, and what a scout made of those behind it, if one did.
    fn take_scouted(&mut self, source: &mut Source, batch: &mut Batch) -> bool {
        let Some(Packet { moment, link, wire_len, data }) = source.here() else { return false };
        let Some(from) = Bytes::of(source.window()).place_of(data) else { return false };
        let at = from as usize..from as usize + data.len();
        let Some((found, window)) = source.scouted::<Batch>() else { return false };
        *batch = *found;
        batch.complete(&mut self.decoder, window, (moment, link, wire_len), at);
        true
    }
}

impl Maker for Decoding {
    type Made = Batch;
    type Used = Batch;

    fn make(&mut self, _: u64, used: Option<Batch>) -> Batch {
        let mut batch = used.unwrap_or_default();
        let Some(mut source) = self.source.take() else { return batch };
        batch.give_back(&mut source);
        if std::mem::take(&mut self.scouts) {
            self.pending = source.move_on();
            source.scout(Arc::new(Decodes));
        }
        if self.fill(&mut source, &mut batch) {
            self.source = Some(source);
        } else {
            batch.over = Some(source);
        }
        batch
    }

    fn is_last(batch: &Batch) -> bool {
        batch.over.is_some()
    }
}
