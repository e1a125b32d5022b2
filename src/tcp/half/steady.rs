//! A direction of a steady connection, see [`crate::tcp::steady`]: here `highest` is the end of what was
//! captured, without a hole from the SYN on.

use super::{Half, ORIGIN, Payload};
use crate::capture::Moment;
use crate::decode::{Segment, Seq};

impl Half {
    /// Its SYN was captured, all bytes since then in order, and nothing that is rare.
    #[inline]
    pub(in crate::tcp) fn is_steady(&self) -> bool {
        self.syns > 0
            && self.base.is_some()
            && self.fin.is_none()
            && self.rare.is_none()
            && self.shift.is_none()
            && self.coverage.whole_end().or(self.stream_start()) == Some(self.highest)
    }

    /// The sequence number of its next byte.
    #[inline(always)]
    fn next_seq(&self) -> Seq {
        self.base.unwrap_or_default().plus((self.highest - ORIGIN) as u32)
    }

    /// This is its next segment: without payload, or not the first with it.
    #[inline(always)]
    pub(in crate::tcp) fn continues(&self, s: &Segment<'_>) -> bool {
        s.seq == self.next_seq() && (s.payload_len == 0 || self.first_byte.is_some())
    }

    /// The offset of what the other side acknowledges, if it was captured.
    #[inline(always)]
    pub(in crate::tcp) fn known(&self, ack: Seq) -> Option<u64> {
        let behind = ack.distance(self.next_seq());
        if behind > 0 { None } else { self.highest.checked_add_signed(behind.into()) }
    }

    /// What [`Half::sent`] does of its next segment.
    #[inline(always)]
    pub(in crate::tcp) fn sent_in_order(&mut self, s: &Segment<'_>, at: Moment) -> Payload {
        self.counted(s, at);
        self.numbered(s, at);
        if s.payload_len == 0 {
            return Payload::None;
        }
        let offset = self.highest;
        self.coverage.grow(s.payload_len.into());
        self.new_bytes((offset, offset + u64::from(s.payload_len)), s.payload_len, at);
        Payload::New(offset)
    }

    /// What [`Half::acknowledged`] does of what was captured.
    #[inline(always)]
    pub(in crate::tcp) fn acknowledged_in_order(&mut self, offset: u64, at: Moment) {
        if self.acked.is_none_or(|a| offset > a) && offset >= ORIGIN {
            self.acknowledged_up_to(offset, at);
        }
    }
}
