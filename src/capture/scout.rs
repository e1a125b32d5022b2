//! Pieces of a file that are walked before it is known where their first packet begins.
//!
//! The records of a file can only be found one behind the other, so one thread would have to touch all
//! of it, and hand on what another had in its cache. Here whoever has read a piece also walks it, from
//! where sound records seem to begin. That was only looked up ahead: it counts when the walk through
//! the file comes to the same place, with nothing in between that changes how packets are read.
//! Otherwise the piece is walked again, and nobody finds out.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use super::facts::{Counted, Ledger};
use super::notes::Notes;
use super::reader::Format;
use super::source::{Rest, Take};
use super::traffic::Lattice;
use super::{LinkType, Timestamp};

/// What a scout makes of the packets of a piece.
pub(crate) type Found = Box<dyn Any + Send>;

/// Looks at packets before those in front of them were read.
pub(crate) trait Scout: Send + Sync {
    /// Takes the packets of a piece. Their places and their frame numbers are counted from 1 on, and are
    /// to be added to those of the packet in front of them. `used` is what was found elsewhere, and is
    /// used up.
    fn look(&self, piece: &mut Unplaced<'_>, used: Option<Found>) -> Found;
}

/// What is known of a file before its pieces are walked.
#[derive(Clone)]
pub(super) struct Scouting {
    pub(super) scout: Arc<dyn Scout>,
    /// How its packets are read, as it was at some time.
    pub(super) format: Format,
    /// Packets before the first of these times are left out, and those after the second.
    pub(super) bounds: (Timestamp, Timestamp),
    pub(super) cells: Arc<Cells>,
}

/// The cells of time that packets are counted by.
#[derive(Debug)]
pub(super) struct Cells {
    /// Where the first one begins.
    origin: Timestamp,
    /// How often they were made twice as long. Never less, so what was counted by shorter ones can be
    /// added to longer ones.
    doubled: AtomicU32,
    /// How far the walk through the file has come, in nanoseconds.
    reached: AtomicI64,
}

impl Cells {
    /// Those of a capture whose first packet was then.
    pub(super) fn from(origin: Timestamp) -> Self {
        Self { origin, doubled: AtomicU32::new(0), reached: AtomicI64::new(origin.nanos()) }
    }

    /// They are this long now.
    pub(super) fn grow(&self, lattice: Lattice) {
        self.doubled.store(lattice.doubled, Ordering::Relaxed);
    }

    /// The walk through the file has come to a packet of this time.
    pub(super) fn reach(&self, time: Timestamp) {
        self.reached.store(time.nanos(), Ordering::Relaxed);
    }

    fn reached(&self) -> Timestamp {
        Timestamp::from_nanos(self.reached.load(Ordering::Relaxed))
    }

    fn now(&self) -> Lattice {
        Lattice { origin: self.origin, doubled: self.doubled.load(Ordering::Relaxed) }
    }
}

/// A piece that is being walked.
pub(crate) struct Unplaced<'a> {
    bytes: &'a [u8],
    content: Range<usize>,
    known: &'a Scouting,
    seen: Option<Seen>,
}

/// What was seen of a piece.
pub(super) struct Seen {
    /// Where in the buffer its packets stand.
    pub(super) place: Range<usize>,
    pub(super) packets: u32,
    /// What they add up to, in runs of the same cell of time.
    pub(super) runs: Vec<Run>,
    /// How the first of them must be read, and how the next one will be.
    pub(super) before: Format,
    pub(super) behind: Format,
}

/// Packets behind each other that fall into the same cell of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Time of the first of them.
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) counted: Counted,
}

/// What was counted of a piece.
struct Runs {
    runs: Vec<Run>,
    lattice: Lattice,
}

impl Ledger for Runs {
    fn add(&mut self, counted: Counted) {
        if let Some(run) = self.runs.last_mut() {
            run.counted = counted;
        }
    }

    fn stand_at(&mut self, time: Timestamp, link: LinkType) -> (Timestamp, Timestamp) {
        self.runs.push(Run { time, link, counted: Counted::NONE });
        self.lattice.near(time)
    }
}

impl Scouting {
    /// Walks what stands in `content` of a buffer. `None` if nothing is to be gained by it.
    pub(super) fn look(
        &self,
        bytes: &[u8],
        content: Range<usize>,
        used: Option<Found>,
    ) -> Option<(Seen, Found)> {
        let mut piece = Unplaced { bytes, content, known: self, seen: None };
        let found = self.scout.look(&mut piece, used);
        Some((piece.seen?, found))
    }
}

impl Unplaced<'_> {
    /// All of the buffer that the packets stand in.
    pub(crate) fn window(&self) -> &[u8] {
        self.bytes
    }

    /// Hands on the packets that seem to be there; maybe none.
    pub(crate) fn walk(&mut self, taker: &mut impl Take) {
        let Scouting { format, bounds, cells, .. } = self.known;
        let Some(content) = self.bytes.get(self.content.clone()) else { return };
        let Some((start, before)) = format.found_in(content, cells.reached()) else { return };
        let Some(records) = content.get(start..) else { return };
        let mut behind = before.clone();
        let mut notes = Notes::new(0);
        let mut runs = Runs { runs: Vec::new(), lattice: cells.now() };
        let mut rest = Rest::new(*bounds, 0, 0, &mut runs, taker);
        let used = behind.rest(records, 0, &mut notes, &mut rest);
        rest.finish();
        // Comments are told by whoever reads the file.
        if notes.comment_count > 0 || notes.frames == 0 {
            return;
        }
        let begin = self.content.start + start;
        let (place, packets, runs) = (begin..begin + used, notes.frames, runs.runs);
        self.seen = Some(Seen { place, packets, runs, before, behind });
    }
}
