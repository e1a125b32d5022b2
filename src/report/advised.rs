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
    /// Lists that are remembered from session to session, and looked through: the latest ones. A session may
    /// bring any number.
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
            advice: match known {
                Some((_, json)) => d::AdviceList::Written(json),
                None => d::AdviceList::List(convert::advice(&diagnosis.advice)),
            },
            ..convert::diagnosis_alone(diagnosis)
        });
        d::Session { diagnoses: diagnoses.collect(), ..convert::session_alone(j) }
    }

    fn place(&mut self, advice: &[Advice]) -> usize {
        let mut latest = self.known.iter().enumerate().rev().take(Self::KNOWN);
        let known = latest.find(|(_, (known, _))| known == advice);
        known.map(|(place, _)| place).unwrap_or_else(|| {
            let mut json = Vec::new();
            indented(&convert::advice(advice), ADVICE, &mut json);
            self.known.push((advice.to_vec(), json));
            self.known.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Audience;
    use crate::diagnose::scene::Scene;

    /// More lists in a session than are looked through, some of them again.
    #[test]
    fn each_diagnosis_has_its_own_advice() {
        let mut scene = Scene::connected("10.0.0.1:40000", "10.0.0.5:21", 64, 60);
        scene
            .server("220 (vsFTPd 3.0.5)")
            .asks("USER a", "331 Password.")
            .asks("PASS b", "230 In.")
            .quits();
        let mut judged = scene.all_judged().remove(0);
        let first = judged.diagnoses.first().expect("a login in clear").clone();
        judged.diagnoses = (0..100)
            .map(|n| {
                let mut diagnosis = first.clone();
                diagnosis.advice[0].audience = Audience::Firewall;
                diagnosis.advice[0].text =
                    format!("Open port {}.", if n % 7 == 0 { 0 } else { n / 2 });
                diagnosis
            })
            .collect();
        let (mut advised, mut whole) = (Advised::default(), Vec::new());
        indented(&convert::session(&judged), 2, &mut whole);
        for _ in 0..3 {
            let mut written = Vec::new();
            indented(&advised.session(&judged), 2, &mut written);
            assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&whole));
        }
    }
}
