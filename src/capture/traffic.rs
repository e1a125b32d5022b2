//! Packets and bytes over the time of a capture, for sparklines.

use super::Timestamp;

/// Cells at most. When the time of a capture outgrows them, each becomes twice as long.
const CELLS: usize = 512;
/// Length of a cell at first: 2²⁰ ns, about a millisecond.
const SHORTEST: u32 = 20;

/// What a cell of time holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Packets.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
}

/// A cell, and the times that are its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) index: usize,
    pub(super) from: Timestamp,
    /// Not its own any more.
    pub(super) until: Timestamp,
}

/// Where cells begin and end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lattice {
    /// Where the first cell begins.
    pub(super) origin: Timestamp,
    /// Cells were made twice as long so often.
    pub(super) doubled: u32,
}

impl Lattice {
    /// The cell of a time, counted from 0 on. One that is earlier than the first is counted with it.
    fn index(self, time: Timestamp) -> u64 {
        let since = time.nanos().saturating_sub(self.origin.nanos());
        u64::try_from(since).unwrap_or(0) >> (SHORTEST + self.doubled)
    }

    /// From when to when a cell is; not its own any more is the second.
    fn span(self, index: u64) -> (Timestamp, Timestamp) {
        let length = 1_i64 << (SHORTEST + self.doubled);
        let from = self.origin.nanos().saturating_add(length.saturating_mul(index as i64));
        (Timestamp::from_nanos(from), Timestamp::from_nanos(from.saturating_add(length)))
    }

    /// The first and the last time of the cell of a time.
    pub(super) fn near(self, time: Timestamp) -> (Timestamp, Timestamp) {
        let (from, until) = self.span(self.index(time));
        (from, Timestamp::from_nanos(until.nanos().saturating_sub(1)))
    }
}

/// Packets and bytes over time: a bounded number of cells, all of the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Time of the first packet: where the first cell begins.
    origin: Option<i64>,
    /// Cells were made twice as long so often.
    doubled: u32,
    cells: Vec<Amount>,
}

impl Traffic {
    /// Adds a packet.
    #[cfg(any(test, all(feature = "live", unix)))]
    pub(super) fn add(&mut self, time: Timestamp, bytes: u64) {
        let cell = self.cell(time);
        self.put(cell.index, Amount { packets: 1, bytes });
    }

    /// The cell of a packet. One that is earlier than the first is counted with it. Cells that were
    /// given before may be others now.
    pub(super) fn cell(&mut self, time: Timestamp) -> Cell {
        let origin = *self.origin.get_or_insert(time.nanos());
        let origin = Timestamp::from_nanos(origin);
        let mut lattice = Lattice { origin, doubled: self.doubled };
        while lattice.index(time) >= CELLS as u64 {
            self.double();
            lattice.doubled = self.doubled;
        }
        let (from, until) = lattice.span(lattice.index(time));
        let index = lattice.index(time) as usize;
        if index >= self.cells.len() {
            self.cells.resize(index + 1, Amount::default());
        }
        Cell { index, from, until }
    }

    /// Where cells begin and end by now; `None` before the first packet.
    pub(super) fn lattice(&self) -> Option<Lattice> {
        let origin = Timestamp::from_nanos(self.origin?);
        Some(Lattice { origin, doubled: self.doubled })
    }

    /// Adds packets to a cell.
    pub(super) fn put(&mut self, cell: usize, more: Amount) {
        if let Some(amount) = self.cells.get_mut(cell) {
            amount.packets += more.packets;
            amount.bytes += more.bytes;
        }
    }

    #[cold]
    fn double(&mut self) {
        let pairs = self.cells.chunks(2).map(|pair| Amount {
            packets: pair.iter().map(|a| a.packets).sum(),
            bytes: pair.iter().map(|a| a.bytes).sum(),
        });
        self.cells = pairs.collect();
        self.doubled += 1;
    }

    /// Each cell: from when to when in nanoseconds, and what it holds.
    pub fn cells(&self) -> impl Iterator<Item = (i64, i64, Amount)> {
        let origin = self.origin.unwrap_or(0);
        let length = 1_i64 << (SHORTEST + self.doubled);
        self.cells.iter().enumerate().map(move |(i, amount)| {
            let from = origin.saturating_add(length.saturating_mul(i as i64));
            (from, from.saturating_add(length), *amount)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_when_cells_grow() {
        let mut traffic = Traffic::default();
        let mut time = 1_700_000_000_000_000_000_i64;
        for i in 0..2000_i64 {
            traffic.add(Timestamp::from_nanos(time), 100);
            time += 1_000_000 + i * 50_000;
        }
        // Out of order, and before the first.
        traffic.add(Timestamp::from_nanos(5), 1);
        let all: Vec<_> = traffic.cells().collect();
        assert!(all.len() <= CELLS && all.len() > CELLS / 4, "{}", all.len());
        assert_eq!(all.iter().map(|c| c.2.packets).sum::<u64>(), 2001);
        assert_eq!(all.iter().map(|c| c.2.bytes).sum::<u64>(), 200_001);
        let last = all.last().unwrap();
        let end = time - 1_000_000 - 1999 * 50_000;
        assert!(last.0 <= end && end < last.1);
    }

    #[test]
    fn any_time_has_a_cell() {
        let mut traffic = Traffic::default();
        for time in [i64::MIN, 0, i64::MAX] {
            traffic.add(Timestamp::from_nanos(time), 1);
        }
        assert_eq!(traffic.cells().map(|c| c.2.packets).sum::<u64>(), 3);
    }
}
