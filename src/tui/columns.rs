//! The columns of the list: name, width, text, order.

use std::cmp::Ordering;

use super::row::Row;
use crate::capture::Timestamp;
use crate::report::text::clock::Clock;
use crate::report::text::units;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A column.
pub struct Column {
    /// Above it.
    pub name: &'static str,
    /// Columns of the terminal; 0 for what is left over.
    pub width: u16,
    /// Of its text.
    pub align: Align,
    /// Columns with a larger number are left out first where there is no room.
    pub keep: u8,
    /// Its text.
    pub text: fn(&Row, &Moment<'_>) -> String,
    /// The order of two rows by it.
    pub order: fn(&Row, &Row) -> Ordering,
}

/// When a row is drawn, and how times are shown.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Shows times.
    pub clock: &'a Clock,
    /// The capture's clock, while it goes on.
    pub now: Option<Timestamp>,
}

fn waiting(row: &Row, at: &Moment<'_>) -> String {
    row.waiting(at.now)
        .map(|(what, length)| format!("{what} {}", units::duration(length)))
        .unwrap_or_default()
}

/// Every column, from the left. The status is a glyph before the first.
pub static COLUMNS: &[Column] = &[
    Column {
        name: "#",
        width: 6,
        align: Align::Right,
        keep: 1,
        text: |r, _| if r.id == 0 { String::new() } else { r.id.to_string() },
        order: |a, b| a.key.cmp(&b.key),
    },
    Column {
        name: "start",
        width: 12,
        align: Align::Left,
        keep: 5,
        text: |r, at| at.clock.time(r.start),
        order: |a, b| a.start.cmp(&b.start),
    },
    Column {
        name: "client",
        width: 21,
        align: Align::Left,
        keep: 1,
        text: |r, _| r.client.clone(),
        order: |a, b| a.client.cmp(&b.client),
    },
    Column {
        name: "server",
        width: 18,
        align: Align::Left,
        keep: 2,
        text: |r, _| r.server.clone(),
        order: |a, b| a.server.cmp(&b.server),
    },
    Column {
        name: "user",
        width: 10,
        align: Align::Left,
        keep: 6,
        text: |r, _| r.user.clone(),
        order: |a, b| a.user.cmp(&b.user),
    },
    Column {
        name: "tls",
        width: 4,
        align: Align::Left,
        keep: 9,
        text: |r, _| r.tls.to_owned(),
        order: |a, b| a.tls.cmp(b.tls),
    },
    Column {
        name: "mode",
        width: 5,
        align: Align::Left,
        keep: 8,
        text: |r, _| r.mode.to_owned(),
        order: |a, b| a.mode.cmp(b.mode),
    },
    Column {
        name: "done",
        width: 7,
        align: Align::Right,
        keep: 3,
        text: |r, _| match r.transfers {
            0 => String::new(),
            n => format!("{}/{n}", r.done),
        },
        order: |a, b| (a.done, a.transfers).cmp(&(b.done, b.transfers)),
    },
    Column {
        name: "bytes",
        width: 9,
        align: Align::Right,
        keep: 7,
        text: |r, _| match r.bytes {
            0 => String::new(),
            n => units::bytes(n),
        },
        order: |a, b| a.bytes.cmp(&b.bytes),
    },
    Column {
        name: "rate",
        width: 11,
        align: Align::Right,
        keep: 10,
        text: |r, _| r.rate.map(|n| format!("{}/s", units::bytes(n))).unwrap_or_default(),
        order: |a, b| a.rate.cmp(&b.rate),
    },
    Column {
        name: "waiting for",
        width: 26,
        align: Align::Left,
        keep: 4,
        text: waiting,
        order: |a, b| {
            let length = |r: &Row| r.waiting.as_ref().map(|w| w.1);
            length(a).cmp(&length(b))
        },
    },
    Column {
        name: "verdict",
        width: 0,
        align: Align::Left,
        keep: 0,
        text: |r, _| r.verdict.clone(),
        order: |a, b| (a.status, a.code).cmp(&(b.status, b.code)),
    },
];

/// The verdict has at least this much room.
const LEAST_VERDICT: u16 = 29;

/// The columns that have room, and the width of each.
pub fn fitting(width: u16) -> Vec<(&'static Column, u16)> {
    let mut keep = u8::MAX;
    loop {
        let shown: Vec<&Column> = COLUMNS.iter().filter(|c| c.keep <= keep).collect();
        let used: u16 = shown.iter().map(|c| c.width + 1).sum();
        let widest = shown.iter().map(|c| c.keep).max().unwrap_or(0);
        if used + LEAST_VERDICT <= width || widest <= 1 {
            let left = width.saturating_sub(used).max(1);
            return shown
                .into_iter()
                .map(|c| (c, if c.width == 0 { left } else { c.width }))
                .collect();
        }
        keep = widest - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_goes_first() {
        let names = |width| -> Vec<&str> { fitting(width).iter().map(|c| c.0.name).collect() };
        assert_eq!(names(180).len(), COLUMNS.len());
        assert_eq!(names(80), ["#", "client", "server", "verdict"]);
        assert_eq!(names(20), ["#", "client", "verdict"]);
        for width in 0..300 {
            assert!(fitting(width).iter().any(|c| c.0.name == "verdict"));
        }
    }
}
