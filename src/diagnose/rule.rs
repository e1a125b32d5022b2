//! What a rule is.

use super::{Check, Diagnosis, Means, Severity, Stage};

/// One diagnosis of the catalogue: its proof, its look-alikes and its advice stand in one file.
///
/// A rule sees sessions, never packets. It speaks only when its proof is there, and says nothing
/// when the capture can't carry it. What it looks at is `C`: one session, or what was learned over
/// all of them (see [`super::FindingRule`]).
#[derive(Debug)]
pub struct Rule<C = Check> {
    /// Names what the packets show, never a guess at what nobody saw. Lower case, dashes.
    pub code: &'static str,
    /// One line for lists.
    pub title: &'static str,
    /// The part of a session that it is about (usually; a diagnosis may say another).
    pub stage: Stage,
    /// Severities that it may have.
    pub severities: &'static [Severity],
    /// What it makes of a session when it is critical: silence, or a no.
    pub means: Means,
    /// Codes that are consequences of this one: not listed beside it for the same channel or
    /// session.
    pub explains: &'static [&'static str],
    /// What proves it.
    pub proof: &'static str,
    /// What looks like it and isn't.
    pub look_alikes: &'static str,
    /// What to change.
    pub change: &'static str,
    /// A sample that it fires on, and one that looks alike and on which it stays silent
    /// (names in `samples/`, without extension).
    pub shown_by: (&'static str, &'static str),
    /// Looks at a session that shows what it takes, or at what was learned over all, and says what it
    /// finds.
    pub check: C,
}

/// What the catalogue says of a diagnosis, for reading: see the fields of [`Rule`].
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "they are those of Rule")]
pub struct Entry {
    pub code: &'static str,
    pub title: &'static str,
    pub stage: Stage,
    pub severities: &'static [Severity],
    pub explains: &'static [&'static str],
    pub proof: &'static str,
    pub look_alikes: &'static str,
    pub change: &'static str,
    pub shown_by: (&'static str, &'static str),
    /// It is said of the capture, not of a session.
    pub over_sessions: bool,
}

impl<C> Rule<C> {
    pub(super) fn entry(&self, over_sessions: bool) -> Entry {
        let Self { code, title, stage, severities, explains, .. } = *self;
        let Self { proof, look_alikes, change, shown_by, .. } = *self;
        Entry {
            code,
            title,
            stage,
            severities,
            explains,
            proof,
            look_alikes,
            change,
            shown_by,
            over_sessions,
        }
    }
}

/// Where rules put what they find.
#[derive(Debug, Default)]
pub struct Findings {
    pub(super) diagnoses: Vec<Diagnosis>,
    /// Texts of what is only worth knowing needn't be written: nobody will read them.
    pub(super) brief: bool,
}

impl Findings {
    /// Adds a diagnosis; its text only when somebody will read it.
    pub fn add_with(&mut self, bare: Diagnosis, text: impl FnOnce(Diagnosis) -> Diagnosis) {
        let whole = !self.brief || bare.severity != Severity::Info;
        self.add(if whole { text(bare) } else { bare });
    }

    /// Adds a diagnosis.
    pub fn add(&mut self, diagnosis: Diagnosis) {
        // One, mostly.
        if self.diagnoses.is_empty() {
            self.diagnoses.reserve_exact(1);
        }
        self.diagnoses.push(diagnosis);
    }
}
