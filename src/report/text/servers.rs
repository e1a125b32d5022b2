//! One line for each server: how its sessions fared and why not better.

use std::collections::BTreeMap;

use ratatui::text::Line;

use super::lines::{Lines, span, wrap};
use super::palette::{BAD, GOOD, ODD, PLAIN, QUIET, STRONG};
use super::table::{Column, Row, table};
use super::units;
use super::view::View;
use crate::decode::Endpoint;
use crate::diagnose::{Judged, Severity, Status};
use crate::report::escape::escape;

/// Servers that are listed.
const MOST: usize = 50;

const COLUMNS: [Column; 4] = [
    Column::text("server", 47),
    Column::text("software", 24),
    Column::number("sessions"),
    Column::number("succeeded"),
];

/// Servers, and how their sessions fared.
#[derive(Debug, Default)]
pub struct Servers(BTreeMap<Endpoint, Server>);

#[derive(Debug, Default)]
struct Server {
    /// As it called itself in the first session in which it did, and the id of that.
    software: Option<(u64, String)>,
    sessions: u64,
    healthy: u64,
    undetermined: u64,
    causes: BTreeMap<&'static str, u64>,
}

impl Servers {
    /// Takes note of a session, in any order.
    pub fn add(&mut self, judged: &Judged) {
        let s = &judged.session;
        let server = self.0.entry(s.server).or_default();
        server.sessions += 1;
        server.healthy += u64::from(judged.status == Status::Healthy);
        server.undetermined += u64::from(judged.status == Status::Undetermined);
        if let Some(software) = &s.software
            && server.software.as_ref().is_none_or(|(id, _)| s.id < *id)
        {
            server.software = Some((s.id, software.clone()));
        }
        let mut codes: Vec<&'static str> = judged
            .diagnoses
            .iter()
            .filter(|d| d.severity == Severity::Critical)
            .map(|d| d.code)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            *server.causes.entry(code).or_default() += 1;
        }
    }
}

/// The table of servers, those with the most failures first.
pub fn lines(view: &View<'_>) -> Lines {
    let mut servers: Vec<(&Endpoint, &Server)> = view.tally.servers.0.iter().collect();
    servers.sort_by_key(|(_, s)| std::cmp::Reverse(s.sessions - s.healthy - s.undetermined));

    let mut lines = vec![Line::from(span("Servers", STRONG))];
    let rows: Vec<Row> = servers.iter().take(MOST).map(|(e, s)| row(**e, s)).collect();
    let mut drawn = table(&COLUMNS, &rows, view.width).into_iter();
    lines.extend(drawn.next());
    for (line, (_, server)) in drawn.zip(&servers) {
        lines.push(line);
        let causes = causes(server);
        if !causes.is_empty() {
            lines.extend(wrap(&[span(causes, QUIET)], view.width, "    ", "    "));
        }
    }
    if let Some(more) = servers.len().checked_sub(MOST).filter(|m| *m > 0) {
        let text = format!("  and {} more", units::count(more as u64, "server"));
        lines.push(Line::from(span(text, QUIET)));
    }
    lines
}

fn row(endpoint: Endpoint, s: &Server) -> Row {
    // Of those that the capture tells anything about.
    let told = s.sessions - s.undetermined;
    let (rate, style) = match (s.healthy * 100).checked_div(told) {
        None => ("–".to_owned(), QUIET),
        Some(100) => ("✓ 100 %".to_owned(), GOOD),
        Some(percent) if percent > 0 => (format!("▲ {percent} %"), ODD),
        Some(percent) => (format!("✗ {percent} %"), BAD),
    };
    vec![
        (endpoint.to_string(), PLAIN),
        (s.software.as_ref().map(|(_, t)| escape(t).into_owned()).unwrap_or_default(), PLAIN),
        (units::grouped(s.sessions), PLAIN),
        (rate, style),
    ]
}

/// Why sessions broke, the most frequent first.
fn causes(s: &Server) -> String {
    let mut causes: Vec<(&'static str, u64)> = s.causes.iter().map(|(c, n)| (*c, *n)).collect();
    causes.sort_by_key(|c| std::cmp::Reverse(c.1));
    let causes: Vec<String> = causes
        .into_iter()
        .map(|(code, n)| if n > 1 { format!("{code} ×{n}") } else { code.to_owned() })
        .collect();
    causes.join(", ")
}
