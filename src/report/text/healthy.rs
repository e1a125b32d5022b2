//! Sessions without a problem, a line or two each.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::text::Line;

use super::lines::{Lines, span, wrap};
use super::palette::{PLAIN, QUIET, STRONG, severity, status};
use super::table::{Column, Row, table};
use super::units;
use super::view::View;
use crate::diagnose::{Judged, Severity, Status};
use crate::report::escape::escape;
use crate::session::{Mode, Security, Session};

/// More sessions than this say nothing more, one by one.
pub const MOST: usize = 200;

const COLUMNS: [Column; 9] = [
    Column::text("", 1),
    Column::number("id"),
    Column::text("start", 12),
    Column::text("client", 28),
    Column::text("server", 28),
    Column::text("user", 16),
    Column::text("mode", 14),
    Column::number("transfers"),
    Column::number("bytes"),
];

/// The table of these sessions, by id, which are all of their kind or the first of them.
pub fn lines(view: &View<'_>, sessions: &[&Judged]) -> Lines {
    let undetermined = view.tally.of(Status::Undetermined);
    let title =
        if undetermined > 0 { "Sessions without a problem in sight" } else { "Healthy sessions" };
    let mut lines = vec![Line::from(span(title, STRONG))];
    let shown = sessions.get(..MOST).unwrap_or(sessions);
    let rows: Vec<Row> = shown.iter().map(|j| row(view, j)).collect();
    let mut drawn = table(&COLUMNS, &rows, view.width).into_iter();
    lines.extend(drawn.next());
    let common = common(shown);
    for (line, judged) in drawn.zip(shown) {
        lines.push(line);
        lines.extend(notes(view, judged, &common));
    }
    let (glyph, style) = severity(Severity::Info);
    for (code, sessions) in common {
        let all = sessions == shown.len();
        let of = if all { "all".to_owned() } else { format!("{sessions} of {}", shown.len()) };
        let spans = [span(format!("{glyph} "), style), span(format!("{code} · {of}"), QUIET)];
        lines.extend(wrap(&spans, view.width, "  ", "    "));
    }
    if let Some(more) = view.tally.quiet().checked_sub(MOST as u64).filter(|m| *m > 0) {
        let text = format!("  and {} more", units::count(more, "session"));
        lines.push(Line::from(span(text, QUIET)));
    }
    lines
}

fn row(view: &View<'_>, judged: &Judged) -> Row {
    let s = &judged.session;
    let (glyph, style) = status(judged.status);
    let complete = s
        .transfers
        .iter()
        .filter(|t| s.script.exchanges.get(t.exchange).is_some_and(|e| e.succeeded()));
    let (complete, all) = (complete.count(), s.transfers.len());
    let transfers = if s.hidden() && all == 0 {
        "?".to_owned()
    } else if complete == all {
        all.to_string()
    } else {
        format!("{complete} of {all}")
    };
    let bytes: u64 =
        s.channels.iter().filter_map(|c| c.connection.as_deref()).map(|c| c.bytes()).sum();
    vec![
        (glyph.to_owned(), style),
        (s.id.to_string(), PLAIN),
        (view.clock.time(s.first.time), PLAIN),
        (s.client.ip.to_string(), PLAIN),
        (if s.server.port == 21 { s.server.ip.to_string() } else { s.server.to_string() }, PLAIN),
        (s.user().map(|u| escape(u).into_owned()).unwrap_or_default(), PLAIN),
        (mode(s), PLAIN),
        (transfers, PLAIN),
        (units::bytes(bytes), PLAIN),
    ]
}

/// How data channels were announced, and what protects the session.
fn mode(s: &Session) -> String {
    let mut modes: Vec<&str> = Vec::new();
    if s.security != Security::Plain {
        modes.push("TLS");
    }
    for channel in &s.channels {
        let name = match (&channel.announcement, channel.mode) {
            (Some(a), _) => a.kind.name(),
            (None, Mode::Passive) => "passive",
            (None, Mode::Active) => "active",
            (None, Mode::Unknown) => continue,
        };
        if channel.announcement.is_some() || channel.reuses.is_none() && !modes.contains(&name) {
            modes.push(name);
        }
    }
    modes.dedup();
    let mut seen: Vec<&str> = Vec::new();
    modes.retain(|m| {
        !seen.contains(m) && {
            seen.push(m);
            true
        }
    });
    modes.join(" ")
}

/// Notes that at least half of several sessions share, each with how many: said once for all of them.
fn common(shown: &[&Judged]) -> Vec<(&'static str, usize)> {
    let mut sessions = BTreeMap::new();
    for judged in shown {
        let codes: BTreeSet<_> = info(judged).collect();
        for code in codes {
            *sessions.entry(code).or_insert(0_usize) += 1;
        }
    }
    sessions.into_iter().filter(|(_, n)| *n > 1 && 2 * n >= shown.len()).collect()
}

fn info(judged: &Judged) -> impl Iterator<Item = &'static str> {
    judged.diagnoses.iter().filter(|d| d.severity == Severity::Info).map(|d| d.code)
}

/// Warnings in a sentence, notes by their codes, except those that are said for all.
fn notes(view: &View<'_>, judged: &Judged, common: &[(&str, usize)]) -> Lines {
    let mut lines = Lines::new();
    for d in judged.diagnoses.iter().filter(|d| d.severity != Severity::Info) {
        let (glyph, style) = severity(d.severity);
        let spans = [
            span(format!("{glyph} "), style),
            span(escape(&d.summary), PLAIN),
            span(format!(" {}", d.code), QUIET),
        ];
        lines.extend(wrap(&spans, view.width, "     ", "       "));
    }
    let codes: Vec<&str> =
        info(judged).filter(|code| !common.iter().any(|c| c.0 == *code)).collect();
    if !codes.is_empty() {
        let (glyph, style) = severity(Severity::Info);
        let spans = [span(format!("{glyph} "), style), span(codes.join(", "), QUIET)];
        lines.extend(wrap(&spans, view.width, "     ", "       "));
    }
    lines
}
