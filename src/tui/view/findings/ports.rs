//! The announced passive ports of each server, those that worked and those that didn't, as a map.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ratatui::text::{Line, Span};

use super::WholeLine;
use crate::diagnose::Severity;
use crate::report::text::lines::span;
use crate::report::text::palette::{self, BAD, GOOD, PLAIN, QUIET};
use crate::report::text::units;
use crate::session::Mode;
use crate::tui::snapshot::Snapshot;

/// What became of a port, or of several.
#[derive(Clone, Copy, Default)]
struct Port {
    worked: u64,
    failed: u64,
    /// Nobody dialled it, or the capture doesn't tell.
    unknown: u64,
}

impl Port {
    fn cell(self) -> Span<'static> {
        match (self.worked, self.failed, self.unknown) {
            (0, 0, 0) => span("·", QUIET),
            (0, 0, _) => span("○", QUIET),
            (_, 0, _) => span("█", GOOD),
            (0, ..) => span("✗", BAD),
            _ => span("▒", palette::ODD),
        }
    }
}

type Map = BTreeMap<u16, Port>;

/// Two lines for each server.
pub fn lines(s: &Snapshot, width: usize) -> Vec<WholeLine> {
    let mut servers: BTreeMap<IpAddr, Map> = BTreeMap::new();
    for entry in &s.entries {
        let session = &entry.judged.session;
        for c in session.channels.iter().filter(|c| c.mode == Mode::Passive) {
            let Some(end) = c.listening() else { continue };
            let port = servers.entry(session.server.ip).or_default().entry(end.port).or_default();
            let worked = c.connection.as_deref().is_some_and(|c| c.worked());
            let mut blamed = entry.judged.diagnoses.iter();
            if worked {
                port.worked += 1;
            } else if blamed.any(|d| d.severity == Severity::Critical && d.channels.contains(&c.id))
            {
                port.failed += 1;
            } else {
                port.unknown += 1;
            }
        }
    }
    let mut lines = Vec::new();
    for (server, ports) in &servers {
        let drawn = [legend(*server, ports, each(ports, width)), map(ports, each(ports, width))];
        lines.extend(drawn.into_iter().map(|line| WholeLine {
            line,
            filter: Some(format!("server:{server}")),
            copy: bounds(ports).map(|(low, high)| format!("{low}-{high}")),
        }));
    }
    if lines.is_empty() {
        lines.push(Line::from(span("   none was announced in clear", QUIET)).into());
    }
    lines
}

fn bounds(ports: &Map) -> Option<(u16, u16)> {
    Some((*ports.first_key_value()?.0, *ports.last_key_value()?.0))
}

/// Ports in a cell of the map.
fn each(ports: &Map, width: usize) -> usize {
    let cells = width.saturating_sub(6).clamp(16, 100);
    let range = bounds(ports).map_or(1, |(low, high)| usize::from(high - low) + 1);
    range.div_ceil(cells).max(1)
}

fn legend(server: IpAddr, ports: &Map, each: usize) -> Line<'static> {
    let (low, high) = bounds(ports).unwrap_or_default();
    let range = if low == high { low.to_string() } else { format!("{low}–{high}") };
    let good = ports.values().filter(|p| p.worked > 0).count();
    let bad = ports.values().filter(|p| p.failed > 0).count();
    let rest = ports.values().filter(|p| p.worked + p.failed == 0).count();
    let mut spans = vec![
        span(format!("   {server} {range}  "), PLAIN),
        span(format!("█ {good} worked  "), GOOD),
        span(format!("✗ {bad} did not  "), BAD),
    ];
    if ports.values().any(|p| p.worked > 0 && p.failed > 0) {
        spans.push(span("▒ both  ", palette::ODD));
    }
    if rest > 0 {
        spans.push(span(format!("○ {rest} not used  "), QUIET));
    }
    if each > 1 {
        spans.push(span(format!("a sign is {}", units::count(each as u64, "port")), QUIET));
    }
    Line::from(spans)
}

fn map(ports: &Map, each: usize) -> Line<'static> {
    let (low, high) = bounds(ports).unwrap_or_default();
    let mut spans = vec![span("   ", PLAIN)];
    let mut from = usize::from(low);
    while from <= usize::from(high) {
        let to = (from + each - 1).min(usize::from(high));
        let cell = u16::try_from(from).unwrap_or(high)..=u16::try_from(to).unwrap_or(high);
        let sum = ports.range(cell).fold(Port::default(), |sum, (_, p)| Port {
            worked: sum.worked + p.worked,
            failed: sum.failed + p.failed,
            unknown: sum.unknown + p.unknown,
        });
        spans.push(sum.cell());
        from = to + 1;
    }
    Line::from(spans)
}
