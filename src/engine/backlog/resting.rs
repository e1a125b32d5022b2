//! Notes at rest: what they begin with in one piece of always the same length, and the records behind it.

use std::net::{IpAddr, Ipv4Addr};

use super::{Backlog, Expected, Stage};
use crate::capture::Timestamp;
use crate::decode::{Endpoint, Seq, SynOptions};
use crate::pack::{Pack, Packer, Unpacker, packed, packed_enum};

/// Bytes of what notes of a connection over IPv4 begin with.
const HEAD: usize = 84;

/// Numbers, one behind the other.
struct Row {
    bytes: [u8; HEAD],
    at: usize,
}

impl Row {
    #[inline(always)]
    fn put<const N: usize>(&mut self, number: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(self.at..self.at + N) {
            place.copy_from_slice(&number);
        }
        self.at += N;
    }

    #[inline(always)]
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let place = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        self.at += N;
        place.copied().unwrap_or([0; N])
    }
}

fn v4(end: Endpoint) -> Option<Ipv4Addr> {
    match end.ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

impl<const ROOM: usize, const TEXT: bool> Backlog<ROOM, TEXT> {
    /// All but stage and records; `None` of anything but IPv4.
    #[inline(always)]
    fn head(&self) -> Option<[u8; HEAD]> {
        let Self { last, next, stage: _, fins, used: _, ends, base, began, options, bytes: _ } =
            self;
        let mut row = Row { bytes: [0; HEAD], at: 0 };
        for at in [base, last] {
            row.put(at.order.to_le_bytes());
            row.put(at.time.nanos().to_le_bytes());
            row.put(at.frame.number.to_le_bytes());
        }
        if base.frame.file != last.frame.file {
            return None;
        }
        row.put(base.frame.file.to_le_bytes());
        for side in 0..2 {
            row.put(v4(ends[side])?.octets());
            row.put(ends[side].port.to_le_bytes());
            row.put(began[side].0.to_le_bytes());
            let Expected { seq, window, ttl } = next[side];
            row.put(seq.0.to_le_bytes());
            row.put(window.to_le_bytes());
            let SynOptions { mss, window_scale, sack } = options[side];
            row.put(mss.unwrap_or_default().to_le_bytes());
            // Bits of what may be there or not; shifts go up to 14, and what is beyond is said otherwise.
            let scale = window_scale.unwrap_or_default();
            let marks = [mss.is_some(), window_scale.is_some(), sack, fins[side]];
            let marks = marks.iter().fold(0, |all, mark| all << 1 | u8::from(*mark));
            if scale > 15 {
                return None;
            }
            row.put([marks << 4 | scale]);
            row.put([ttl]);
        }
        Some(row.bytes)
    }

    /// Fills in what [`Backlog::head`] wrote.
    #[inline(always)]
    fn set_head(&mut self, head: [u8; HEAD]) {
        let mut row = Row { bytes: head, at: 0 };
        for at in [&mut self.base, &mut self.last] {
            at.order = u64::from_le_bytes(row.take());
            at.time = Timestamp::from_nanos(i64::from_le_bytes(row.take()));
            at.frame.number = u32::from_le_bytes(row.take());
        }
        let file = u32::from_le_bytes(row.take());
        (self.base.frame.file, self.last.frame.file) = (file, file);
        for side in 0..2 {
            let ip = Ipv4Addr::from(row.take::<4>());
            self.ends[side] = Endpoint::new(ip.into(), u16::from_le_bytes(row.take()));
            self.began[side] = Seq(u32::from_le_bytes(row.take()));
            let seq = Seq(u32::from_le_bytes(row.take()));
            let window = u16::from_le_bytes(row.take());
            let mss = u16::from_le_bytes(row.take());
            let [marks] = row.take();
            let [ttl] = row.take();
            self.next[side] = Expected { seq, window, ttl };
            self.options[side] = SynOptions {
                mss: (marks & 0x80 != 0).then_some(mss),
                window_scale: (marks & 0x40 != 0).then_some(marks & 0x0f),
                sack: marks & 0x20 != 0,
            };
            self.fins[side] = marks & 0x10 != 0;
        }
    }
}

packed_enum!(Stage { 0 => Closed, 1 => Dialled, 2 => Answered, 3 => Open });
packed!(Expected { seq, window, ttl });

impl<const ROOM: usize, const TEXT: bool> Pack for Backlog<ROOM, TEXT> {
    fn pack(&self, to: &mut Packer) {
        self.stage.pack(to);
        if self.stage == Stage::Closed {
            return;
        }
        let head = self.head();
        head.is_some().pack(to);
        match head {
            Some(head) => to.raw(&head),
            None => {
                (self.base, self.last).pack(to);
                for side in 0..2 {
                    self.ends[side].pack(to);
                    (self.began[side], self.next[side], self.options[side]).pack(to);
                    self.fins[side].pack(to);
                }
            }
        }
        to.blob(self.noted());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Self::unpack_boxed(from).map(|boxed| *boxed)
    }

    fn unpack_boxed(from: &mut Unpacker<'_>) -> Option<Box<Self>> {
        let mut new = Box::<Self>::default();
        // Not the box's own, which would come back here.
        Self::unpack_to(&mut new, from)?;
        Some(new)
    }

    fn unpack_to(&mut self, from: &mut Unpacker<'_>) -> Option<()> {
        self.stage = Pack::unpack(from)?;
        if self.stage == Stage::Closed {
            return Some(());
        }
        if Pack::unpack(from)? {
            self.set_head(from.raw()?);
        } else {
            (self.base, self.last) = Pack::unpack(from)?;
            for side in 0..2 {
                self.ends[side] = Pack::unpack(from)?;
                (self.began[side], self.next[side], self.options[side]) = Pack::unpack(from)?;
                self.fins[side] = Pack::unpack(from)?;
            }
        }
        let noted = from.blob()?;
        self.bytes.get_mut(..noted.len())?.copy_from_slice(noted);
        self.used = noted.len() as u16;
        Some(())
    }
}
