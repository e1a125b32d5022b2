//! The capture as a whole: findings, causes by count, servers, passive ports.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::over_sessions;
use crate::decode::Endpoint;
use crate::diagnose::{Severity, find};
use crate::report::escape::escape;
use crate::report::text::lines::{Lines, span};
use crate::report::text::palette::{self, BAD, CURSOR, GOOD, NOTE, PLAIN, QUIET, STRONG};
use crate::report::text::units;
use crate::session::Mode;
use crate::tui::app::App;
use crate::tui::detail::Cursor;
use crate::tui::snapshot::Snapshot;

/// How many lines there are at this width.
pub fn count(app: &App) -> usize {
    lines(&app.snapshot, usize::from(app.size.0)).len()
}

/// The findings, from the line that is scrolled to.
pub fn render(app: &App, cursor: &Cursor, area: Rect, buffer: &mut Buffer) {
    let lines = lines(&app.snapshot, usize::from(area.width));
    for ((i, line), y) in lines.iter().enumerate().skip(cursor.top).zip(area.y..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        line.render(row, buffer);
        if i == cursor.at {
            buffer.set_style(row, CURSOR);
        }
    }
}

fn lines(s: &Snapshot, width: usize) -> Lines {
    let mut lines = Lines::new();
    for finding in s.findings.iter() {
        lines.extend(over_sessions::lines(finding, width));
        lines.push(Line::default());
    }
    heading(&mut lines, "Causes");
    lines.extend(causes(s));
    heading(&mut lines, "Servers");
    lines.extend(servers(s));
    heading(&mut lines, "Passive ports");
    lines.extend(ports(s, width));
    heading(&mut lines, "Traffic");
    lines.push(traffic(s, width));
    lines
}

fn heading(lines: &mut Lines, text: &'static str) {
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.push(Line::from(span(format!(" {text}"), STRONG)));
}

/// Diagnoses by how many sessions have them.
fn causes(s: &Snapshot) -> Lines {
    let mut counts: BTreeMap<(Severity, &'static str), u64> = BTreeMap::new();
    for entry in &s.entries {
        let serious = entry.judged.diagnoses.iter().filter(|d| d.severity != Severity::Info);
        let mut codes: Vec<_> = serious.map(|d| (d.severity, d.code)).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            *counts.entry(code).or_default() += 1;
        }
    }
    if counts.is_empty() {
        return vec![Line::from(span("   nothing serious in any session", QUIET))];
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|((severity, code), n)| (*severity, std::cmp::Reverse(*n), *code));
    let line = |((severity, code), n): ((Severity, &'static str), u64)| {
        let (glyph, style) = palette::severity(severity);
        let title = find(code).map_or("", |rule| rule.title);
        Line::from(vec![
            span(format!("   {glyph} {:>6}  ", units::grouped(n)), style),
            span(format!("{code:<26} "), PLAIN),
            span(title, QUIET),
        ])
    };
    counts.into_iter().map(line).collect()
}

/// Each server: its software, how many sessions, how many without trouble.
fn servers(s: &Snapshot) -> Lines {
    let mut servers: BTreeMap<Endpoint, (u64, u64, Option<&str>)> = BTreeMap::new();
    for entry in &s.entries {
        let session = &entry.judged.session;
        let server = servers.entry(session.server).or_default();
        server.0 += 1;
        server.1 += u64::from(!entry.row.is_problem());
        server.2 = server.2.or(session.software.as_deref());
    }
    let line = |(end, (all, fine, software)): (Endpoint, (u64, u64, Option<&str>))| {
        let style = if all == fine { GOOD } else { BAD };
        let rate = format!("   {:>3} % fine  ", fine * 100 / all.max(1));
        Line::from(vec![
            span(rate, style),
            span(format!("{:<24} {:<16}", end.to_string(), units::count(all, "session")), PLAIN),
            span(escape(software.unwrap_or_default()).into_owned(), QUIET),
        ])
    };
    servers.into_iter().map(line).collect()
}

/// The announced passive ports of each server, those that worked and those that didn't, as a map.
fn ports(s: &Snapshot, width: usize) -> Lines {
    let mut servers: BTreeMap<std::net::IpAddr, BTreeMap<u16, (u64, u64)>> = BTreeMap::new();
    for entry in &s.entries {
        let session = &entry.judged.session;
        for c in session.channels.iter().filter(|c| c.mode == Mode::Passive) {
            let Some(end) = c.listening() else { continue };
            let port = servers.entry(session.server.ip).or_default().entry(end.port).or_default();
            let worked = c.connection.as_ref().is_some_and(|c| c.worked());
            let blamed = entry
                .judged
                .diagnoses
                .iter()
                .any(|d| d.severity == Severity::Critical && d.channels.contains(&c.id));
            port.0 += u64::from(worked);
            port.1 += u64::from(!worked && blamed);
        }
    }
    let mut lines = Lines::new();
    for (server, ports) in &servers {
        let cells = width.saturating_sub(6).clamp(16, 100);
        let (Some((low, _)), Some((high, _))) = (ports.first_key_value(), ports.last_key_value())
        else {
            continue;
        };
        let range = usize::from(high - low) + 1;
        let each = range.div_ceil(cells).max(1);
        let good = ports.values().filter(|p| p.0 > 0).count();
        let bad = ports.values().filter(|p| p.1 > 0).count();
        lines.push(Line::from(vec![
            span(format!("   {server} {low}–{high}  "), PLAIN),
            span(format!("█ {good} worked  "), GOOD),
            span(format!("✗ {bad} did not  "), BAD),
            span(format!("· {each} ports a cell"), QUIET),
        ]));
        let mut spans = vec![span("   ", PLAIN)];
        for cell in 0..range.div_ceil(each) {
            let from = u32::from(*low) + u32::try_from(cell * each).unwrap_or(0);
            let to = (from + u32::try_from(each).unwrap_or(1) - 1).min(65_535);
            let bounds =
                u16::try_from(from).unwrap_or(u16::MAX)..=u16::try_from(to).unwrap_or(u16::MAX);
            let sum = ports.range(bounds).fold((0, 0), |a, (_, p)| (a.0 + p.0, a.1 + p.1));
            spans.push(match sum {
                (0, 0) => span("·", QUIET),
                (_, 0) => span("█", GOOD),
                (0, _) => span("✗", BAD),
                _ => span("▒", palette::ODD),
            });
        }
        lines.push(Line::from(spans));
    }
    if lines.is_empty() {
        lines.push(Line::from(span("   none was announced in clear", QUIET)));
    }
    lines
}

/// Sessions that began, over the time of the capture.
fn traffic(s: &Snapshot, width: usize) -> Line<'static> {
    const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let cells = width.saturating_sub(24).clamp(10, 100);
    let starts = || s.entries.iter().map(|e| e.row.start.nanos());
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
        return Line::from(span("   none", QUIET));
    };
    let mut counts = vec![0_usize; cells];
    for at in starts() {
        let place =
            i128::from(at - first) * (cells as i128 - 1) / i128::from((last - first).max(1));
        if let Some(n) = usize::try_from(place).ok().and_then(|p| counts.get_mut(p)) {
            *n += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let bar = |n: &usize| BARS.get((n * 8).div_ceil(most)).copied().unwrap_or("█");
    let bars: String = counts.iter().map(bar).collect();
    Line::from(vec![
        span("   sessions begun ", QUIET),
        span(bars, NOTE),
        span(format!(" ≤{most}"), QUIET),
    ])
}
