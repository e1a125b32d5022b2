//! Capture times in the reader's time zone.

use jiff::tz::TimeZone;

use crate::capture::Timestamp;

/// In which zone times are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// The reader's.
    Local,
}

/// Shows times in one zone.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// A clock of this zone.
    pub fn new(zone: Zone) -> Self {
        let zone = match zone {
            Zone::Utc => TimeZone::UTC,
            Zone::Local => TimeZone::system(),
        };
        Self { zone }
    }

    fn show(&self, time: Timestamp, format: &str) -> String {
        match jiff::Timestamp::from_nanosecond(i128::from(time.nanos())) {
            Ok(t) => t.to_zoned(self.zone.clone()).strftime(format).to_string(),
            Err(_) => time.nanos().to_string(),
        }
    }

    /// `2026-03-01 12:00:00.123`.
    pub fn full(&self, time: Timestamp) -> String {
        self.show(time, "%Y-%m-%d %H:%M:%S%.3f")
    }

    /// `12:00:00.123`.
    pub fn time(&self, time: Timestamp) -> String {
        self.show(time, "%H:%M:%S%.3f")
    }

    /// `2026-03-01`.
    pub fn date(&self, time: Timestamp) -> String {
        self.show(time, "%Y-%m-%d")
    }

    /// The zone at that time: `UTC`, `CET`.
    pub fn zone(&self, time: Timestamp) -> String {
        self.show(time, "%Z")
    }
}
