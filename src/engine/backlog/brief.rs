//! What is noted in fewer bytes still, at rest: what is as the segments before let expect is left out.

use super::record::Record;
use crate::decode::{Flags, Seq};

/// It acknowledges something else than all that the other side sent.
const ACK: u8 = 0x01;
/// Another window than this side's segment before.
const WINDOW: u8 = 0x02;
/// Another IP identification than the one after the segment before.
const IP_ID: u8 = 0x04;
const PAYLOAD: u8 = 0x08;
const TTL: u8 = 0x10;
/// The two highest bits are the record's own marks.
const MARKS: u8 = 6;

/// What a side's next segment is likely to say.
#[derive(Clone, Copy)]
struct Likely {
    next: Seq,
    window: u16,
    ip_id: u16,
    ttl: u8,
}

/// Both sides, whose first sequence numbers these are.
fn sides(began: [Seq; 2]) -> [Likely; 2] {
    began.map(|next| Likely { next, window: 0, ip_id: 0, ttl: 0 })
}

impl Likely {
    fn of(r: &Record, next: Seq) -> Self {
        Self {
            next: next.plus(r.length()),
            window: r.window,
            ip_id: r.ip_id.wrapping_add(1),
            ttl: r.ttl,
        }
    }
}

/// Records, each with its payload behind it if `text`, in brief.
pub(super) fn written(mut noted: &[u8], text: bool, began: [Seq; 2]) -> Vec<u8> {
    let mut out = Vec::with_capacity(noted.len());
    let mut sides = sides(began);
    while let Some(r) = Record::next(&mut noted) {
        let other = sides[1 - r.from()];
        let own = &mut sides[r.from()];
        let fields: [(u8, bool, u32, usize); 5] = [
            (ACK, r.ack != other.next, r.ack.0, 4),
            (WINDOW, r.window != own.window, r.window.into(), 2),
            (IP_ID, r.ip_id != own.ip_id, r.ip_id.into(), 2),
            (PAYLOAD, r.payload_len > 0, r.payload_len.into(), 2),
            (TTL, r.ttl != own.ttl, r.ttl.into(), 1),
        ];
        let there = fields.iter().filter(|f| f.1).map(|f| f.0).sum::<u8>();
        let [p0, p1, p2, _] = r.packets.to_le_bytes();
        out.extend_from_slice(&[there | r.marks << MARKS, r.flags.0, p0, p1, p2]);
        out.extend_from_slice(&r.nanos.to_le_bytes());
        out.extend_from_slice(&r.checksum.to_le_bytes());
        for (_, _, value, len) in fields.iter().filter(|f| f.1) {
            out.extend(value.to_le_bytes().iter().take(*len));
        }
        if text {
            let payload = noted.split_off(..r.payload_len()).unwrap_or_default();
            out.extend_from_slice(payload);
        }
        *own = Likely::of(&r, own.next);
    }
    out
}

/// What [`written`] was given; `None` of other bytes.
pub(super) fn read(mut brief: &[u8], text: bool, began: [Seq; 2]) -> Option<Vec<u8>> {
    let mut noted = Vec::with_capacity(brief.len() * 2);
    let mut sides = sides(began);
    while let Some(([mask, flags, p0, p1, p2, n0, n1, n2, n3, c0, c1], rest)) =
        brief.split_first_chunk()
    {
        brief = rest;
        let marks = mask >> MARKS;
        let mut field = |bit: u8, len: usize, likely: u32| {
            if mask & bit == 0 {
                return Some(likely);
            }
            let mut value = [0; 4];
            value.get_mut(..len)?.copy_from_slice(brief.split_off(..len)?);
            Some(u32::from_le_bytes(value))
        };
        let from = usize::from(marks & 1);
        let (own, other) = (sides[from], sides[1 - from]);
        let r = Record {
            nanos: u32::from_le_bytes([*n0, *n1, *n2, *n3]),
            packets: u32::from_le_bytes([*p0, *p1, *p2, 0]),
            ack: Seq(field(ACK, 4, other.next.0)?),
            window: field(WINDOW, 2, own.window.into())? as u16,
            ip_id: field(IP_ID, 2, own.ip_id.into())? as u16,
            payload_len: field(PAYLOAD, 2, 0)? as u16,
            ttl: field(TTL, 1, own.ttl.into())? as u8,
            checksum: u16::from_le_bytes([*c0, *c1]),
            flags: Flags(*flags),
            marks,
        };
        noted.extend_from_slice(&r.bytes());
        if text {
            noted.extend_from_slice(brief.split_off(..r.payload_len())?);
        }
        sides[from] = Likely::of(&r, own.next);
    }
    Some(noted)
}
