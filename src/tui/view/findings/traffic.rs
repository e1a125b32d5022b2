//! The capture's traffic over time, as sparklines.

use std::time::Duration;

use ratatui::text::Line;

use super::WholeLine;
use crate::capture::Timestamp;
use crate::report::text::clock::Clock;
use crate::report::text::lines::span;
use crate::report::text::palette::{BAD, NOTE, QUIET};
use crate::report::text::units;
use crate::tui::snapshot::Snapshot;

/// Columns of the names, and of what stands behind a sparkline.
const NAME: usize = 19;
const PEAK: usize = 24;

/// A time that is drawn on some columns.
#[derive(Clone, Copy)]
struct Axis {
    from: i64,
    nanos: f64,
    columns: usize,
}

impl Axis {
    /// Spreads an amount evenly over the columns from one time to another.
    fn spread(self, to: &mut [f64], from: i64, until: i64, amount: f64) {
        let place = |t: i64| {
            let share = t.saturating_sub(self.from) as f64 / self.nanos;
            share.clamp(0.0, 1.0) * self.columns as f64
        };
        let (a, b) = (place(from), place(until));
        let (first, last) = (a as usize, b.ceil() as usize);
        if b - a < 1e-9 {
            if let Some(cell) = to.get_mut(first.min(self.columns.saturating_sub(1))) {
                *cell += amount;
            }
            return;
        }
        for (i, cell) in to.iter_mut().enumerate().take(last).skip(first) {
            let share = (b.min(i as f64 + 1.0) - a.max(i as f64)) / (b - a);
            *cell += amount * share.max(0.0);
        }
    }
}

/// Packets, bytes, sessions begun, and those of them that came to grief.
pub fn lines(s: &Snapshot, clock: &Clock, width: usize) -> Vec<WholeLine> {
    let (Some(first), Some(last)) = (s.capture.first_packet, s.capture.last_packet) else {
        let text = if s.progress.done { "no packets" } else { "known once all is read" };
        return vec![Line::from(span(format!("   {text}"), QUIET)).into()];
    };
    let columns = width.saturating_sub(NAME + PEAK).clamp(8, 100);
    let nanos = last.nanos().saturating_sub(first.nanos()).max(1);
    let axis = Axis { from: first.nanos(), nanos: nanos as f64, columns };
    let mut packets = vec![0.0; columns];
    let mut bytes = vec![0.0; columns];
    for (from, to, amount) in s.capture.traffic.cells() {
        // The last cell reaches beyond the last packet.
        let to = to.min(last.nanos()).max(from);
        axis.spread(&mut packets, from, to, amount.packets as f64);
        axis.spread(&mut bytes, from, to, amount.bytes as f64);
    }
    let (mut begun, mut grief) = (vec![0.0; columns], vec![0.0; columns]);
    for entry in &s.entries {
        let at = entry.row.start.nanos();
        axis.spread(&mut begun, at, at, 1.0);
        if entry.row.is_problem() {
            axis.spread(&mut grief, at, at, 1.0);
        }
    }
    let seconds = nanos as f64 / 1e9 / columns as f64;
    let per_second = |n: f64| format!("{}/s", units::grouped((n / seconds).ceil() as u64));
    let bytes_per_second = |n: f64| format!("{}/s", units::bytes((n / seconds).ceil() as u64));
    let whole = |n: f64| units::grouped(n.round() as u64);
    let mut lines = vec![
        spark("packets", &packets, NOTE, &per_second),
        spark("bytes", &bytes, NOTE, &bytes_per_second),
        spark("sessions begun", &begun, NOTE, &whole),
    ];
    if grief.iter().any(|n| *n > 0.0) {
        lines.push(spark("with a problem", &grief, BAD, &whole));
    }
    lines.push(scale(clock, first, last, columns));
    let each = units::duration(Duration::from_nanos((nanos as u64) / columns as u64));
    let text = format!("{:NAME$}a column is {each}", "");
    lines.push(Line::from(span(text, QUIET)));
    lines.into_iter().map(WholeLine::from).collect()
}

fn spark(
    name: &str,
    amounts: &[f64],
    style: ratatui::style::Style,
    peak: &dyn Fn(f64) -> String,
) -> Line<'static> {
    const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = amounts.iter().copied().fold(0.0, f64::max);
    let bar = |n: &f64| {
        // Whatever there is is seen.
        let eighths = if most > 0.0 { (n / most * 8.0 - 1e-9).ceil() } else { 0.0 };
        BARS.get(eighths.max(0.0) as usize).copied().unwrap_or("█")
    };
    let bars: String = amounts.iter().map(bar).collect();
    Line::from(vec![
        span(format!("   {name:<16}"), QUIET),
        span(bars, style),
        span(format!(" at most {}", peak(most)), QUIET),
    ])
}

/// When it begins and ends.
fn scale(clock: &Clock, first: Timestamp, last: Timestamp, columns: usize) -> Line<'static> {
    let (from, to) = (clock.time(first), clock.time(last));
    let room = columns.saturating_sub(from.len() + to.len());
    let text = match room {
        0 => format!("{:NAME$}{from}", ""),
        room => format!("{:NAME$}{from}{:room$}{to}", "", ""),
    };
    Line::from(span(text, QUIET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_evenly() {
        let axis = Axis { from: 0, nanos: 100.0, columns: 4 };
        let mut cells = vec![0.0; 4];
        axis.spread(&mut cells, 0, 50, 10.0);
        axis.spread(&mut cells, 100, 100, 3.0);
        axis.spread(&mut cells, 60, 70, 2.0);
        assert_eq!(cells, [5.0, 5.0, 2.0, 3.0]);
    }
}
