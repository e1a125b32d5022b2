//! Sessions as they stand in the document, where most are advised what others were: that is written once.

use super::convert;
use super::document as d;
use super::write::indented;
use crate::diagnose::{Advice, Judged};

/// Level at which what a diagnosis advises stands in the document.
const ADVICE: usize = 5;

/// What was advised, as it is written.
#[derive(Debug, Default)]
pub(super) struct Advised {
    known: Vec<(Vec<Advice>, Vec<u8>)>,
    /// Which of them each diagnosis of the latest session has.
    places: Vec<usize>,
}

impl Advised {
    /// Lists that are remembered from session to session.
    const KNOWN: usize = 16;

    /// A session as [`convert::session`] makes it, its advice as it stands in the document.
    pub(super) fn session<'a>(&'a mut self, j: &'a Judged) -> d::Session<'a> {
        if self.known.len() > Self::KNOWN {
            self.known.clear();
        }
        self.places.clear();
        for diagnosis in &j.diagnoses {
            let place = self.place(&diagnosis.advice);
            self.places.push(place);
        }
        let known = self.places.iter().map(|n| self.known.get(*n));
        let diagnoses = j.diagnoses.iter().zip(known).map(|(diagnosis, known)| d::Diagnosis {
            advice: d::AdviceList::Written(known.map(|(_, json)| &json[..]).unwrap_or_default()),
            ..convert::diagnosis_alone(diagnosis)
        });
        d::Session { diagnoses: diagnoses.collect(), ..convert::session_alone(j) }
    }

    fn place(&mut self, advice: &[Advice]) -> usize {
        self.known.iter().position(|(known, _)| known == advice).unwrap_or_else(|| {
            let mut json = Vec::new();
            indented(&convert::advice(advice), ADVICE, &mut json);
            self.known.push((advice.to_vec(), json));
            self.known.len() - 1
        })
    }
}
