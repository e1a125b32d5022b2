#![allow(missing_docs)]
use super::*;
pub fn judge(session: crate::session::Session) -> Judged {
    Judged { session, status: Status::Healthy, outcomes: vec![], diagnoses: vec![] }
}
pub fn findings(_: &[Judged]) -> Vec<Finding> {
    vec![]
}
