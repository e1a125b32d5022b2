//! A segment in few bytes: what is as the segments before let expect is left out.

use crate::capture::{FrameRef, Moment, Timestamp};
use crate::decode::{Flags, Segment, Seq};

/// It is the responder's.
const RESPONDER: u8 = 0x01;
/// It has an IP identification.
const HAS_ID: u8 = 0x02;
/// It acknowledges something else than all that the other side sent.
const OTHER_ACK: u8 = 0x04;
/// Another window than that of this side's segment before.
const OTHER_WINDOW: u8 = 0x08;
const OTHER_TTL: u8 = 0x10;
/// It is otherwise than was expected.
const OTHER: u8 = OTHER_ACK | OTHER_WINDOW | OTHER_TTL;

/// Bytes that every record has.
const HEAD: usize = 15;
/// Bytes of a record at most, without payload.
pub(super) const LONGEST: usize = HEAD + 7;

/// What a side's next segment is expected to say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    /// Its sequence number.
    pub(super) seq: Seq,
    pub(super) window: u16,
    pub(super) ttl: u8,
}

impl From<Seq> for Expected {
    fn from(seq: Seq) -> Self {
        Self { seq, window: 0, ttl: 0 }
    }
}

impl Expected {
    #[inline(always)]
    fn after(seq: Seq, length: u32, window: u16, ttl: u8) -> Self {
        Self { seq: seq.plus(length), window, ttl }
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

/// What a segment is expected to acknowledge: all that the other side has sent, or, without the bit for
/// it, nothing.
#[inline(always)]
fn acknowledged(flags: Flags, other: Expected) -> Seq {
    if flags.ack() { other.seq } else { Seq(0) }
}

/// What a segment takes of its side's sequence numbers.
#[inline(always)]
fn length(flags: Flags, payload_len: u32) -> u32 {
    payload_len + u32::from(flags.syn()) + u32::from(flags.fin())
}

/// Writes a segment that [`fits`] to the beginning of `to`, where there is room for [`LONGEST`] bytes;
/// how many it took. The one before it was at `last`; `from` is 0 for the initiator's, 1 for the
/// responder's.
#[inline]
pub(super) fn write(
    s: &Segment<'_>,
    (at, last): (Moment, Moment),
    from: usize,
    sides: &mut [Expected; 2],
    to: &mut [u8],
) -> usize {
    let acked = acknowledged(s.flags, sides[1 - (from & 1)]);
    let own = &mut sides[from & 1];
    let ip_id = s.ip_id.unwrap_or_default();
    let nanos = at.time.nanos_after(last.time) as u32;
    let packets = at.order.wrapping_sub(last.order) as u32;
    let marks = from as u8 | u8::from(s.ip_id.is_some()) << 1;
    let low = u64::from(marks)
        | u64::from(s.flags.0) << 8
        | u64::from(s.checksum) << 16
        | u64::from(nanos) << 32;
    let high = u64::from(packets) | u64::from(s.payload_len) << 24 | u64::from(ip_id) << 40;
    let Some(to) = to.first_chunk_mut::<LONGEST>() else { return 0 };
    to[8..16].copy_from_slice(&high.to_le_bytes());
    let (mut mask, mut len) = (0, HEAD);
    if s.ack != acked || s.window != own.window || s.ttl != own.ttl {
        (mask, len) = other(s, acked, *own, to);
    }
    to[..8].copy_from_slice(&(low | u64::from(mask)).to_le_bytes());
    *own = Expected::after(s.seq, length(s.flags, s.payload_len), s.window, s.ttl);
    len
}

/// Writes what is otherwise than expected behind the rest; what that is, and how many bytes it is then.
#[inline(never)]
fn other(s: &Segment<'_>, acked: Seq, own: Expected, to: &mut [u8; LONGEST]) -> (u8, usize) {
    let (mut mask, mut len) = (0, HEAD);
    let mut put = |bit: u8, value: &[u8]| {
        mask |= bit;
        if let Some(place) = to.get_mut(len..len + value.len()) {
            place.copy_from_slice(value);
            len += value.len();
        }
    };
    if s.ack != acked {
        put(OTHER_ACK, &s.ack.0.to_le_bytes());
    }
    if s.window != own.window {
        put(OTHER_WINDOW, &s.window.to_le_bytes());
    }
    if s.ttl != own.ttl {
        put(OTHER_TTL, &[s.ttl]);
    }
    (mask, len)
}

/// A segment that was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Whose it is: 0 the initiator's, 1 the responder's.
    pub(super) from: usize,
    pub(super) payload_len: u16,
    /// Nanoseconds since the one noted before it.
    nanos: u32,
    /// Packets of the capture since that one.
    packets: u32,
    seq: Seq,
    ack: Seq,
    window: u16,
    ip_id: Option<u16>,
    checksum: u16,
    flags: Flags,
    ttl: u8,
}

/// The head of a record with little behind it.
#[cold]
fn last_head(bytes: &[u8]) -> Option<[u8; 16]> {
    let mut head = [0; 16];
    head.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(head)
}

/// Reads what is otherwise than expected of this side; the acknowledgment number.
#[inline(never)]
fn read_other(mask: u8, acked: Seq, own: &mut Expected, bytes: &mut &[u8]) -> Option<Seq> {
    fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (taken, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(*taken)
    }
    let mut ack = acked;
    if mask & OTHER_ACK != 0 {
        ack = Seq(u32::from_le_bytes(take(bytes)?));
    }
    if mask & OTHER_WINDOW != 0 {
        own.window = u16::from_le_bytes(take(bytes)?);
    }
    if mask & OTHER_TTL != 0 {
        [own.ttl] = take(bytes)?;
    }
    Some(ack)
}

impl Record {
    /// The one that begins `bytes`, which go on behind it; `sides` are as they were when it was written.
    #[inline(always)]
    pub(super) fn next(bytes: &mut &[u8], sides: &mut [Expected; 2]) -> Option<Self> {
        let padded;
        let head = match bytes.first_chunk::<16>() {
            Some(head) => head,
            None => {
                padded = last_head(bytes)?;
                &padded
            }
        };
        *bytes = bytes.get(HEAD..)?;
        let [low, high] = [head.first_chunk()?, head.last_chunk()?].map(|n| u64::from_le_bytes(*n));
        let mask = low as u8;
        let from = usize::from(mask & RESPONDER);
        let mut own = sides[from];
        let flags = Flags((low >> 8) as u8);
        let mut ack = acknowledged(flags, sides[1 - from]);
        if mask & OTHER != 0 {
            ack = read_other(mask, ack, &mut own, bytes)?;
        }
        let Expected { seq, window, ttl } = own;
        let payload_len = (high >> 24) as u16;
        sides[from] = Expected::after(seq, length(flags, payload_len.into()), window, ttl);
        Some(Self {
            from,
            payload_len,
            nanos: (low >> 32) as u32,
            packets: high as u32 & 0xff_ffff,
            seq,
            ack,
            window,
            ip_id: (mask & HAS_ID != 0).then_some((high >> 40) as u16),
            checksum: (low >> 16) as u16,
            flags,
            ttl,
        })
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

    /// Makes this side's segment before it this one, but for its payload.
    #[inline(always)]
    pub(super) fn make(&self, s: &mut Segment<'_>) {
        s.seq = self.seq;
        s.ack = self.ack;
        s.flags = self.flags;
        s.window = self.window;
        s.ttl = self.ttl;
        s.ip_id = self.ip_id;
        s.checksum = self.checksum;
        s.payload_len = self.payload_len.into();
    }
}
