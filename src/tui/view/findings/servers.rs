//! Each server: how its sessions fared, what its timers are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ratatui::text::Line;

use super::WholeLine;
use crate::decode::Endpoint;
use crate::diagnose::{Silence, Status, Timer};
use crate::report::escape::escape;
use crate::report::text::lines::{paragraph, span};
use crate::report::text::palette::{BAD, GOOD, NOTE, ODD, PLAIN, QUIET};
use crate::report::text::units;
use crate::tui::snapshot::Snapshot;

/// Servers that are listed.
const MOST: usize = 100;

#[derive(Default)]
struct Server<'a> {
    sessions: u64,
    open: u64,
    healthy: u64,
    told: u64,
    transfers: (u64, u64),
    software: Option<&'a str>,
    silences: Vec<Silence>,
}

/// Those with the most failures first.
pub fn lines(s: &Snapshot, width: usize) -> Vec<WholeLine> {
    let mut servers: BTreeMap<Endpoint, Server<'_>> = BTreeMap::new();
    for entry in &s.entries {
        let (session, row) = (&entry.judged.session, &entry.row);
        let server = servers.entry(session.server).or_default();
        server.sessions += 1;
        server.open += u64::from(row.in_progress());
        server.healthy += u64::from(row.status == Status::Healthy);
        server.told += u64::from(row.status != Status::Undetermined);
        server.transfers.0 += row.done;
        server.transfers.1 += row.transfers;
        server.software = server.software.or(session.software.as_deref());
        server.silences.extend(&row.silences);
    }
    let mut servers: Vec<_> = servers.into_iter().collect();
    servers.sort_by_key(|(_, s)| Reverse(s.told - s.healthy));
    let more = servers.len().saturating_sub(MOST);
    let mut lines: Vec<WholeLine> = Vec::new();
    for (end, server) in servers.into_iter().take(MOST) {
        server_lines(end, server, width, &mut lines);
    }
    if more > 0 {
        let text = format!("   and {}", units::count(more as u64, "further server"));
        lines.push(Line::from(span(text, QUIET)).into());
    }
    lines
}

fn server_lines(end: Endpoint, server: Server<'_>, width: usize, lines: &mut Vec<WholeLine>) {
    // Of the sessions that the capture tells anything about.
    let (rate, style) = match (server.healthy * 100).checked_div(server.told) {
        None => ("–".to_owned(), QUIET),
        Some(100) => ("✓ 100 %".to_owned(), GOOD),
        Some(percent) if percent > 0 => (format!("▲ {percent} %"), ODD),
        Some(percent) => (format!("✗ {percent} %"), BAD),
    };
    let mut facts = vec![units::count(server.sessions, "session")];
    if server.open > 0 {
        facts.push(format!("{} in progress", units::grouped(server.open)));
    }
    let (done, all) = server.transfers;
    if all > 0 {
        let all_of = units::count(all, "transfer");
        facts.push(format!("{}/{all_of} done", units::grouped(done)));
    }
    let software = server.software.unwrap_or_default();
    let line = |line| WholeLine {
        line,
        filter: Some(format!("server:{} control-port:{}", end.ip, end.port)),
        copy: Some(end.to_string()),
    };
    lines.push(line(Line::from(vec![
        span(format!("   {rate:<8} "), style),
        span(format!("{:<22} ", end.to_string()), PLAIN),
        span(format!("{}  ", facts.join(" · ")), PLAIN),
        span(escape(software).into_owned(), QUIET),
    ])));
    for timer in Timer::of(software, server.silences) {
        let text = sentence(&timer);
        let wrapped = paragraph(&text, NOTE, width, "            ◷ ", "              ");
        lines.extend(wrapped.into_iter().map(line));
    }
}

/// `421 after 300.1 s without a command, 3 times: as long as proftpd's TimeoutNoTransfer`
fn sentence(t: &Timer) -> String {
    let (a, b) = (units::duration(t.lasted.0), units::duration(t.lasted.1));
    let lasted = if a == b { a } else { format!("{a} to {b}") };
    let mut text = format!("{} after {lasted} {}", t.end.sign(), t.outstanding.words());
    text.push_str(&match t.times {
        1 => ", once".to_owned(),
        n => format!(", {} times", units::grouped(n)),
    });
    if let Some(whose) = t.whose {
        text.push_str(&format!("; as long as {whose}"));
    }
    text
}
