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

    /// The same, and what [`Half::sent`] does of its first bytes and its FIN, of a segment in its turn, see
    /// [`crate::tcp::in_turn`].
    #[inline(always)]
    pub(in crate::tcp) fn sent_in_turn(&mut self, s: &Segment<'_>, at: Moment) -> Payload {
        if s.payload_len > 0 && self.first_byte.is_none() {
            self.first_byte = Some(at);
            self.coverage.begin(self.highest);
        }
        let payload = self.sent_in_order(s, at);
        if s.flags.fin() {
            self.fin = Some(at);
            self.fin_offset = Some(self.highest);
        }
        payload
    }

    /// What [`Half::sent`] does of a first SYN, or SYN-ACK.
    pub(in crate::tcp) fn dials(&mut self, s: &Segment<'_>, at: Moment) {
        self.counted(s, at);
        self.numbered(s, at);
        (self.syn, self.last_syn, self.syns) = (Some(at), Some(at), 1);
        (self.isn, self.syn_options) = (Some(s.seq), s.syn_options);
        self.set_base(s.seq.plus(1));
    }

    /// The shifts by which two sides' windows are scaled: both must have offered to (RFC 7323, 2.2).
    #[inline]
    pub(in crate::tcp) fn scales(a: &Self, b: &Self) -> [u8; 2] {
        let scales = a.syn_options.window_scale.zip(b.syn_options.window_scale);
        scales.map_or([0; 2], |(a, b)| [a, b])
    }

    /// The other side acknowledged what was captured, up to so many bytes before the next one (none, or
    /// a negative number).
    #[inline(always)]
    pub(in crate::tcp) fn acknowledged_in_turn(&mut self, behind: i32, at: Moment) {
        let next = self.highest + u64::from(self.fin.is_some());
        if let Some(offset) = next.checked_add_signed(behind.into()) {
            self.acknowledged_in_order(offset, at);
        }
    }

    /// What [`Half::acknowledged`] does of what was captured.
    #[inline(always)]
    pub(in crate::tcp) fn acknowledged_in_order(&mut self, offset: u64, at: Moment) {
        if self.acked.is_none_or(|a| offset > a) && offset >= ORIGIN {
            self.acknowledged_up_to(offset, at);
        }
    }
}
