//! The table of findings.

use super::FindingRule;

/// What rules use.
mod prelude {
    pub(super) use std::time::Duration;

    pub(super) use super::super::{Conclusions, FindingRule, Learner, chance, words};
    pub(super) use crate::diagnose::{
        Audience, Confidence, Diagnosis, Means, Severity, Stage, advice, wording,
    };
}

mod backend_fails;
mod client_ports_seen;
mod login_attempts;
mod passive_ports_seen;
mod passive_range_exhausted;
mod passive_range_partly_open;
pub(super) mod silences_alike;

/// Every finding of the catalogue.
pub static FINDINGS: &[&FindingRule] = &[
    &passive_range_partly_open::RULE,
    &passive_range_exhausted::RULE,
    &login_attempts::RULE,
    &backend_fails::RULE,
    &silences_alike::RULE,
    &passive_ports_seen::RULE,
    &client_ports_seen::RULE,
];
