//! From sessions to verdicts: one table of rules.

mod address;
mod advice;
mod context;
mod diagnosis;
mod judge;
#[cfg(test)]
mod look_alikes;
mod lost;
mod rule;
mod rules;
#[cfg(test)]
pub(crate) mod scene;
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
pub use judge::{find, judge};
pub use rule::{Findings, Rule};
pub use rules::RULES;
pub use status::{Means, anything_succeeded};
