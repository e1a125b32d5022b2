//! Packets of a live capture that are kept in memory: for a view that shows one, for saving a
//! session's. Bounded: the oldest go first, and bulk data never drives out the dialogues.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{FrameRef, LinkType, Packet, RawPacket, Timestamp};

/// Bytes kept of control connections.
const CONTROL: usize = 48 << 20;
/// Bytes kept of data connections.
const DATA: usize = 48 << 20;
/// Of a packet of a data connection its headers are kept, under tags and tunnels, and how its
/// payload begins.
const HEAD: usize = 192;
/// Packets lie in pieces of this size, which go as a whole.
const PIECE: usize = 1 << 20;

/// What a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A control connection: kept whole.
    Control,
    /// A data connection: its headers are kept.
    Data,
}

/// The packets that are kept; may be asked by several while one adds to them.
#[derive(Clone, Debug)]
pub struct Recent {
    rings: Arc<[Mutex<Ring>; 2]>,
}

#[derive(Debug)]
struct Ring {
    limit: usize,
    size: usize,
    /// The last is being filled; copied first where somebody still reads it.
    pieces: VecDeque<Arc<Piece>>,
}

#[derive(Clone, Debug, Default)]
struct Piece {
    records: Vec<Record>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    frame: FrameRef,
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    start: u32,
    len: u32,
}

impl Default for Recent {
    fn default() -> Self {
        Self::with_limits(CONTROL, DATA)
    }
}

impl Recent {
    fn with_limits(control: usize, data: usize) -> Self {
        let ring = |limit| Mutex::new(Ring { limit, size: 0, pieces: VecDeque::new() });
        Self { rings: Arc::new([ring(control), ring(data)]) }
    }

    /// Keeps a packet.
    pub fn keep(&self, packet: &Packet<'_>, part: Part) {
        let [control, data] = &*self.rings;
        let (ring, most) = match part {
            Part::Control => (control, usize::MAX),
            Part::Data => (data, HEAD),
        };
        let kept = packet.data.get(..most).unwrap_or(packet.data);
        ring.lock().unwrap_or_else(PoisonError::into_inner).push(packet, kept);
    }

    /// Hands out the packets of a file, in order, until `more` says no. Nobody who keeps packets
    /// waits for it.
    pub(super) fn walk(&self, file: u32, mut more: impl FnMut(&RawPacket<'_>) -> bool) {
        let [control, data] = &*self.rings;
        let (control, data) = (pieces(control), pieces(data));
        let (mut a, mut b) = (packets(&control).peekable(), packets(&data).peekable());
        loop {
            let first = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => x.0.frame <= y.0.frame,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return,
            };
            let Some((record, bytes)) = (if first { a.next() } else { b.next() }) else { return };
            if record.frame.file == file && !more(&record.raw(bytes)) {
                return;
            }
        }
    }

    /// The packet with this number, if it is kept.
    pub(super) fn find<T>(
        &self,
        frame: FrameRef,
        found: impl Fn(&RawPacket<'_>) -> T,
    ) -> Option<T> {
        self.rings.iter().find_map(|ring| {
            let ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
            let piece = ring
                .pieces
                .partition_point(|p| p.records.last().is_some_and(|last| last.frame < frame));
            let piece = ring.pieces.get(piece)?;
            let at = piece.records.binary_search_by_key(&frame, |r| r.frame).ok()?;
            let record = piece.records.get(at)?;
            Some(found(&record.raw(piece.bytes_of(record))))
        })
    }

    /// One more than the largest number of a file.
    pub(super) fn files(&self) -> u32 {
        let newest = |ring: &Mutex<Ring>| {
            let ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
            Some(ring.pieces.back()?.records.last()?.frame.file + 1)
        };
        self.rings.iter().filter_map(newest).max().unwrap_or(0)
    }
}

fn pieces(ring: &Mutex<Ring>) -> Vec<Arc<Piece>> {
    ring.lock().unwrap_or_else(PoisonError::into_inner).pieces.iter().cloned().collect()
}

fn packets(pieces: &[Arc<Piece>]) -> impl Iterator<Item = (&Record, &[u8])> {
    pieces.iter().flat_map(|p| p.records.iter().map(|r| (r, p.bytes_of(r))))
}

impl Ring {
    fn push(&mut self, packet: &Packet<'_>, kept: &[u8]) {
        let size = kept.len() + size_of::<Record>();
        if self.pieces.back().is_none_or(|p| p.size() + size > PIECE) {
            self.pieces.push_back(Arc::default());
        }
        let Some(piece) = self.pieces.back_mut().map(Arc::make_mut) else { return };
        piece.records.push(Record {
            frame: packet.moment.frame,
            time: packet.moment.time,
            link: packet.link,
            wire_len: packet.wire_len,
            start: u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX),
            len: u32::try_from(kept.len()).unwrap_or(0),
        });
        piece.bytes.extend_from_slice(kept);
        self.size += size;
        while self.size > self.limit && self.pieces.len() > 1 {
            self.size -= self.pieces.pop_front().map_or(0, |p| p.size());
        }
    }
}

impl Piece {
    fn size(&self) -> usize {
        self.bytes.len() + self.records.len() * size_of::<Record>()
    }

    fn bytes_of(&self, record: &Record) -> &[u8] {
        let start = record.start as usize;
        self.bytes.get(start..start + record.len as usize).unwrap_or_default()
    }
}

impl Record {
    fn raw<'a>(&self, data: &'a [u8]) -> RawPacket<'a> {
        RawPacket {
            time: self.time,
            link: self.link,
            wire_len: self.wire_len,
            number: self.frame.number,
            offset: 0,
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Moment;

    fn keep(recent: &Recent, number: u32, part: Part, len: usize) {
        let frame = FrameRef { file: 0, number };
        let time = Timestamp::from_nanos(i64::from(number) * 1_000_000);
        let moment = Moment { order: u64::from(number), time, frame };
        let data = vec![number as u8; len];
        let wire_len = len as u32;
        recent.keep(&Packet { moment, link: LinkType::ETHERNET, wire_len, data: &data }, part);
    }

    fn numbers(recent: &Recent) -> Vec<u32> {
        let mut all = Vec::new();
        recent.walk(0, |p| {
            all.push(p.number);
            true
        });
        all
    }

    #[test]
    fn packets_come_back_in_order_and_can_be_found() {
        let recent = Recent::default();
        for n in 1..=9 {
            keep(&recent, n, if n % 3 == 0 { Part::Control } else { Part::Data }, 1000);
        }
        assert_eq!(numbers(&recent), (1..=9).collect::<Vec<_>>());
        let len =
            |number| recent.find(FrameRef { file: 0, number }, |p| (p.data.len(), p.wire_len));
        assert_eq!((len(3), len(4)), (Some((1000, 1000)), Some((HEAD, 1000))));
        assert_eq!((len(10), len(0)), (None, None));
        assert_eq!(recent.files(), 1);
    }

    #[test]
    fn bulk_data_does_not_drive_out_the_dialogue() {
        let recent = Recent::with_limits(2 * PIECE, 2 * PIECE);
        keep(&recent, 1, Part::Control, 100);
        for n in 2..40_000 {
            keep(&recent, n, Part::Data, 1400);
        }
        let kept = numbers(&recent);
        assert_eq!((kept[0], *kept.last().unwrap()), (1, 39_999));
        assert!(kept.len() > 5000 && kept.len() < 20_000, "{}", kept.len());
        // Also dialogues have a limit.
        for n in 40_000..50_000 {
            keep(&recent, n, Part::Control, 1400);
        }
        assert!(recent.find(FrameRef { file: 0, number: 1 }, |_| ()).is_none());
    }
}
