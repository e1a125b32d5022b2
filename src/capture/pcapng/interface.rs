//! An interface of a pcapng section: its link type and its clock.

use super::options::Options;
use super::order::Order;
use crate::capture::{LinkType, Timestamp};

const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// What an Interface Description Block says.
#[derive(Clone, Debug)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// Longest captured length; 0 means no limit.
    pub(super) snaplen: u32,
    pub(super) clock: Clock,
    /// What its newest statistics say it lost.
    pub(super) dropped: Option<u64>,
    /// What its obsolete Packet Blocks say it lost.
    pub(super) dropped_between: u64,
}

impl Interface {
    /// Reads the body of an Interface Description Block.
    pub(super) fn parse(order: Order, body: &[u8]) -> Option<Self> {
        let link = LinkType::from_file(u32::from(order.u16(body, 0)?));
        let snaplen = order.u32(body, 4)?;
        let mut clock = Clock::default();
        for (code, value) in Options::new(order, body.get(8..).unwrap_or_default()) {
            match (code, value) {
                (IF_TSRESOL, &[resolution]) => clock.unit = Unit::of(resolution),
                (IF_TSOFFSET, value) if value.len() == 8 => {
                    let seconds = order.u64(value, 0).unwrap_or(0).cast_signed();
                    clock.offset = i128::from(seconds) * 1_000_000_000;
                }
                _ => {}
            }
        }
        Some(Self { link, snaplen, clock, dropped: None, dropped_between: 0 })
    }
}

/// Turns the 64-bit counter of a block into a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    unit: Unit,
    /// Nanoseconds, from whole seconds of `if_tsoffset`.
    offset: i128,
}

impl Clock {
    /// The time that `ticks` means, in nanoseconds rounded down; the nearest time that can be told
    /// when it lies outside the years 1677 to 2262.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        let ticks = i128::from(ticks);
        let nanos = match self.unit {
            Unit::Nanos(nanos) => ticks * i128::from(nanos),
            Unit::Fraction(parts) => ticks / parts,
            // At most 64 + 30 bits, so a shift by more leaves nothing.
            Unit::Shift(bits) => (ticks * 1_000_000_000) >> bits,
        };
        let nanos = nanos.saturating_add(self.offset);
        Timestamp::from_nanos(nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// How many nanoseconds a tick is, and how many are added; of a clock of which that can be said.
    pub(super) fn simple(&self) -> Option<(u64, i64)> {
        let Unit::Nanos(nanos) = self.unit else { return None };
        Some((nanos, i64::try_from(self.offset).ok()?))
    }
}

/// What one tick is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanos(u64),
    /// A nanosecond divided by so much.
    Fraction(i128),
    /// A second divided by two to this power.
    Shift(u32),
}

impl Default for Unit {
    /// Microseconds, when a file doesn't say.
    fn default() -> Self {
        Self::Nanos(1000)
    }
}

impl Unit {
    /// The meaning of `if_tsresol`: a negative power of 10, or of 2 when the upper bit is set.
    fn of(resolution: u8) -> Self {
        let power = u32::from(resolution & 0x7f);
        if resolution & 0x80 != 0 {
            Self::Shift(power)
        } else if power <= 9 {
            Self::Nanos(10_u64.pow(9 - power))
        } else {
            // Beyond what fits, no 64-bit counter reaches one nanosecond.
            Self::Fraction(10_i128.checked_pow(power - 9).unwrap_or(i128::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(resolution: u8, ticks: u64) -> i64 {
        Clock { unit: Unit::of(resolution), offset: 0 }.time(ticks).nanos()
    }

    #[test]
    fn powers_of_ten_and_of_two() {
        assert_eq!(nanos(6, 1_500_000), 1_500_000_000);
        assert_eq!(nanos(9, 1_500_000_001), 1_500_000_001);
        assert_eq!(nanos(0, 1_700_000_000), 1_700_000_000_000_000_000);
        assert_eq!(nanos(12, 1_700_000_000_123_456), 1_700_000_000_123);
        assert_eq!(nanos(0x80 | 20, 3 << 19), 1_500_000_000);
        assert_eq!(
            nanos(0x80 | 32, (1_700_000_000_u64 << 32) | (1 << 31)),
            1_700_000_000_500_000_000
        );
    }

    #[test]
    fn absurd_resolutions_and_counters_saturate() {
        assert_eq!(nanos(0, u64::MAX), i64::MAX);
        assert_eq!(nanos(0x7f, u64::MAX), 0);
        assert_eq!(nanos(0xff, u64::MAX), 0);
        let clock = Clock { unit: Unit::of(0xff), offset: i128::from(i64::MIN) * 1_000_000_000 };
        assert_eq!(clock.time(5).nanos(), i64::MIN + 1);
    }
}
