//! The capture's clock.

use std::num::NonZeroU64;
use std::time::Duration;

/// A point in time by the capture's clock: nanoseconds since 1970-01-01 UTC.
///
/// The only clock of the engine. Replaying a file gives the same values every time.
// Kept with the sign bit turned over, which keeps the order and leaves 0 free: an `Option` of it,
// of which every connection has dozens, is no larger. The one value lost is a moment of 1677.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

impl Timestamp {
    const SIGN: u64 = 1 << 63;

    /// The earliest and the latest there are.
    pub const MIN: Self = Self::from_nanos(i64::MIN);
    /// See [`Timestamp::MIN`].
    pub const MAX: Self = Self::from_nanos(i64::MAX);

    /// The timestamp `nanos` nanoseconds after 1970-01-01 UTC; the earliest is `i64::MIN` + 1.
    #[inline]
    pub const fn from_nanos(nanos: i64) -> Self {
        match NonZeroU64::new(nanos.cast_unsigned() ^ Self::SIGN) {
            Some(turned) => Self(turned),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Nanoseconds since 1970-01-01 UTC.
    #[inline]
    pub const fn nanos(self) -> i64 {
        (self.0.get() ^ Self::SIGN).cast_signed()
    }

    /// Time from `earlier` to `self`; zero when `earlier` is the later one.
    #[inline]
    pub fn since(self, earlier: Self) -> Duration {
        let nanos = self.nanos().saturating_sub(earlier.nanos());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
    }

    /// Nanoseconds from `earlier` to `self`, zero when `earlier` is the later one. For what every
    /// packet asks: a [`Duration`] costs a division.
    #[inline]
    pub(crate) fn nanos_after(self, earlier: Self) -> u64 {
        self.0.get().saturating_sub(earlier.0.get())
    }

    /// Seconds from `earlier` to `self`, negative when `earlier` is the later one.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.nanos().saturating_sub(earlier.nanos()) as f64 / 1e9
    }

    /// This time moved forward by `by`.
    pub fn plus(self, by: Duration) -> Self {
        let nanos = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        Self::from_nanos(self.nanos().saturating_add(nanos))
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::from_nanos(0)
    }
}

impl std::fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Timestamp").field(&self.nanos()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_no_larger_and_the_order_holds() {
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<Timestamp>());
        let all = [i64::MIN + 1, -1, 0, 1, i64::MAX];
        assert!(all.map(Timestamp::from_nanos).is_sorted());
        assert_eq!(all.map(|n| Timestamp::from_nanos(n).nanos()), all);
        assert_eq!(Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MIN + 1));
    }
}
