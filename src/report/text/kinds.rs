//! Sessions that broke in the same way at the same server: a few in full, the others by id.

use super::diagnosis::ids;
use super::lines::{Lines, paragraph};
use super::palette::{QUIET, STRONG, status};
use super::units;
use super::view::View;
use crate::decode::Endpoint;
use crate::diagnose::{Judged, Severity, Status};

type Kind = (Status, Endpoint, Vec<&'static str>);

fn kind(judged: &Judged) -> Kind {
    let codes = judged
        .diagnoses
        .iter()
        .filter(|d| d.severity == Severity::Critical)
        .map(|d| d.code)
        .collect();
    (judged.status, judged.session.server, codes)
}

/// Groups sessions of one kind, in the order of the first of each.
pub fn group<'j>(sessions: &[&'j Judged]) -> Vec<Vec<&'j Judged>> {
    let mut places: std::collections::HashMap<Kind, usize> = std::collections::HashMap::new();
    let mut groups: Vec<Vec<&'j Judged>> = Vec::new();
    for judged in sessions {
        let place = *places.entry(kind(judged)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(judged),
            None => groups.push(vec![judged]),
        }
    }
    groups
}

/// The sessions that are not shown in full.
pub fn others(view: &View<'_>, sessions: &[&Judged]) -> Lines {
    let Some(first) = sessions.first() else { return Lines::new() };
    let (glyph, style) = status(first.status);
    let n = units::count(sessions.len() as u64, "more session");
    let (_, server, codes) = kind(first);
    let text = format!("{glyph} {n} to {server} ended like these: {}", codes.join(", "));
    let mut lines = paragraph(&text, style.patch(STRONG), view.width, "", "  ");
    let text =
        format!("ids {} · `--session N` shows one", ids(sessions.iter().map(|j| j.session.id)));
    lines.extend(paragraph(&text, QUIET, view.width, "  ", "  "));
    lines
}
