//! The steady part of a connection: both SYNs were captured, and since then all bytes in order, each once.
//! Nearly every segment of nearly every connection comes then, and most questions need not be asked
//! of it.

use super::{Connection, Half, Payload};
use crate::capture::{FrameRef, Moment, Timestamp};
use crate::decode::Segment;
use crate::pack::{Pack, Packer, Unpacker};

/// The shifts by which the initiator's and the responder's windows are scaled, when the connection is
/// steady.
#[derive(Clone, Copy, Default)]
pub(super) struct Steady(Option<[u8; 2]>);

const ACK: u8 = 0x10;
/// SYN, FIN, RST and ACK.
const TELLING: u8 = 0x17;

impl Connection {
    /// Takes note of a segment, and says what its payload is to its direction.
    #[inline(always)]
    pub fn segment(&mut self, s: &Segment<'_>, at: Moment) -> Payload {
        self.segment_at(s, at.order, at.time, at.frame)
    }

    // The moment comes in parts, in registers: out of memory it would be read as a whole, and wait for
    // all of its parts to be there.
    #[inline(never)]
    fn segment_at(
        &mut self,
        s: &Segment<'_>,
        order: u64,
        time: Timestamp,
        frame: FrameRef,
    ) -> Payload {
        if let Some(payload) = self.in_order(s, Moment { order, time, frame }) {
            return payload;
        }
        self.long_way(s, Moment { order, time, frame })
    }

    #[inline(never)]
    fn long_way(&mut self, s: &Segment<'_>, at: Moment) -> Payload {
        let payload = self.any_segment(s, at);
        self.steady = self.how_it_stands();
        payload
    }

    #[inline]
    fn how_it_stands(&self) -> Steady {
        let (a, b) = (&self.from_initiator, &self.from_responder);
        if self.established.is_none() || !a.is_steady() || !b.is_steady() {
            return Steady(None);
        }
        Steady(Some(Half::scales(a, b)))
    }

    /// Does all that [`Connection::any_segment`] does of a segment that is the next one of its side in a
    /// steady connection, and leaves it steady. `None`, and nothing is done, of any other.
    #[inline(always)]
    pub fn in_order(&mut self, s: &Segment<'_>, at: Moment) -> Option<Payload> {
        let [initiator, responder] = self.steady.0?;
        let (own, other, scale) = if s.is_from(&self.initiator, &self.responder) {
            (&mut self.from_initiator, &mut self.from_responder, initiator)
        } else {
            (&mut self.from_responder, &mut self.from_initiator, responder)
        };
        if s.flags.0 & TELLING != ACK || s.window == 0 || !own.continues(s) {
            return None;
        }
        let acknowledged = other.known(s.ack)?;
        if own.prints.knows(s, at) {
            self.duplicates += 1;
            return Some(Payload::None);
        }
        self.last = at;
        let payload = own.sent_in_order(s, at);
        own.windows.advertise(s.window, scale);
        own.fills_window(payload, s, other, at);
        other.acknowledged_in_order(acknowledged, at);
        Some(payload)
    }
}

#[cfg(test)]
impl Connection {
    /// This segment would be taken the short way.
    pub(super) fn in_order_now(&self, s: &Segment<'_>) -> bool {
        self.clone().in_order(s, Moment::default()).is_some()
    }
}

impl Pack for Steady {
    // Seen again at the next segment.
    fn pack(&self, _: &mut Packer) {}

    fn unpack(_: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self::default())
    }
}

impl std::fmt::Debug for Steady {
    // No fact of the connection.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Steady")
    }
}
