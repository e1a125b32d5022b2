//! The columns of the list: name, width, text, order.

use std::cmp::Ordering;

use super::row::Row;
use crate::capture::Timestamp;
use crate::report::text::clock::Clock;
use crate::report::text::lines::fit;
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
    /// Where there is little room.
    pub least: u16,
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
    /// Room for it.
    pub width: u16,
    /// The capture's clock, while it goes on.
    pub now: Option<Timestamp>,
}

fn waiting(row: &Row, at: &Moment<'_>) -> String {
    let Some((what, length)) = row.waiting(at.now) else { return String::new() };
    // How long matters more than the end of a word.
    let length = units::duration(length);
    let room = usize::from(at.width).saturating_sub(length.chars().count() + 1);
    format!("{} {length}", fit(what, room))
}

/// Every column, from the left. The status is a glyph before the first.
pub static COLUMNS: &[Column] = &[
    Column {
        name: "#",
        width: 6,
        least: 6,
        align: Align::Right,
        keep: 1,
        text: |r, _| if r.id == 0 { String::new() } else { r.id.to_string() },
        order: |a, b| a.key.cmp(&b.key),
    },
    Column {
        name: "start",
        width: 12,
        least: 8,
        align: Align::Left,
        keep: 5,
        text: |r, at| at.clock.time(r.start).chars().take(at.width.into()).collect(),
        order: |a, b| a.start.cmp(&b.start),
    },
    Column {
        name: "client",
        width: 21,
        least: 21,
        align: Align::Left,
        keep: 1,
        text: |r, _| r.client.clone(),
        order: |a, b| a.client.cmp(&b.client),
    },
    Column {
        name: "server",
        width: 18,
        least: 15,
        align: Align::Left,
        keep: 2,
        text: |r, _| r.server.clone(),
        order: |a, b| a.server.cmp(&b.server),
    },
    Column {
        name: "user",
        width: 10,
        least: 7,
        align: Align::Left,
        keep: 6,
        text: |r, _| r.user.clone(),
        order: |a, b| a.user.cmp(&b.user),
    },
    Column {
        name: "tls",
        width: 4,
        least: 4,
        align: Align::Left,
        keep: 9,
        text: |r, _| r.tls.to_owned(),
        order: |a, b| a.tls.cmp(b.tls),
    },
    Column {
        name: "mode",
        width: 5,
        least: 5,
        align: Align::Left,
        keep: 8,
        text: |r, _| r.mode.to_owned(),
        order: |a, b| a.mode.cmp(b.mode),
    },
    Column {
        name: "done",
        width: 7,
        least: 5,
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
        least: 8,
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
        least: 10,
        align: Align::Right,
        keep: 10,
        text: |r, _| r.rate.map(|n| format!("{}/s", units::bytes(n))).unwrap_or_default(),
        order: |a, b| a.rate.cmp(&b.rate),
    },
    Column {
        name: WAITING,
        width: 26,
        least: 17,
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
        least: 0,
        align: Align::Left,
        keep: 0,
        text: |r, _| r.verdict.clone(),
        order: |a, b| (a.status, a.code).cmp(&(b.status, b.code)),
    },
];

/// From this width on every column has room.
pub const WIDE: u16 = 137;
const WAITING: &str = "waiting for";
/// The verdict has at least this much room, and as much before other columns get more.
const LEAST_VERDICT: u16 = 19;
const FAIR_VERDICT: u16 = 29;

/// The columns that have room, and the width of each. The one that the list is ordered by is
/// always among them.
pub fn fitting(width: u16, ordered_by: Option<usize>) -> Vec<(&'static Column, u16)> {
    let mut keep = u8::MAX;
    let shown = loop {
        let stays = |(i, c): &(usize, &Column)| c.keep <= keep || ordered_by == Some(*i);
        let shown: Vec<&Column> = COLUMNS.iter().enumerate().filter(stays).map(|c| c.1).collect();
        let used: u16 = shown.iter().map(|c| c.least + 1).sum();
        let widest = shown.iter().map(|c| c.keep).filter(|k| *k <= keep).max().unwrap_or(0);
        if used + LEAST_VERDICT <= width || widest <= 1 {
            break shown;
        }
        keep = widest - 1;
    };
    let used: u16 = shown.iter().map(|c| c.least + 1).sum();
    let mut surplus = width.saturating_sub(used + LEAST_VERDICT);
    let mut fitted: Vec<(&Column, u16)> = shown.into_iter().map(|c| (c, c.least)).collect();
    // What it waits for before the title of the verdict, and that before everything else.
    let mut grow = |names: &dyn Fn(&Column) -> bool, kept: u16| {
        for (column, width) in fitted.iter_mut().filter(|(c, _)| c.width > c.least && names(c)) {
            let more = column.width - column.least;
            // All or nothing: half a wider column is of no use to anybody.
            if more + kept <= surplus {
                *width += more;
                surplus -= more;
            }
        }
    };
    grow(&|c| c.name == WAITING, 0);
    grow(&|c| c.name != WAITING, FAIR_VERDICT - LEAST_VERDICT);
    let used: u16 = fitted.iter().map(|c| c.1 + 1).sum();
    for (column, w) in &mut fitted {
        if column.width == 0 {
            *w = width.saturating_sub(used).max(1);
        }
    }
    fitted
}

/// The columns that have no room.
pub fn hidden(width: u16, ordered_by: Option<usize>) -> impl Iterator<Item = &'static Column> {
    let shown = fitting(width, ordered_by);
    COLUMNS.iter().filter(move |c| shown.iter().all(|(s, _)| s.name != c.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_goes_first() {
        let names = |width, ordered_by| -> Vec<&str> {
            fitting(width, ordered_by).iter().map(|c| c.0.name).collect()
        };
        // 140×45 shows everything that the list knows.
        assert_eq!(names(WIDE, None).len(), COLUMNS.len());
        assert_eq!(names(WIDE - 1, None).len(), COLUMNS.len() - 1);
        assert_eq!(names(78, None), ["#", "client", "server", "done", "verdict"]);
        assert_eq!(names(20, None), ["#", "client", "verdict"]);
        // Nobody orders by what can't be seen.
        assert_eq!(names(78, Some(9)), ["#", "client", "server", "rate", "verdict"]);
        assert_eq!(hidden(78, Some(9)).count(), COLUMNS.len() - 5);
        for width in 0..300 {
            let all = fitting(width, None);
            assert!(all.iter().any(|c| c.0.name == "verdict"));
            let used: u16 = all.iter().map(|c| c.1 + 1).sum();
            assert!(used <= width + 1 || all.len() == 3, "{width}");
        }
    }
}
