//! A segment as it is noted.

use crate::capture::{FrameRef, Moment, Timestamp};
use crate::decode::{Endpoint, Flags, Segment, Seq, SynOptions};

/// It is the responder's.
const RESPONDER: u8 = 0x01;
/// It has an IP identification.
const HAS_ID: u8 = 0x02;

/// A segment without what is known anyway: its sequence number, for it is the next one of its side, and
/// what it has in common with the others.
// Small: thousands of sessions have some, and caches are not large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Nanoseconds since the one noted before it.
    pub(super) nanos: u32,
    /// Packets of the capture since that one: less than 2^24.
    pub(super) packets: u32,
    pub(super) ack: Seq,
    pub(super) window: u16,
    /// 0 if there is none.
    pub(super) ip_id: u16,
    pub(super) checksum: u16,
    pub(super) payload_len: u16,
    pub(super) flags: Flags,
    pub(super) ttl: u8,
    /// Whose it is, and whether it has an IP identification.
    pub(super) marks: u8,
}

impl Record {
    /// Bytes that it takes.
    pub(super) const SIZE: usize = 24;

    #[inline(always)]
    pub(super) fn bytes(self) -> [u8; Self::SIZE] {
        let Self { nanos, packets, ack, window, ip_id, checksum, payload_len, flags, ttl, marks } =
            self;
        let first = u64::from(nanos) | u64::from(packets) << 32;
        let second = u64::from(ack.0) | u64::from(window) << 32 | u64::from(ip_id) << 48;
        let third = u64::from(checksum)
            | u64::from(payload_len) << 16
            | u64::from(flags.0) << 32
            | u64::from(ttl) << 40
            | u64::from(marks) << 48;
        let mut bytes = [0; Self::SIZE];
        for (to, number) in bytes.chunks_exact_mut(8).zip([first, second, third]) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// The record that begins `bytes`, which go on behind it.
    #[inline(always)]
    pub(super) fn next(bytes: &mut &[u8]) -> Option<Self> {
        let mut number = || {
            let (number, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Some(u64::from_le_bytes(*number))
        };
        let (first, second, third) = (number()?, number()?, number()?);
        Some(Self {
            nanos: first as u32,
            packets: (first >> 32) as u32,
            ack: Seq(second as u32),
            window: (second >> 32) as u16,
            ip_id: (second >> 48) as u16,
            checksum: third as u16,
            payload_len: (third >> 16) as u16,
            flags: Flags((third >> 32) as u8),
            ttl: (third >> 40) as u8,
            marks: (third >> 48) as u8,
        })
    }

    /// Of a segment that [`fits`], after the one at `last`.
    #[inline(always)]
    pub(super) fn of(s: &Segment<'_>, at: Moment, last: Moment, from: usize) -> Self {
        Self {
            nanos: at.time.nanos_after(last.time) as u32,
            packets: at.order.wrapping_sub(last.order) as u32,
            ack: s.ack,
            window: s.window,
            ip_id: s.ip_id.unwrap_or_default(),
            checksum: s.checksum,
            payload_len: s.payload_len as u16,
            flags: s.flags,
            ttl: s.ttl,
            marks: (from != 0) as u8 * RESPONDER + s.ip_id.is_some() as u8 * HAS_ID,
        }
    }

    /// Whose it is: 0 the initiator's, 1 the responder's.
    #[inline]
    pub(super) fn from(&self) -> usize {
        usize::from(self.marks & RESPONDER)
    }

    /// By how much it moves on its side's sequence numbers.
    #[inline]
    pub(super) fn length(&self) -> u32 {
        length(self.flags, self.payload_len.into())
    }

    #[inline]
    pub(super) fn payload_len(&self) -> usize {
        self.payload_len.into()
    }

    /// When it was, `last` being the one noted before it.
    #[inline]
    pub(super) fn moment(&self, last: Moment) -> Moment {
        let number = last.frame.number.wrapping_add(self.packets);
        Moment {
            order: last.order.wrapping_add(self.packets.into()),
            time: Timestamp::from_nanos(last.time.nanos().wrapping_add(self.nanos.into())),
            frame: FrameRef { number, ..last.frame },
        }
    }

    /// The segment, with what is not in here.
    #[inline(always)]
    pub(super) fn segment<'a>(
        &self,
        [initiator, responder]: [Endpoint; 2],
        seq: Seq,
        syn_options: SynOptions,
        payload: &'a [u8],
    ) -> Segment<'a> {
        let (src, dst) =
            if self.from() == 0 { (initiator, responder) } else { (responder, initiator) };
        Segment {
            src,
            dst,
            seq,
            ack: self.ack,
            flags: self.flags,
            window: self.window,
            ttl: self.ttl,
            ip_id: (self.marks & HAS_ID != 0).then_some(self.ip_id),
            checksum: self.checksum,
            syn_options: if self.flags.syn() { syn_options } else { SynOptions::default() },
            payload,
            payload_len: self.payload_len.into(),
        }
    }
}

/// Whether a segment is one that a record can say, after the one at `last`: whole, of the same file, and
/// not long after.
#[inline(always)]
pub(super) fn fits(s: &Segment<'_>, at: Moment, last: Moment) -> bool {
    let packets = at.order.wrapping_sub(last.order);
    s.payload.len() as u64 == u64::from(s.payload_len)
        && s.payload_len <= u32::from(u16::MAX)
        && at.time >= last.time
        && at.time.nanos_after(last.time) <= u64::from(u32::MAX)
        && packets < 1 << 24
        && at.frame.file == last.frame.file
        && at.frame.number.wrapping_sub(last.frame.number) == packets as u32
}

/// What a segment takes of its side's sequence numbers.
#[inline]
pub(super) fn length(flags: Flags, payload_len: u32) -> u32 {
    payload_len + u32::from(flags.syn()) + u32::from(flags.fin())
}
