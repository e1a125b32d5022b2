//! A segment in few bytes: what is as the segments before let expect is left out.

use crate::capture::{FrameRef, Moment, Timestamp};
use crate::decode::{Segment, Seq};
use crate::pack::packed;

/// Bytes of a record at most, without payload.
pub(super) const LONGEST: usize = 32;

/// The responder's.
const RESPONDER: u8 = 0x01;
/// It acknowledges something else than all that the other side sent.
const OTHER_ACK: u8 = 0x02;
/// Another window than this side's segment before.
const OTHER_WINDOW: u8 = 0x04;
/// Another IP identification than the one after the segment before.
const OTHER_ID: u8 = 0x08;
const PAYLOAD: u8 = 0x10;
/// Another byte says what else is there.
const RARE: u8 = 0x20;

/// No IP identification, though the segment before had one.
const NO_ID: u8 = 0x01;
const OTHER_TTL: u8 = 0x02;
/// More than four seconds after the packet before.
const LATE: u8 = 0x04;
/// More than 65,535 packets after it.
const FAR: u8 = 0x08;
/// Less payload captured than there was.
const CUT: u8 = 0x10;

/// What a side's next segment is expected to say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Speech {
    pub(super) next: Seq,
    window: u16,
    ip_id: Option<u16>,
    ttl: u8,
}

impl From<Seq> for Speech {
    fn from(next: Seq) -> Self {
        Self { next, ..Self::default() }
    }
}

impl Speech {
    fn next_id(self) -> Option<u16> {
        self.ip_id.map(|id| id.wrapping_add(1))
    }

    fn advance(&mut self, flags: u8, payload_len: u32) {
        self.next = self.next.plus(payload_len + u32::from(flags & 1) + u32::from(flags >> 1 & 1));
    }
}

/// A segment to be written.
pub(super) struct Record<'a, 'b> {
    pub(super) from: usize,
    pub(super) s: &'a Segment<'b>,
    /// The packet before.
    pub(super) since: Moment,
    pub(super) at: Moment,
    /// All that the other side has sent.
    pub(super) acked: Seq,
}

/// Fills bytes from their beginning; there are enough.
struct Writer<'a> {
    to: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(place) = self.to.get_mut(self.len..).and_then(|to| to.first_chunk_mut()) {
            *place = bytes;
            self.len += N;
        }
    }
}

impl Record<'_, '_> {
    /// Writes it to the beginning of `to`, in at most [`LONGEST`] bytes; how many.
    #[inline]
    pub(super) fn write(&self, own: &mut Speech, to: &mut [u8]) -> usize {
        let Self { from, s, since, at, acked } = self;
        let mut mask = if *from == 0 { 0 } else { RESPONDER };
        let mut rare = 0;
        let expected = if s.flags.ack() { *acked } else { Seq(0) };
        if s.ack != expected {
            mask |= OTHER_ACK;
        }
        if s.window != own.window {
            mask |= OTHER_WINDOW;
        }
        if s.ip_id != own.next_id() {
            match s.ip_id {
                Some(_) => mask |= OTHER_ID,
                None => rare |= NO_ID,
            }
        }
        if s.payload_len > 0 {
            mask |= PAYLOAD;
        }
        if s.ttl != own.ttl {
            rare |= OTHER_TTL;
        }
        let nanos = at.time.nanos_after(since.time);
        let steps = at.order.wrapping_sub(since.order);
        if nanos > u64::from(u32::MAX) {
            rare |= LATE;
        }
        if steps > u64::from(u16::MAX) {
            rare |= FAR;
        }
        if s.payload.len() as u64 != u64::from(s.payload_len) {
            rare |= CUT;
        }
        if rare != 0 {
            mask |= RARE;
        }
        let mut out = Writer { to, len: 0 };
        let [c0, c1] = s.checksum.to_le_bytes();
        let [t0, t1, t2, t3] = (nanos as u32).to_le_bytes();
        let [o0, o1] = (steps as u16).to_le_bytes();
        out.put([mask, s.flags.0, t0, t1, t2, t3, o0, o1, c0, c1]);
        if mask & PAYLOAD != 0 {
            out.put((s.payload_len as u16).to_le_bytes());
        }
        if mask & OTHER_ACK != 0 {
            out.put(s.ack.0.to_le_bytes());
        }
        if mask & OTHER_WINDOW != 0 {
            out.put(s.window.to_le_bytes());
        }
        if mask & OTHER_ID != 0 {
            out.put(s.ip_id.unwrap_or_default().to_le_bytes());
        }
        if mask & RARE != 0 {
            out.put([rare]);
            if rare & OTHER_TTL != 0 {
                out.put([s.ttl]);
            }
            if rare & LATE != 0 {
                out.put(((nanos >> 32) as u32).to_le_bytes());
            }
            if rare & FAR != 0 {
                out.put(((steps >> 16) as u32).to_le_bytes());
            }
            if rare & CUT != 0 {
                out.put((s.payload.len() as u16).to_le_bytes());
            }
        }
        *own = Speech { next: s.seq, window: s.window, ip_id: s.ip_id, ttl: s.ttl };
        own.advance(s.flags.0, s.payload_len);
        out.len
    }
}

/// A segment that was written.
pub(super) struct Read<'a> {
    pub(super) from: usize,
    pub(super) flags: u8,
    pub(super) seq: Seq,
    pub(super) ack: Seq,
    pub(super) window: u16,
    pub(super) ttl: u8,
    pub(super) ip_id: Option<u16>,
    pub(super) checksum: u16,
    pub(super) payload: &'a [u8],
    pub(super) payload_len: u32,
}

/// Reads what was written.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
    /// The packet read last, or the one before the first.
    pub(super) at: Moment,
}

/// Stands for payload that is not kept.
static UNKEPT: [u8; 65_535] = [0; 65_535];

impl<'a> Reader<'a> {
    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }

    /// The next segment, whose payload was written with it if `TEXT`. `None` at the end.
    #[inline]
    pub(super) fn next<const TEXT: bool>(&mut self, sides: &mut [Speech; 2]) -> Option<Read<'a>> {
        let [mask, flags, t0, t1, t2, t3, o0, o1, c0, c1] = self.take()?;
        let from = usize::from(mask & RESPONDER);
        let mut nanos = u64::from(u32::from_le_bytes([t0, t1, t2, t3]));
        let mut steps = u64::from(u16::from_le_bytes([o0, o1]));
        let mut payload_len = 0;
        if mask & PAYLOAD != 0 {
            payload_len = u16::from_le_bytes(self.take()?);
        }
        let acks = flags & 0x10 != 0;
        let mut ack = if acks { sides.get(1 - from)?.next } else { Seq(0) };
        let own = sides.get_mut(from)?;
        if mask & OTHER_ACK != 0 {
            ack = Seq(u32::from_le_bytes(self.take()?));
        }
        if mask & OTHER_WINDOW != 0 {
            own.window = u16::from_le_bytes(self.take()?);
        }
        own.ip_id = if mask & OTHER_ID != 0 {
            Some(u16::from_le_bytes(self.take()?))
        } else {
            own.next_id()
        };
        let mut captured = payload_len;
        if mask & RARE != 0 {
            let [rare] = self.take()?;
            if rare & NO_ID != 0 {
                own.ip_id = None;
            }
            if rare & OTHER_TTL != 0 {
                [own.ttl] = self.take()?;
            }
            if rare & LATE != 0 {
                nanos |= u64::from(u32::from_le_bytes(self.take()?)) << 32;
            }
            if rare & FAR != 0 {
                steps |= u64::from(u32::from_le_bytes(self.take()?)) << 16;
            }
            if rare & CUT != 0 {
                captured = u16::from_le_bytes(self.take()?);
            }
        }
        let kept = if TEXT { &mut self.rest } else { &mut &UNKEPT[..] };
        let payload = kept.split_off(..usize::from(captured))?;
        let Moment { order, time, frame } = self.at;
        self.at = Moment {
            order: order.wrapping_add(steps),
            time: Timestamp::from_nanos(time.nanos().wrapping_add_unsigned(nanos)),
            frame: FrameRef { number: frame.number.wrapping_add(steps as u32), ..frame },
        };
        let payload_len = u32::from(payload_len);
        let seq = own.next;
        own.advance(flags, payload_len);
        let checksum = u16::from_le_bytes([c0, c1]);
        let Speech { window, ip_id, ttl, .. } = *own;
        Some(Read { from, flags, seq, ack, window, ttl, ip_id, checksum, payload, payload_len })
    }
}

packed!(Speech { next, window, ip_id, ttl });
