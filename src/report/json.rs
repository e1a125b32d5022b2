//! The JSON document, and its lines as a stream.

use std::borrow::Cow;
use std::io::{self, Write};

use rayon::prelude::*;
use serde::Serialize;

use super::convert;
use super::document::{Line, SCHEMA, Summary};
use super::escape::escape_json;
use super::indent::indented;
use crate::diagnose::{Diagnosis, Judged};
use crate::engine::Analysis;

/// Sessions rendered at a time, so that threads have something to share and memory stays bounded.
const BATCH: usize = 256;

fn pretty(value: &impl Serialize, level: usize) -> String {
    let json = indented(value, level);
    match escape_json(&json) {
        Cow::Borrowed(_) => json,
        Cow::Owned(escaped) => escaped,
    }
}

/// The summary of the sessions that `counts` lets through.
pub fn summary<'a>(sessions: impl Iterator<Item = &'a Judged>) -> Summary {
    let mut summary = Summary::default();
    sessions.for_each(|j| summary.add(j));
    summary
}

/// Writes the whole document; `show` chooses the sessions that are listed, `summary` counts those that
/// may have been let go.
///
/// # Errors
/// Those of `out`.
pub fn document(
    a: &Analysis,
    summary: &Summary,
    show: impl Fn(&Judged) -> bool + Sync,
    out: &mut impl Write,
) -> io::Result<()> {
    let findings: Vec<_> = a.findings.iter().map(convert::finding).collect();
    write!(out, "{{\n  \"schema\": \"{SCHEMA}\",\n  \"capture\": ")?;
    out.write_all(pretty(&convert::capture(a), 1).as_bytes())?;
    write!(out, ",\n  \"summary\": ")?;
    out.write_all(pretty(summary, 1).as_bytes())?;
    write!(out, ",\n  \"findings\": ")?;
    out.write_all(pretty(&findings, 1).as_bytes())?;
    write!(out, ",\n  \"sessions\": [")?;
    let mut first = true;
    for batch in a.sessions.chunks(BATCH) {
        let rendered: Vec<Option<String>> =
            batch.par_iter().map(|j| show(j).then(|| pretty(&convert::session(j), 2))).collect();
        for json in rendered.into_iter().flatten() {
            out.write_all(if first { b"\n    " } else { b",\n    " })?;
            out.write_all(json.as_bytes())?;
            first = false;
        }
    }
    out.write_all(if first { b"]\n}\n" } else { b"\n  ]\n}\n" })
}

/// Writes the line of a session.
///
/// # Errors
/// Those of `out`.
pub fn session_line(j: &Judged, out: &mut impl Write) -> io::Result<()> {
    line(&Line::Session { schema: SCHEMA.to_owned(), session: Box::new(convert::session(j)) }, out)
}

/// Writes the line of a stall in a session that is still open.
///
/// # Errors
/// Those of `out`.
pub fn stall_line(j: &Judged, stall: &Diagnosis, out: &mut impl Write) -> io::Result<()> {
    let session = Box::new(convert::session(j));
    let diagnosis = Box::new(convert::diagnosis(stall));
    line(&Line::Stall { schema: SCHEMA.to_owned(), session, diagnosis }, out)
}

/// Writes the last line.
///
/// # Errors
/// Those of `out`.
pub fn capture_line(a: &Analysis, summary: Summary, out: &mut impl Write) -> io::Result<()> {
    let findings = a.findings.iter().map(convert::finding).collect();
    let capture = Box::new(convert::capture(a));
    line(&Line::Capture { schema: SCHEMA.to_owned(), capture, summary, findings }, out)
}

fn line(line: &Line, out: &mut impl Write) -> io::Result<()> {
    let json = serde_json::to_string(line)?;
    writeln!(out, "{}", escape_json(&json))
}
