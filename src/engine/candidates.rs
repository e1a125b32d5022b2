//! New connections that nothing explains yet.
//!
//! They are kept for a moment with full counters: an announcement seen shortly after matches them
//! backwards, and a control connection recognised by its content gets its handshake from here.

use std::collections::VecDeque;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use slab::Slab;

use crate::capture::{Moment, Timestamp};
use crate::decode::Endpoint;
use crate::tcp::Connection;

/// A connection that nothing explains yet.
#[derive(Debug)]
pub struct Candidate {
    /// Its facts so far.
    pub connection: Box<Connection>,
}

/// The bounded table of candidates.
#[derive(Debug, Default)]
pub struct Candidates {
    table: Slab<Candidate>,
    by_responder: HashMap<Endpoint, Vec<usize>, RandomState>,
    /// In order of arrival: when to look again, which.
    young: VecDeque<(Timestamp, usize, u64)>,
    silent: VecDeque<(Timestamp, usize, u64)>,
}

impl Candidates {
    /// Connections kept at most.
    const MAX: usize = 65_536;
    /// A second more than a connection may precede its announcement, since a hole in the control
    /// stream may delay reading the announcement.
    const YOUNG: Duration = Duration::from_secs(5);
    /// A connection on which nobody has spoken may still turn out as FTP with a late greeting.
    const SILENT: Duration = Duration::from_secs(60);

    /// Adds a connection that began at `at`; returns its key.
    pub fn add(&mut self, connection: Box<Connection>, at: Moment) -> usize {
        let responder = connection.responder;
        let key = self.table.insert(Candidate { connection });
        self.by_responder.entry(responder).or_default().push(key);
        self.young.push_back((at.time.plus(Self::YOUNG), key, at.order));
        key
    }

    /// A candidate.
    pub fn get_mut(&mut self, key: usize) -> Option<&mut Candidate> {
        self.table.get_mut(key)
    }

    /// Takes a candidate out.
    pub fn take(&mut self, key: usize) -> Option<Candidate> {
        let candidate = self.table.try_remove(key)?;
        let responder = candidate.connection.responder;
        if let Some(list) = self.by_responder.get_mut(&responder) {
            list.retain(|k| *k != key);
            if list.is_empty() {
                self.by_responder.remove(&responder);
            }
        }
        Some(candidate)
    }

    /// Candidates that dialled `endpoint`, in order of arrival.
    pub fn to(&self, endpoint: Endpoint) -> Vec<usize> {
        let mut keys = self.by_responder.get(&endpoint).cloned().unwrap_or_default();
        keys.sort_by_key(|k| self.table.get(*k).map(|c| c.connection.first.order));
        keys
    }

    /// The candidate's first packet.
    pub fn began(&self, key: usize) -> Option<Moment> {
        self.table.get(key).map(|c| c.connection.first)
    }

    /// The initiator of a candidate.
    pub fn initiator(&self, key: usize) -> Option<Endpoint> {
        self.table.get(key).map(|c| c.connection.initiator)
    }

    /// When the next one may be over; the past, when there are too many.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.table.len() > Self::MAX {
            return Some(Timestamp::MIN);
        }
        let next = |queue: &VecDeque<(Timestamp, usize, u64)>| queue.front().map(|e| e.0);
        next(&self.young).into_iter().chain(next(&self.silent)).min()
    }

    /// Takes out the next candidate whose time is over at `now`, if any.
    pub fn expired(&mut self, now: Timestamp) -> Option<Candidate> {
        loop {
            let full = self.table.len() > Self::MAX;
            let due = |queue: &VecDeque<(Timestamp, usize, u64)>| {
                queue.front().is_some_and(|(until, ..)| full || *until < now)
            };
            if due(&self.young) {
                let (until, key, order) = self.young.pop_front()?;
                let Some(c) = self.table.get(key).filter(|c| c.connection.first.order == order)
                else {
                    continue;
                };
                let c = &c.connection;
                if !full && c.worked() && c.bytes() == 0 && !c.ended() {
                    self.silent.push_back((until.plus(Self::SILENT), key, order));
                    continue;
                }
                return self.take(key);
            }
            if due(&self.silent) {
                let (_, key, order) = self.silent.pop_front()?;
                if self.table.get(key).is_some_and(|c| c.connection.first.order == order) {
                    return self.take(key);
                }
                continue;
            }
            return None;
        }
    }
}
