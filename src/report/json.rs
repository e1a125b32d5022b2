//! The JSON document, and its lines as a stream.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::{self, Write};

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::advised::Advised;
use super::convert;
use super::delta;
use super::document::{Line, SCHEMA, Session, Summary};
use super::shape::Shape;
use super::store::{Place, Store};
use super::write::{indented, on_one_line};
use crate::diagnose::{Diagnosis, Judged};
use crate::engine::Analysis;

/// Sessions rendered at a time, so that threads have something to share and memory stays bounded.
const BATCH: usize = 256;

/// Level at which a session stands in the document.
const SESSION: usize = 2;

/// Room for a session of one transfer.
const ROOM: usize = 8192;

/// Bytes of the document that are written at a time.
const WRITTEN: usize = 1 << 16;

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
            out.write_all(before(std::mem::take(&mut first)))?;
            out.write_all(&json)?;
        }
    }
    foot(first, out)
}

/// Sessions as they stand in the document, written when they end. Of most, what is kept is what is
/// different in them from a session of the same kind: a tenth, and memory that is touched for the first
/// time costs more than writing what goes into it.
#[derive(Debug, Default)]
pub struct Rendered {
    sessions: Vec<Kept>,
    texts: Store,
    /// Where models are kept, and for which kind of session each of the latest ones is.
    models: Vec<Place>,
    kinds: VecDeque<Kind>,
    advised: Advised,
    /// The session that is being written, what is different in it, and a value of it.
    text: Vec<u8>,
    steps: Vec<u8>,
    spare: Vec<u8>,
}

/// A kind of session.
#[derive(Debug)]
struct Kind {
    kind: u64,
    /// The number of its model, and the shape of that.
    model: usize,
    shape: Shape,
}

/// A session that is kept.
#[derive(Debug)]
struct Kept {
    id: u64,
    /// Its text, if there is no model.
    text: Place,
    model: Option<u32>,
}

impl Rendered {
    /// Kinds of sessions that models are known for.
    const KINDS: usize = 64;

    /// Adds a session, in any order.
    pub fn add(&mut self, j: &Judged) {
        let session = self.advised.session(j);
        let (id, kind) = (session.id, kind(&session));
        let known = self.kinds.iter().find(|known| known.kind == kind);
        let model = known.or(self.kinds.back()).map(|known| known.model);
        let model = model.and_then(|n| Some((n, self.texts.text(*self.models.get(n)?))));
        if let (Some(known), Some((n, model))) = (known, model) {
            self.steps.clear();
            let room = (&mut self.steps, &mut self.spare);
            if known.shape.steps(&session, model, room) && 3 * self.steps.len() < model.len() {
                return self.keep(id, Some(n));
            }
        }
        // Another than those before it.
        self.text.clear();
        let shape = Shape::of(&session, SESSION, &mut self.text);
        if let Some((n, model)) = model {
            self.steps.clear();
            delta::write(&self.text, model, &mut self.steps);
            if 3 * self.steps.len() < self.text.len() {
                return self.keep(id, Some(n));
            }
        }
        let text = self.texts.keep(&self.text);
        self.sessions.push(Kept { id, text, model: None });
        self.kinds.retain(|known| known.kind != kind);
        if self.kinds.len() == Self::KINDS {
            self.kinds.pop_front();
        }
        self.kinds.push_back(Kind { kind, model: self.models.len(), shape });
        self.models.push(text);
    }

    /// Keeps what is different in a session from a model.
    fn keep(&mut self, id: u64, model: Option<usize>) {
        let text = self.texts.keep(&self.steps);
        self.sessions.push(Kept { id, text, model: model.and_then(|n| u32::try_from(n).ok()) });
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
        self.sessions.sort_unstable_by_key(|kept| kept.id);
        let mut json = Vec::with_capacity(2 * WRITTEN);
        for (n, kept) in self.sessions.iter().enumerate() {
            json.extend_from_slice(before(n == 0));
            let text = self.texts.text(kept.text);
            match kept.model.and_then(|n| self.models.get(n as usize)) {
                Some(model) => delta::read(text, self.texts.text(*model), &mut json),
                None => json.extend_from_slice(text),
            }
            if json.len() >= WRITTEN {
                out.write_all(&json)?;
                json.clear();
            }
        }
        out.write_all(&json)?;
        foot(self.sessions.is_empty(), out)
    }
}

/// A number for what a session's shape depends on: how many parts of which kind it has. Also for which
/// server, as that decides what is advised.
fn kind(s: &Session<'_>) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    let counts = [s.channels.len(), s.transfers.len(), s.control.verbs.0.len(), s.diagnoses.len()];
    (counts, s.control.server_software).hash(&mut hasher);
    for c in &s.channels {
        let advertised = c.announcement.as_ref().map(|a| a.advertised.is_some());
        let replies = c.command.as_ref().map(|c| c.replies.len());
        (advertised, replies, c.connection.is_some(), c.attempts.len()).hash(&mut hasher);
    }
    for d in &s.diagnoses {
        (d.code, d.channels.len(), d.evidence.len()).hash(&mut hasher);
    }
    hasher.finish()
}

fn session(j: &Judged, out: &mut Vec<u8>) {
    indented(&convert::session(j), SESSION, out);
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

/// What stands before a session.
fn before(first: bool) -> &'static [u8] {
    if first { b"\n    " } else { b",\n    " }
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

    /// The document of an analysis with all its sessions, or none, is the one of what was written when they
    /// ended.
    fn same(analysis: &Analysis, all: bool, rendered: Rendered) {
        let counted = summary(analysis.sessions.iter());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        document(analysis, &counted, |_| all, &mut one).unwrap();
        rendered.document(analysis, &counted, &mut other).unwrap();
        assert_eq!(String::from_utf8(one).unwrap(), String::from_utf8(other).unwrap());
    }

    #[test]
    fn sessions_written_as_they_end_make_the_same_document() {
        let mut scene = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        scene.server("220 Ready.").asks("USER a", "331 Password.");
        let other = scene.open("192.0.2.1:40100", "203.0.113.5:21");
        let _first = scene.turns_to(other);
        scene.server("220 Hello.").quits();
        let sessions = scene.all_judged();
        assert_eq!(sessions.len(), 2);
        let mut rendered = Rendered::default();
        // Whatever the order in which they end.
        sessions.iter().rev().for_each(|j| rendered.add(j));
        let analysis = Analysis { sessions, ..Analysis::default() };
        same(&analysis, true, rendered);
        // And of none.
        same(&analysis, false, Rendered::default());
    }

    #[test]
    fn most_sessions_are_kept_as_what_is_different() {
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
        let mut rendered = Rendered::default();
        sessions.iter().for_each(|j| rendered.add(j));
        assert!((1..3).contains(&rendered.models.len()), "{} models", rendered.models.len());
        let analysis = Analysis { sessions, ..Analysis::default() };
        same(&analysis, true, rendered);
    }

    /// More kinds than models are known for, and one that comes again.
    #[test]
    fn sessions_of_many_kinds() {
        let mut scene = Scene::connected("10.0.0.1:40000", "10.0.0.5:21", 64, 60);
        for n in 0..3 * Rendered::KINDS {
            if n > 0 {
                let other = scene.open(&format!("10.0.0.1:{}", 40_000 + n), "10.0.0.5:21");
                let _before = scene.turns_to(other);
            }
            // Each with a software of its own, in many words.
            let name = if n % 5 == 0 { 0 } else { n };
            scene.server(&format!("220 ({} {name}.0)", format!("Server-{name}-").repeat(200)));
            scene.asks("USER a", "331 Password.").asks("PASS b", "230 In.").quits();
        }
        let sessions = scene.all_judged();
        let mut rendered = Rendered::default();
        sessions.iter().for_each(|j| rendered.add(j));
        assert!(rendered.models.len() > Rendered::KINDS, "{}", rendered.models.len());
        assert!(rendered.models.len() < sessions.len(), "{}", rendered.models.len());
        let analysis = Analysis { sessions, ..Analysis::default() };
        same(&analysis, true, rendered);
    }
}
