//! The JSON document, and its lines as a stream.

use std::io::{self, Write};

use rayon::prelude::*;

use super::convert;
use super::document::{Line, SCHEMA, Summary};
use super::store::{Place, Store};
use super::write::{indented, on_one_line};
use crate::diagnose::{Diagnosis, Judged};
use crate::engine::Analysis;

/// Sessions rendered at a time, so that threads have something to share and memory stays bounded.
const BATCH: usize = 256;

/// Room for a session of one transfer.
const ROOM: usize = 8192;

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
    head(a, summary, out)?;
    let mut first = true;
    for batch in a.sessions.chunks(BATCH) {
        let rendered = |j: &Judged| {
            let mut json = Vec::with_capacity(ROOM);
            session(j, &mut json);
            json
        };
        let rendered: Vec<Option<Vec<u8>>> =
            batch.par_iter().map(|j| show(j).then(|| rendered(j))).collect();
        for json in rendered.into_iter().flatten() {
            item(&json, std::mem::take(&mut first), out)?;
        }
    }
    foot(first, out)
}

/// Sessions as they stand in the document, written when they end: a text is smaller than what it was
/// written from. Many end alike, in the same advice for the same server: that end is kept once.
#[derive(Debug, Default)]
pub struct Rendered {
    /// Ids, and where the texts and their ends are.
    places: Vec<(u64, Place, Place)>,
    texts: Store,
    /// The session that is being written, and the latest one that had another end.
    text: Vec<u8>,
    before: Vec<u8>,
    /// The end that is looked for, and where it is kept.
    end: (Vec<u8>, Place),
}

impl Rendered {
    /// Shorter ends aren't worth it.
    const END: usize = 512;

    /// Adds a session, in any order.
    pub fn add(&mut self, j: &Judged) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        session(j, &mut text);
        let known = self.end.0.len() >= Self::END && text.ends_with(&self.end.0);
        if !known {
            let pairs = text.iter().rev().zip(self.before.iter().rev());
            let alike = pairs.take_while(|(a, b)| a == b).count();
            let end = text.get(text.len() - alike..).filter(|end| end.len() >= Self::END);
            if let Some(end) = end {
                self.end = (end.to_vec(), self.texts.keep(end));
            }
        }
        let end = if text.ends_with(&self.end.0) { self.end.1 } else { Place::default() };
        let own = text.get(..text.len() - end.len()).unwrap_or_default();
        let own = self.texts.keep(own);
        self.places.push((j.session.id, own, end));
        if !known {
            std::mem::swap(&mut text, &mut self.before);
        }
        self.text = text;
    }

    /// Writes the whole document with these sessions, by id.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn document(
        mut self,
        a: &Analysis,
        summary: &Summary,
        out: &mut impl Write,
    ) -> io::Result<()> {
        head(a, summary, out)?;
        self.places.sort_unstable_by_key(|place| place.0);
        let mut first = true;
        for (_, own, end) in &self.places {
            item(self.texts.text(*own), std::mem::take(&mut first), out)?;
            out.write_all(self.texts.text(*end))?;
        }
        foot(first, out)
    }
}

fn session(j: &Judged, out: &mut Vec<u8>) {
    indented(&convert::session(j), 2, out);
}

/// What stands before the sessions.
fn head(a: &Analysis, summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let findings: Vec<_> = a.findings.iter().map(convert::finding).collect();
    let mut json = format!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"capture\": ").into_bytes();
    indented(&convert::capture(a), 1, &mut json);
    json.extend_from_slice(b",\n  \"summary\": ");
    indented(summary, 1, &mut json);
    json.extend_from_slice(b",\n  \"findings\": ");
    indented(&findings, 1, &mut json);
    json.extend_from_slice(b",\n  \"sessions\": [");
    out.write_all(&json)
}

fn item(json: &[u8], first: bool, out: &mut impl Write) -> io::Result<()> {
    out.write_all(if first { b"\n    " } else { b",\n    " })?;
    out.write_all(json)
}

fn foot(empty: bool, out: &mut impl Write) -> io::Result<()> {
    out.write_all(if empty { b"]\n}\n" } else { b"\n  ]\n}\n" })
}

/// Writes the line of a session.
///
/// # Errors
/// Those of `out`.
pub fn session_line(j: &Judged, out: &mut impl Write) -> io::Result<()> {
    line(&Line::Session { schema: SCHEMA, session: Box::new(convert::session(j)) }, out)
}

/// Writes the line of a stall in a session that is still open.
///
/// # Errors
/// Those of `out`.
pub fn stall_line(j: &Judged, stall: &Diagnosis, out: &mut impl Write) -> io::Result<()> {
    let session = Box::new(convert::session(j));
    let diagnosis = Box::new(convert::diagnosis(stall));
    line(&Line::Stall { schema: SCHEMA, session, diagnosis }, out)
}

/// Writes the last line.
///
/// # Errors
/// Those of `out`.
pub fn capture_line(a: &Analysis, summary: Summary, out: &mut impl Write) -> io::Result<()> {
    let findings = a.findings.iter().map(convert::finding).collect();
    let capture = Box::new(convert::capture(a));
    line(&Line::Capture { schema: SCHEMA, capture, summary, findings }, out)
}

fn line(line: &Line, out: &mut impl Write) -> io::Result<()> {
    let mut json = Vec::with_capacity(ROOM);
    on_one_line(line, &mut json);
    json.push(b'\n');
    out.write_all(&json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::scene::Scene;

    #[test]
    fn sessions_written_as_they_end_make_the_same_document() {
        let mut scene = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        scene.server("220 Ready.").asks("USER a", "331 Password.");
        let other = scene.open("192.0.2.1:40100", "203.0.113.5:21");
        let _first = scene.turns_to(other);
        scene.server("220 Hello.").quits();
        let sessions = scene.all_judged();
        assert_eq!(sessions.len(), 2);
        let counted = summary(sessions.iter());
        let mut rendered = Rendered::default();
        // Whatever the order in which they end.
        sessions.iter().rev().for_each(|j| rendered.add(j));
        let analysis = Analysis { sessions, ..Analysis::default() };
        let (mut one, mut other) = (Vec::new(), Vec::new());
        document(&analysis, &counted, |_| true, &mut one).unwrap();
        rendered.document(&analysis, &counted, &mut other).unwrap();
        assert_eq!(String::from_utf8(one).unwrap(), String::from_utf8(other).unwrap());
        // And of none.
        let (mut one, mut other) = (Vec::new(), Vec::new());
        document(&analysis, &counted, |_| false, &mut one).unwrap();
        Rendered::default().document(&analysis, &counted, &mut other).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn ends_that_are_alike_are_kept_once() {
        let mut scene = Scene::connected("10.0.0.1:40000", "10.0.0.5:21", 64, 60);
        for (n, software) in [0, 0, 0, 1, 1, 0, 1, 1, 0, 0].into_iter().enumerate() {
            if n > 0 {
                let other = scene.open(&format!("10.0.0.1:{}", 40_000 + n), "10.0.0.5:21");
                let _before = scene.turns_to(other);
            }
            scene.server(["220 (vsFTPd 3.0.5)", "220 ProFTPD Server ready."][software]);
            scene.asks("USER a", "331 Password.").asks("PASS b", "230 In.").quits();
        }
        let sessions = scene.all_judged();
        let counted = summary(sessions.iter());
        let mut rendered = Rendered::default();
        sessions.iter().for_each(|j| rendered.add(j));
        let shared = rendered.places.iter().filter(|(_, _, end)| end.len() > 0).count();
        assert!((5..10).contains(&shared), "{shared} of {}", rendered.places.len());
        let analysis = Analysis { sessions, ..Analysis::default() };
        let (mut one, mut other) = (Vec::new(), Vec::new());
        document(&analysis, &counted, |_| true, &mut one).unwrap();
        rendered.document(&analysis, &counted, &mut other).unwrap();
        assert_eq!(String::from_utf8(one).unwrap(), String::from_utf8(other).unwrap());
    }
}
