//! Segments that came after later ones.
//!
//! Two things look alike here: a segment that others overtook on the way, and one that got lost
//! before it came here and was sent again. The second takes a round trip at least, wherever the
//! capture stands: the packet after it passes here, reaches the receiver, whose ACK reaches the
//! sender, and the segment comes again.

use std::time::Duration;

use crate::capture::Moment;
use crate::pack::packed;

/// What came after later segments of its direction.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Came within a round trip: overtaken on the way.
    pub overtaken: u64,
    /// Came later than that: lost before here, and sent again.
    pub refilled: u64,
    /// First and latest of those overtaken.
    pub overtaken_at: Option<(Moment, Moment)>,
    /// First and latest of those that were lost before here.
    pub refilled_at: Option<(Moment, Moment)>,
    /// The most that one of those overtaken was late.
    pub late: Duration,
    gaps: Vec<Gap>,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    start: u64,
    end: u64,
    since: Moment,
}

impl Order {
    /// Gaps that are followed at the same time.
    const MAX_GAPS: usize = 64;

    /// New payload came that doesn't follow the `highest` offset so far.
    pub(super) fn note(
        &mut self,
        highest: u64,
        (start, end): (u64, u64),
        round_trip: Option<Duration>,
        at: Moment,
    ) {
        if start > highest {
            if self.gaps.len() < Self::MAX_GAPS {
                self.gaps.push(Gap { start: highest, end: start, since: at });
            }
            return;
        }
        let Some(i) = self.gaps.iter().position(|g| g.start < end && start < g.end) else { return };
        let gap = self.gaps.swap_remove(i);
        for (start, end) in [(gap.start, start), (end, gap.end)] {
            if start < end {
                self.gaps.push(Gap { start, end, ..gap });
            }
        }
        let late = at.time.since(gap.since.time);
        let seen = match round_trip {
            // A little less: the first round trip took the longest, with its handshake.
            Some(round_trip) if late * 4 >= round_trip * 3 => {
                self.refilled += 1;
                &mut self.refilled_at
            }
            Some(_) => {
                self.overtaken += 1;
                self.late = self.late.max(late);
                &mut self.overtaken_at
            }
            None => return,
        };
        *seen = Some((seen.map_or(at, |s| s.0), at));
    }
}

packed!(Order { overtaken, refilled, overtaken_at, refilled_at, late, gaps });
packed!(Gap { start, end, since });
