//! Diagnoses by how many sessions have them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ratatui::text::Line;

use super::WholeLine;
use crate::diagnose::{Severity, find};
use crate::report::text::lines::{fit, span};
use crate::report::text::palette::{self, PLAIN, QUIET};
use crate::report::text::units;
use crate::tui::snapshot::Snapshot;

/// A line for each; Enter shows its sessions.
pub fn lines(s: &Snapshot, width: usize) -> Vec<WholeLine> {
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
        let none = s.entries.is_empty();
        let text = if none { "   no FTP session" } else { "   nothing serious in any session" };
        return vec![Line::from(span(text, QUIET)).into()];
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|((severity, code), n)| (*severity, Reverse(*n), *code));
    let line = |((severity, code), n): ((Severity, &'static str), u64)| {
        let (glyph, style) = palette::severity(severity);
        let title = find(code).map_or("", |rule| rule.title);
        WholeLine {
            line: Line::from(vec![
                span(format!("   {glyph} {:>6}  ", units::grouped(n)), style),
                span(format!("{code:<26} "), PLAIN),
                span(fit(title, width.saturating_sub(40)), QUIET),
            ]),
            filter: Some(format!("code:{code} severity:{}", severity.name())),
            copy: Some(code.to_owned()),
        }
    };
    counts.into_iter().map(line).collect()
}
