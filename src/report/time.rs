//! Times, as they are written for programs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::capture::Timestamp;

/// RFC 3339, UTC, nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub Timestamp);

const DAY: i64 = 86_400;
const NANOS: i64 = 1_000_000_000;

impl Time {
    /// By hand: a calendar library takes several times as long, and a session has a dozen times.
    fn text(self) -> [u8; 30] {
        let nanos = self.0.nanos();
        let seconds = nanos.div_euclid(NANOS);
        let (year, month, day) = date(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let fraction = nanos.rem_euclid(NANOS);
        let ([c, e], [a, r], [m, o]) = (pair(year / 100), pair(year % 100), pair(month));
        let ([d, y], [h, u]) = (pair(day), pair(second / 3600));
        let ([i, n], [s, x]) = (pair(second / 60 % 60), pair(second % 60));
        let ([_, f0], [f1, f2]) = (pair(fraction / 100_000_000), pair(fraction / 1_000_000 % 100));
        let ([f3, f4], [f5, f6]) = (pair(fraction / 10_000 % 100), pair(fraction / 100 % 100));
        let [f7, f8] = pair(fraction % 100);
        [
            c, e, a, r, b'-', m, o, b'-', d, y, b'T', h, u, b':', i, n, b':', s, x, b'.', f0, f1,
            f2, f3, f4, f5, f6, f7, f8, b'Z',
        ]
    }
}

/// The two digits of a number below 100.
#[inline]
fn pair(number: i64) -> [u8; 2] {
    let number = number as u8;
    [b'0' + number / 10, b'0' + number % 10]
}

/// Year, month and day of a day counted from 1970-01-01: years are thought to begin in March, so that
/// the leap day is their last one, and 400 of them have as many days as any other 400.
fn date(day: i64) -> (i64, i64, i64) {
    const FOUR_CENTURIES: i64 = 146_097;
    // From 0000-03-01.
    let day = day + 719_468;
    let in_centuries = day.rem_euclid(FOUR_CENTURIES);
    let leap_days = in_centuries / 1_460 - in_centuries / 36_524 + in_centuries / 146_096;
    let years = (in_centuries - leap_days) / 365;
    let in_year = in_centuries - (365 * years + years / 4 - years / 100);
    // Months from March on are 31, 30, 31, 30, 31 days long, and so again.
    let from_march = (5 * in_year + 2) / 153;
    let in_month = in_year - (153 * from_march + 2) / 5;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = years + day.div_euclid(FOUR_CENTURIES) * 400 + i64::from(month <= 2);
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
        let last = i64::MAX / NANOS / DAY;
        for day in -last..last {
            for second in [0, 1, 3_599, 45_296, DAY - 1] {
                same((day * DAY + second) * NANOS + 123_456_789);
            }
        }
        for nanos in [i64::MIN, i64::MIN + 1, -NANOS, -1, 0, 1, 999_999_999, NANOS, i64::MAX] {
            same(nanos);
        }
    }
}
