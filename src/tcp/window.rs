//! The receive window, and how the other side uses it.

use crate::capture::Moment;
use crate::pack::packed;

/// What windows a side advertised, and how it filled those of the other side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Windows {
    /// The window it advertised last, scaled; 0 as long as the scale isn't known.
    pub latest: u64,
    /// The same as it stood in the packet.
    raw: u64,
    /// Segments with new payload that it sent while the other side's window was known.
    pub segments: u64,
    /// Of those: how many left no room for another in the other side's window.
    pub filled: u64,
    /// The largest window that it filled so.
    pub largest_filled: u64,
    /// How many filled exactly what the other side's window would be if it weren't scaled.
    pub unscaled: u64,
    /// First and latest segment that filled the window, scaled or not.
    pub filled_at: Option<(Moment, Moment)>,
}

impl Windows {
    /// A segment of the largest kind that single packets have.
    const SEGMENT: u64 = 1460;

    /// This side advertises a window.
    #[inline(always)]
    pub(super) fn advertise(&mut self, raw: u16, scale: u8) {
        self.raw = raw.into();
        self.latest = self.raw << scale.min(14);
    }

    /// This side has so many bytes in flight, with a segment just sent; `largest` is the length of
    /// its largest so far.
    #[inline(always)]
    pub(super) fn fill(&mut self, flight: u64, largest: u32, other: &Self, at: Moment) {
        if other.latest == 0 {
            return;
        }
        self.segments += 1;
        let full = flight + Self::SEGMENT.min(largest.into()) > other.latest;
        let unscaled = flight == other.raw && other.raw < other.latest;
        if full {
            self.filled += 1;
            self.largest_filled = self.largest_filled.max(other.latest);
        }
        self.unscaled += u64::from(unscaled);
        if full || unscaled {
            self.filled_at = Some((self.filled_at.map_or(at, |f| f.0), at));
        }
    }
}

packed!(Windows { latest, raw, segments, filled, largest_filled, unscaled, filled_at });
