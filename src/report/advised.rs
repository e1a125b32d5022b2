//! Sessions as they stand in the document, where most are advised what others were: that is read piece
//! by piece and written once.

use super::convert;
use super::write::indented;
use crate::diagnose::{Advice, Diagnosis, Judged};

/// Levels at which a session of the document stands, a diagnosis of it, and what that advises.
const SESSION: usize = 2;
const DIAGNOSIS: usize = 4;
const ADVICE: usize = 5;

/// What a session and a diagnosis end with whose last list is empty, and with one that is written.
const NO_DIAGNOSES: &[u8] = b"[]\n    }";
const DIAGNOSES: &[u8] = b"\n      ]\n    }";
const NO_ADVICE: &[u8] = b"[]\n        }";
const ADVISED: &[u8] = b"\n        }";

/// What was advised, as it is written.
#[derive(Debug, Default)]
pub(super) struct Advised {
    known: Vec<(Vec<Advice>, Vec<u8>)>,
    /// What is forgotten next.
    oldest: usize,
}

impl Advised {
    /// Lists that are remembered.
    const KNOWN: usize = 16;

    /// Writes a session to the end of `out`, as [`convert::session`] makes it.
    pub(super) fn session(&mut self, j: &Judged, out: &mut Vec<u8>) {
        let from = out.len();
        indented(&convert::session_alone(j), SESSION, out);
        if j.diagnoses.is_empty() {
            return;
        }
        if !cut(out, NO_DIAGNOSES) {
            out.truncate(from);
            return indented(&convert::session(j), SESSION, out);
        }
        out.push(b'[');
        for (n, diagnosis) in j.diagnoses.iter().enumerate() {
            out.extend_from_slice(if n == 0 { b"\n        " } else { b",\n        " });
            self.diagnosis(diagnosis, out);
        }
        out.extend_from_slice(DIAGNOSES);
    }

    fn diagnosis(&mut self, diagnosis: &Diagnosis, out: &mut Vec<u8>) {
        let from = out.len();
        indented(&convert::diagnosis_alone(diagnosis), DIAGNOSIS, out);
        if diagnosis.advice.is_empty() {
            return;
        }
        if !cut(out, NO_ADVICE) {
            out.truncate(from);
            return indented(&convert::diagnosis(diagnosis), DIAGNOSIS, out);
        }
        out.extend_from_slice(self.advice(&diagnosis.advice));
        out.extend_from_slice(ADVISED);
    }

    fn advice(&mut self, advice: &[Advice]) -> &[u8] {
        let known = self.known.iter().position(|(known, _)| known == advice);
        let place = known.unwrap_or_else(|| {
            let mut text = Vec::new();
            indented(&convert::advice(advice), ADVICE, &mut text);
            let new = (advice.to_vec(), text);
            let place = self.oldest;
            self.oldest = (place + 1) % Self::KNOWN;
            match self.known.get_mut(place) {
                Some(old) => *old = new,
                None => self.known.push(new),
            }
            place
        });
        self.known.get(place).map(|(_, text)| text.as_slice()).unwrap_or_default()
    }
}

/// Takes an end away; `false` when it is another, as it is never: then all is written in one go.
fn cut(text: &mut Vec<u8>, end: &[u8]) -> bool {
    let is = text.ends_with(end);
    debug_assert!(is, "what is cut off must be what comes last");
    if is {
        text.truncate(text.len() - end.len());
    }
    is
}
