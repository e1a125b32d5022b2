//! The only place that turns idle time into capture time.

use std::time::Instant;

use crate::capture::Timestamp;

/// The capture's clock while packets come from an interface: the newest packet's time, plus what
/// has passed since it was read. Never ahead of the packets that are still to come, for reading
/// one takes longer than nothing.
#[derive(Debug, Default)]
pub(super) struct Clock {
    newest: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// The time of a packet that was just read.
    pub(super) fn packet(&mut self, time: Timestamp, read: Instant) {
        if self.newest.is_none_or(|(newest, _)| newest <= time) {
            self.newest = Some((time, read));
        }
    }

    /// Now; `None` before the first packet, when there is nothing to wait for yet.
    pub(super) fn now(&self, read: Instant) -> Option<Timestamp> {
        let (time, then) = self.newest?;
        Some(time.plus(read.saturating_duration_since(then)))
    }
}

/// The clock by which the kernel stamps packets.
#[allow(clippy::disallowed_methods, reason = "to say when packets were dropped, and no more")]
pub(super) fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_nanos(0).plus(since.unwrap_or_default())
}

/// The system's monotonic clock.
#[allow(clippy::disallowed_methods, reason = "idle time becomes capture time here and only here")]
pub(super) fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn idle_time_passes_and_never_back() {
        let (mut clock, start) = (Clock::default(), monotonic());
        assert_eq!(clock.now(start), None);
        let at = |s: i64| Timestamp::from_nanos(s * 1_000_000_000);
        clock.packet(at(100), start);
        assert_eq!(clock.now(start + Duration::from_secs(3)), Some(at(103)));
        // From another interface, a little late.
        clock.packet(at(99), start + Duration::from_secs(3));
        assert_eq!(clock.now(start + Duration::from_secs(4)), Some(at(104)));
        clock.packet(at(110), start + Duration::from_secs(5));
        assert_eq!(clock.now(start + Duration::from_secs(5)), Some(at(110)));
    }
}
