//! How a side numbers its packets.
//!
//! Linux gives each connection a counter of its own for the IPv4 identification, one up for each
//! packet, also for those that are sent again. So a receiver sees by the next packet that arrives
//! how many before it did not.

use crate::capture::Moment;
use crate::pack::packed;

/// More lost in a row is a counter that several connections share, or another host.
const MOST: u16 = 64;
/// Nanoseconds of a silence in which packets may have been lost.
const SILENCE: u64 = 1_000_000_000;
/// Steps after which a counter is taken for the connection's own.
const STEPS: u32 = 4;

/// The identifications of one side's packets.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    /// That of the latest packet with one, and when that was; 0 before there was any.
    last: u16,
    last_at: Moment,
    /// Packets with the number after the one before.
    steps: u32,
    /// Packets with another number, but for those after a silence.
    leaps: u32,
    /// The longest silence with lost packets in it.
    skipped: Option<Box<Skipped>>,
}

/// Packets between two that were captured.
#[derive(Clone, Copy, Debug)]
pub struct Skipped {
    /// The packet before them.
    pub from: Moment,
    /// The packet after them.
    pub to: Moment,
    /// How many.
    pub packets: u16,
}

impl Numbering {
    /// A packet that is no RST: those are numbered otherwise.
    #[inline(always)]
    pub(super) fn sent(&mut self, id: Option<u16>, at: Moment) {
        let Some(id) = id.filter(|id| *id != 0) else { return };
        let last = std::mem::replace(&mut self.last, id);
        match id.wrapping_sub(last) {
            // One packet captured twice, or cut in pieces by what captured it.
            0 => {}
            _ if last == 0 => {}
            1 => self.steps += 1,
            further if further > MOST + 1 || at.time.nanos_after(self.last_at.time) < SILENCE => {
                self.leaps += 1;
            }
            further => {
                let from = self.last_at;
                self.fell_silent(Skipped { from, to: at, packets: further - 1 });
            }
        }
        self.last_at = at;
    }

    #[cold]
    fn fell_silent(&mut self, skipped: Skipped) {
        if self.skipped.as_ref().is_none_or(|s| s.silence() < skipped.silence()) {
            self.skipped = Some(Box::new(skipped));
        }
    }

    /// The numbers go up by one, so that what is missing can be counted.
    pub fn counts(&self) -> bool {
        self.steps >= STEPS && self.leaps * 4 <= self.steps
    }

    /// Packets that were sent during the longest silence with any, and never came here.
    pub fn skipped(&self) -> Option<Skipped> {
        self.skipped.as_deref().filter(|_| self.counts()).copied()
    }
}

impl Skipped {
    /// Whole seconds from the packet before to the packet after.
    fn silence(&self) -> u64 {
        self.to.time.since(self.from.time).as_secs()
    }
}

packed!(Skipped { from, to, packets });
packed!(Numbering { last, last_at, steps, leaps, skipped });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameRef, Timestamp};

    fn numbered(packets: &[(i64, u16)]) -> Numbering {
        let mut n = Numbering::default();
        for (ms, id) in packets {
            let at = Moment {
                order: *ms as u64,
                time: Timestamp::from_nanos(ms * 1_000_000),
                frame: FrameRef { file: 0, number: *ms as u32 },
            };
            n.sent(Some(*id), at);
        }
        n
    }

    const BEFORE: [(i64, u16); 6] =
        [(0, 0), (1, 65_530), (2, 65_531), (3, 65_532), (4, 65_533), (5, 65_534)];

    fn skipped(after: &[(i64, u16)]) -> Option<u16> {
        numbered(&[&BEFORE, after].concat()).skipped().map(|s| s.packets)
    }

    #[test]
    fn what_is_missing_after_a_silence_is_counted() {
        assert_eq!(skipped(&[(9000, 5)]), Some(6));
        assert_eq!(skipped(&[(9000, 65_535)]), None);
        // The longest silence counts.
        assert_eq!(skipped(&[(9000, 1), (11_000, 9)]), Some(2));
    }

    #[test]
    fn a_packet_in_pieces_is_one() {
        assert_eq!(skipped(&[(5, 65_534), (9000, 5), (9000, 5)]), Some(6));
    }

    #[test]
    fn a_counter_that_others_share_says_nothing() {
        assert_eq!(skipped(&[(9000, 700)]), None);
        assert_eq!(skipped(&[(6, 3), (7, 9), (9000, 12)]), None);
        assert!(numbered(&BEFORE).counts() && !numbered(&[(0, 1), (1, 2), (2, 3)]).counts());
    }
}
