//! From sessions to verdicts: one table of rules.

mod address;
mod advice;
mod asked;
mod context;
mod diagnosis;
mod findings;
mod flow;
mod judge;
#[cfg(test)]
mod look_alikes;
mod lost;
mod mtu;
mod rule;
mod rules;
#[cfg(test)]
pub(crate) mod scene;
mod signs;
mod status;
mod tls;
mod unheard;
mod wording;

pub use address::Class;
pub use advice::{Kind, Snippet, Software, every_example, read as read_example};
pub use context::{Context, Quality};
pub use diagnosis::{
    Advice, Audience, Confidence, Diagnosis, Evidence, Finding, Judged, Outcome, Severity, Stage,
    Status,
};
pub use findings::{End, FINDINGS, FindingRule, Learner, Outstanding, Silence, Timer};
pub use judge::{find, judge, judge_briefly};
pub use rule::{Entry, Findings, Rule};
pub use rules::RULES;
pub use signs::{Check, Sign, Signs};
pub use status::{Means, anything_succeeded};

/// Every diagnosis of the catalogue: first those of a session, then those of many.
pub fn catalogue() -> impl Iterator<Item = Entry> {
    let of_one = RULES.iter().map(|r| r.entry(false));
    of_one.chain(FINDINGS.iter().map(|r| r.entry(true)))
}
