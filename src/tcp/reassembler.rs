//! One direction of a control stream, put in order.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::capture::{Moment, Timestamp};
use crate::pack::packed;

/// A piece of a stream, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Bytes.
    Data {
        /// New bytes, in order.
        bytes: &'a [u8],
        /// The packet that first carried them.
        at: Moment,
        /// Stream offset after the segment.
        end: u64,
    },
    /// Bytes that the capture doesn't hold.
    Gap {
        /// How many.
        bytes: u64,
        /// The snap length cut them off a packet that is there; else they were lost.
        cut: bool,
        /// The packet that was cut, or that showed the hole.
        at: Moment,
        /// Stream offset after them.
        end: u64,
    },
}

#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    /// Length by the headers: more than `bytes` when the packet was cut.
    len: u64,
    at: Moment,
}

/// Puts the segments of one direction in order, each byte once, the first copy wins.
///
/// Bounded: what waits behind a hole is at most [`Reassembler::MAX_HELD`] bytes; then, or when the
/// receiver has acknowledged the hole and it isn't filled soon, it becomes a [`Chunk::Gap`].
#[derive(Debug, Default)]
pub struct Reassembler {
    next: Option<u64>,
    held: BTreeMap<u64, Held>,
    held_bytes: usize,
    /// When the oldest hole showed.
    hole_since: Option<Moment>,
    latest: Moment,
}

impl Reassembler {
    /// Bytes that may wait behind a hole.
    pub const MAX_HELD: usize = 128 * 1024;
    const MAX_SEGMENTS: usize = 256;
    /// How long an acknowledged hole may still be filled by a packet the capture has late.
    const ACKED_PATIENCE: Duration = Duration::from_millis(100);
    /// How long a hole nobody acknowledged (one direction captured) may be filled.
    const PATIENCE: Duration = Duration::from_secs(3);

    /// The stream begins at `offset` (after the SYN).
    pub fn start_at(&mut self, offset: u64) {
        self.next.get_or_insert(offset);
    }

    /// Something waits behind a hole; since when.
    pub fn waiting_since(&self) -> Option<Moment> {
        self.hole_since
    }

    /// The offset up to which the stream was handed on.
    pub fn position(&self) -> Option<u64> {
        self.next
    }

    /// Takes a segment: `bytes` captured of `len` sent, at `offset`. `acked` is what the receiver
    /// has acknowledged.
    #[inline]
    pub fn segment(
        &mut self,
        offset: u64,
        bytes: &[u8],
        len: u32,
        at: Moment,
        acked: Option<u64>,
        sink: &mut impl FnMut(Chunk<'_>),
    ) {
        self.latest = at;
        // Nearly always the next one, whole, with nothing behind a hole.
        if self.next == Some(offset) && self.held.is_empty() && bytes.len() as u64 == u64::from(len)
        {
            let end = offset + u64::from(len);
            self.next = Some(end);
            if !bytes.is_empty() {
                sink(Chunk::Data { bytes, at, end });
            }
            return;
        }
        self.any_segment((offset, len.into()), bytes, at, acked, sink);
    }

    #[inline(never)]
    fn any_segment(
        &mut self,
        (offset, len): (u64, u64),
        bytes: &[u8],
        at: Moment,
        acked: Option<u64>,
        sink: &mut impl FnMut(Chunk<'_>),
    ) {
        let next = *self.next.get_or_insert(offset);
        let end = offset + len;
        if end <= next {
            return;
        }
        if offset > next {
            self.hold(offset, bytes, len, at);
            self.give_up_holes(at.time, acked, sink);
            return;
        }
        let skip = next - offset;
        Self::emit(offset, skip, bytes, len, at, sink);
        self.next = Some(end);
        self.drain(sink);
        self.give_up_holes(at.time, acked, sink);
    }

    /// Lets time pass: a hole that waited long enough becomes a gap.
    pub fn tick(&mut self, now: Timestamp, acked: Option<u64>, sink: &mut impl FnMut(Chunk<'_>)) {
        if self.hole_since.is_some() {
            self.give_up_holes(now, acked, sink);
        }
    }

    /// No more will come: holes become gaps. `end` is where the stream is proven to reach.
    pub fn finish(&mut self, end: Option<u64>, sink: &mut impl FnMut(Chunk<'_>)) {
        while self.skip_to_held(sink) {}
        if let (Some(next), Some(end)) = (self.next, end)
            && end > next
        {
            let at = self.latest;
            sink(Chunk::Gap { bytes: end - next, cut: false, at, end });
            self.next = Some(end);
        }
    }

    fn emit(
        offset: u64,
        skip: u64,
        bytes: &[u8],
        len: u64,
        at: Moment,
        sink: &mut impl FnMut(Chunk<'_>),
    ) {
        let captured = bytes.len() as u64;
        let from = usize::try_from(skip).unwrap_or(usize::MAX);
        if let Some(new) = bytes.get(from..).filter(|b| !b.is_empty()) {
            sink(Chunk::Data { bytes: new, at, end: offset + len });
        }
        if captured < len {
            let bytes = len - captured.max(skip);
            sink(Chunk::Gap { bytes, cut: true, at, end: offset + len });
        }
    }

    fn hold(&mut self, offset: u64, bytes: &[u8], len: u64, at: Moment) {
        self.hole_since.get_or_insert(at);
        if self.held.get(&offset).is_some_and(|h| h.len >= len) {
            return;
        }
        self.held_bytes += bytes.len();
        if let Some(old) = self.held.insert(offset, Held { bytes: bytes.to_vec(), len, at }) {
            self.held_bytes -= old.bytes.len();
        }
    }

    /// Hands on what is held and now in order.
    fn drain(&mut self, sink: &mut impl FnMut(Chunk<'_>)) {
        let Some(mut next) = self.next else { return };
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > next {
                break;
            }
            let (offset, held) = entry.remove_entry();
            self.held_bytes -= held.bytes.len();
            let end = offset + held.len;
            if end > next {
                Self::emit(offset, next - offset, &held.bytes, held.len, held.at, sink);
                next = end;
            }
        }
        self.next = Some(next);
        self.hole_since = self.held.first_key_value().map(|(_, h)| h.at);
    }

    fn skip_to_held(&mut self, sink: &mut impl FnMut(Chunk<'_>)) -> bool {
        let (Some(next), Some((&offset, _))) = (self.next, self.held.first_key_value()) else {
            return false;
        };
        if offset > next {
            let at = self.held.first_key_value().map_or(self.latest, |(_, h)| h.at);
            sink(Chunk::Gap { bytes: offset - next, cut: false, at, end: offset });
            self.next = Some(offset);
        }
        self.drain(sink);
        !self.held.is_empty()
    }

    fn give_up_holes(
        &mut self,
        now: Timestamp,
        acked: Option<u64>,
        sink: &mut impl FnMut(Chunk<'_>),
    ) {
        while let (Some(since), Some((&offset, _))) = (self.hole_since, self.held.first_key_value())
        {
            let waited = now.since(since.time);
            let acknowledged = acked.is_some_and(|a| a >= offset);
            let full = self.held_bytes > Self::MAX_HELD || self.held.len() > Self::MAX_SEGMENTS;
            let patience = if acknowledged { Self::ACKED_PATIENCE } else { Self::PATIENCE };
            if !full && waited < patience {
                return;
            }
            self.skip_to_held(sink);
        }
    }
}

packed!(Reassembler { next, held_bytes, hole_since, latest } without { held });

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Moment {
        Moment {
            order: ms as u64 + 1,
            time: Timestamp::from_nanos(ms * 1_000_000),
            ..Moment::default()
        }
    }

    #[derive(Default)]
    struct Out {
        bytes: Vec<u8>,
        gaps: u64,
    }

    impl Out {
        fn sink(&mut self) -> impl FnMut(Chunk<'_>) + '_ {
            |c| match c {
                Chunk::Data { bytes, .. } => self.bytes.extend_from_slice(bytes),
                Chunk::Gap { bytes, .. } => {
                    self.gaps += bytes;
                    self.bytes.extend(std::iter::repeat_n(b'?', bytes as usize));
                }
            }
        }
    }

    #[test]
    fn out_of_order_and_overlap() {
        let (mut r, mut out) = (Reassembler::default(), Out::default());
        r.start_at(0);
        r.segment(4, b"efgh", 4, at(0), None, &mut out.sink());
        assert!(r.waiting_since().is_some());
        r.segment(2, b"cdXX", 4, at(1), None, &mut out.sink());
        r.segment(0, b"abcd", 4, at(2), None, &mut out.sink());
        assert_eq!(out.bytes, b"abcdXXgh");
        assert!(r.waiting_since().is_none());
    }

    #[test]
    fn an_acknowledged_hole_becomes_a_gap() {
        let (mut r, mut out) = (Reassembler::default(), Out::default());
        r.start_at(0);
        r.segment(0, b"ab", 2, at(0), None, &mut out.sink());
        r.segment(4, b"ef", 2, at(1), Some(4), &mut out.sink());
        assert_eq!(out.bytes, b"ab");
        r.tick(at(150).time, Some(6), &mut out.sink());
        assert_eq!((out.bytes.as_slice(), out.gaps), (b"ab??ef".as_slice(), 2));
    }

    #[test]
    fn a_cut_packet_leaves_a_gap() {
        let (mut r, mut out) = (Reassembler::default(), Out::default());
        r.segment(10, b"ab", 5, at(0), None, &mut out.sink());
        r.segment(15, b"fg", 2, at(1), None, &mut out.sink());
        assert_eq!((out.bytes.as_slice(), out.gaps), (b"ab???fg".as_slice(), 3));
    }

    #[test]
    fn what_waits_is_bounded() {
        let (mut r, mut out) = (Reassembler::default(), Out::default());
        r.start_at(0);
        for i in 0..1000u64 {
            r.segment(10 + i * 1000, &[b'x'; 999], 999, at(0), None, &mut out.sink());
            assert!(r.held_bytes <= Reassembler::MAX_HELD + 1000);
        }
    }

    proptest! {
        #[test]
        fn any_cut_and_order_gives_the_stream(
            stream in prop::collection::vec(any::<u8>(), 1..200),
            cuts in prop::collection::vec((0usize..200, 1usize..50), 0..60),
            seed in any::<u64>(),
        ) {
            let (mut r, mut out) = (Reassembler::default(), Out::default());
            r.start_at(0);
            let mut pieces: Vec<(usize, usize)> = cuts
                .into_iter()
                .map(|(s, l)| (s.min(stream.len() - 1), (s + l).min(stream.len())))
                .filter(|(s, e)| s < e)
                .collect();
            pieces.push((0, stream.len()));
            let turn = (seed as usize) % pieces.len();
            pieces.rotate_left(turn);
            for (s, e) in pieces {
                r.segment(s as u64, &stream[s..e], (e - s) as u32, at(0), None, &mut out.sink());
            }
            r.finish(None, &mut out.sink());
            prop_assert_eq!(out.bytes, stream);
            prop_assert_eq!(out.gaps, 0);
        }
    }
}
