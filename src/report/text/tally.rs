//! What the report for people says of all sessions together. They are told one by one, so that those that it
//! doesn't show can be let go.

use std::collections::BTreeMap;

use super::healthy;
use super::servers::Servers;
use crate::diagnose::{Judged, Status};

/// What is said of all sessions together.
#[derive(Debug, Default)]
pub struct Tally {
    statuses: BTreeMap<Status, u64>,
    pub(super) servers: Servers,
}

impl Tally {
    /// Takes note of a session, in any order.
    pub fn add(&mut self, judged: &Judged) {
        *self.statuses.entry(judged.status).or_default() += 1;
        self.servers.add(judged);
    }

    /// Sessions.
    pub fn sessions(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Sessions with this status.
    pub fn of(&self, status: Status) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    /// Sessions without a problem in sight.
    pub fn quiet(&self) -> u64 {
        [Status::Healthy, Status::Undetermined].into_iter().map(|s| self.of(s)).sum()
    }
}

/// No problem is in sight.
pub(super) fn is_quiet(judged: &Judged) -> bool {
    matches!(judged.status, Status::Healthy | Status::Undetermined)
}

/// Sessions of which a report for people will be written.
#[derive(Debug, Default)]
pub struct Gathered {
    tally: Tally,
    only_problems: bool,
    broken: Vec<Judged>,
    /// The first ones, by id.
    quiet: BTreeMap<u64, Judged>,
}

impl Gathered {
    /// None yet. `only_problems`: the others won't be shown.
    pub fn new(only_problems: bool) -> Self {
        Self { only_problems, ..Self::default() }
    }

    /// Takes a session, in any order, and lets it go if it won't be shown.
    pub fn add(&mut self, judged: Judged) {
        self.tally.add(&judged);
        if !is_quiet(&judged) {
            self.broken.push(judged);
        } else if !self.only_problems {
            self.quiet.insert(judged.session.id, judged);
            if self.quiet.len() > healthy::MOST {
                self.quiet.pop_last();
            }
        }
    }

    /// Those that will be shown, by id, and what there is to say of all.
    pub fn shown(self) -> (Vec<Judged>, Tally) {
        let mut shown = self.broken;
        shown.extend(self.quiet.into_values());
        shown.sort_by_key(|j| j.session.id);
        (shown, self.tally)
    }
}
