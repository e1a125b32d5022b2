//! A segment as it is noted.

use crate::capture::{FrameRef, Moment, Timestamp};
use crate::decode::{Endpoint, Flags, Segment, Seq, SynOptions};
use crate::pack::{Pack, Packer, Unpacker};

/// It is the responder's.
const RESPONDER: u8 = 0x01;
/// It has an IP identification.
const HAS_ID: u8 = 0x02;

/// A segment without what is known anyway: its sequence number, for it is the next one of its side, and
/// what it has in common with the others.
// Small: thousands of sessions have some, and caches are not large.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    /// Nanoseconds since the one noted before it.
    nanos: u32,
    /// Packets of the capture since that one.
    packets: u32,
    ack: Seq,
    window: u16,
    ip_id: u16,
    checksum: u16,
    payload_len: u16,
    flags: Flags,
    ttl: u8,
    marks: u8,
}

impl Record {
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
        && packets <= u64::from(u32::MAX)
        && at.frame.file == last.frame.file
        && at.frame.number.wrapping_sub(last.frame.number) == packets as u32
}

/// What a segment takes of its side's sequence numbers.
#[inline]
pub(super) fn length(flags: Flags, payload_len: u32) -> u32 {
    payload_len + u32::from(flags.syn()) + u32::from(flags.fin())
}

/// What a side's next segment is likely to say, so that packing needs to name only what is otherwise.
#[derive(Clone, Copy)]
struct Likely {
    next: Seq,
    window: u16,
    ip_id: u16,
    ttl: u8,
}

/// Packs the records of a connection whose sides' first sequence numbers are these.
pub(super) fn pack(records: &[Record], began: [Seq; 2], to: &mut Packer) {
    to.number(records.len() as u64);
    let mut sides = began.map(|next| Likely { next, window: 0, ip_id: 0, ttl: 0 });
    for r in records {
        let Record { nanos, packets, ack, window, ip_id, checksum, payload_len, flags, ttl, marks } =
            *r;
        let other = sides[1 - r.from()].next;
        let own = &mut sides[r.from()];
        to.number(nanos.into());
        to.number(packets.into());
        to.number((marks ^ HAS_ID).into());
        to.number((flags.0 ^ 0x10).into());
        to.number(ack.0.wrapping_sub(other.0).into());
        to.number((window ^ own.window).into());
        to.number(ip_id.wrapping_sub(own.ip_id).wrapping_sub(1).into());
        to.number((ttl ^ own.ttl).into());
        to.raw(&checksum.to_le_bytes());
        to.number(payload_len.into());
        *own = Likely { next: own.next.plus(r.length()), window, ip_id, ttl };
    }
}

/// The records that were packed.
pub(super) fn unpack(began: [Seq; 2], from: &mut Unpacker<'_>) -> Option<Vec<Record>> {
    let count = from.number()?;
    let mut records = Vec::with_capacity(from.room(count));
    let mut sides = began.map(|next| Likely { next, window: 0, ip_id: 0, ttl: 0 });
    for _ in 0..count {
        let (nanos, packets) = Pack::unpack(from)?;
        let marks = u8::unpack(from)? ^ HAS_ID;
        let flags = Flags(u8::unpack(from)? ^ 0x10);
        let side = usize::from(marks & RESPONDER);
        let other = sides[1 - side].next;
        let own = &mut sides[side];
        let ack = other.plus(u32::unpack(from)?);
        let window = u16::unpack(from)? ^ own.window;
        let ip_id = u16::unpack(from)?.wrapping_add(own.ip_id).wrapping_add(1);
        let ttl = u8::unpack(from)? ^ own.ttl;
        let checksum = u16::from_le_bytes(from.raw()?);
        let payload_len = u16::unpack(from)?;
        let r =
            Record { nanos, packets, ack, window, ip_id, checksum, payload_len, flags, ttl, marks };
        *own = Likely { next: own.next.plus(r.length()), window, ip_id, ttl };
        records.push(r);
    }
    Some(records)
}
