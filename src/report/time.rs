//! Times, as they are written for programs.

use std::borrow::Cow;
use std::cell::Cell;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::capture::Timestamp;

/// RFC 3339, UTC, nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub Timestamp);

/// Minutes of a day.
const DAY: i64 = 1_440;
/// Nanoseconds of a second, and of a minute.
const NANOS: u64 = 1_000_000_000;
const MINUTE: i64 = 60 * NANOS as i64;

impl Time {
    /// By hand: a calendar library takes several times as long, and a session has a dozen times, mostly
    /// of the same minute. Put together eight bytes at a time, as they are read again.
    fn text(self) -> [u8; 30] {
        let nanos = self.0.nanos();
        let minute = nanos.div_euclid(MINUTE);
        let within = nanos.rem_euclid(MINUTE) as u64;
        let (second, fraction) = ((within / NANOS) as u32, (within % NANOS) as u32);
        let [date, clock] = LATEST.with(|latest| {
            let (known, words) = latest.get();
            if known == minute {
                return words;
            }
            let words = until_minute(minute);
            latest.set((minute, words));
            words
        });
        let (upper, lower) = (fraction / 100_000, fraction % 100_000);
        let seconds = mark(b':', 0) | two(second) << 8 | mark(b'.', 3) | four(upper) << 32;
        let rest = four(lower / 10) | mark(b'0' + (lower % 10) as u8, 4) | mark(b'Z', 5);
        let mut text = [0; 30];
        let (whole, last) = text.as_chunks_mut();
        let words = whole.iter_mut().zip([date, clock, seconds]);
        words.for_each(|(room, word)| *room = word.to_le_bytes());
        last.copy_from_slice(&rest.to_le_bytes()[..6]);
        text
    }
}

thread_local! {
    /// The minute that was written last, and its words.
    static LATEST: Cell<(i64, [u64; 2])> = const { Cell::new((i64::MIN, [0; 2])) };
}

/// What stands before the seconds.
fn until_minute(minute: i64) -> [u64; 2] {
    let (year, month, day) = date(minute.div_euclid(DAY));
    let minute = minute.rem_euclid(DAY) as u32;
    [
        four(year) | mark(b'-', 4) | two(month) << 40 | mark(b'-', 7),
        two(day) | mark(b'T', 2) | two(minute / 60) << 24 | mark(b':', 5) | two(minute % 60) << 48,
    ]
}

/// A character at its place in a word.
#[inline]
fn mark(c: u8, place: u32) -> u64 {
    u64::from(c) << (8 * place)
}

/// The two digits of a number below 100, the first one lowest.
#[inline]
fn two(number: u32) -> u64 {
    u64::from((number / 10) | ((number % 10) << 8) | 0x3030)
}

/// The four digits of a number below 10,000.
#[inline]
pub(super) fn four(number: u32) -> u64 {
    two(number / 100) | (two(number % 100) << 16)
}

/// Year, month and day of a day counted from 1970-01-01: years are thought to begin in March, so that
/// the leap day is their last one, and 400 of them have as many days as any other 400.
fn date(day: i64) -> (u32, u32, u32) {
    const FOUR_CENTURIES: u32 = 146_097;
    // From 0000-03-01, which is before any time that nanoseconds count to.
    let day = (day + 719_468) as u32;
    let in_centuries = day % FOUR_CENTURIES;
    let leap_days = in_centuries / 1_460 - in_centuries / 36_524 + in_centuries / 146_096;
    let years = (in_centuries - leap_days) / 365;
    let in_year = in_centuries - (365 * years + years / 4 - years / 100);
    // Months from March on are 31, 30, 31, 30, 31 days long, and so again.
    let from_march = (5 * in_year + 2) / 153;
    let in_month = in_year - (153 * from_march + 2) / 5;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = years + day / FOUR_CENTURIES * 400 + u32::from(month <= 2);
    (year, month, in_month + 1)
}

impl Serialize for Time {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(nanos: i64) {
        let t = Timestamp::from_nanos(nanos);
        let library = jiff::Timestamp::from_nanosecond(i128::from(t.nanos())).unwrap();
        assert_eq!(std::str::from_utf8(&Time(t).text()).unwrap(), format!("{library:.9}"));
    }

    #[test]
    fn every_day_is_the_librarys() {
        let second = MINUTE / 60;
        let last = i64::MAX / MINUTE / DAY;
        for day in -last..last {
            for seconds in [0, 1, 3_599, 45_296, 60 * DAY - 1] {
                same((60 * day * DAY + seconds) * second + 123_456_789);
            }
        }
        for nanos in [i64::MIN, i64::MIN + 1, -second, -1, 0, 1, 999_999_999, second, i64::MAX] {
            same(nanos);
        }
    }
}
