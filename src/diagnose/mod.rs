//! From sessions to verdicts: one table of rules.

mod diagnosis;

pub use diagnosis::{
    Advice, Audience, Confidence, Diagnosis, Evidence, Finding, Judged, Outcome, Severity, Stage,
    Status,
};
