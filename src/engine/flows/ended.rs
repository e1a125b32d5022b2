//! Flows of sessions that have been judged.

use std::collections::VecDeque;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::FlowKey;
use super::lines::{Lines, Pair};
use crate::capture::Timestamp;
use crate::decode::Endpoint;

/// What flows are in [`Lines`] that ended.
const OVER: u32 = 1;

/// Those that will be forgotten soon are fetched so many before.
const AHEAD: usize = 16;

/// Flows that ended not long ago. Apart from the others: there are many more of them, and hardly a
/// packet asks.
#[derive(Debug, Default)]
pub(super) struct Ended {
    v4: Lines,
    other: HashSet<(Endpoint, Endpoint), RandomState>,
    /// In order, and until when they are remembered: those of IPv4 take half the memory.
    queue: VecDeque<(Timestamp, (u64, u64))>,
    others: VecDeque<(Timestamp, FlowKey)>,
}

impl Ended {
    /// How long late packets of an ended connection are told from a new one without a SYN:
    /// longer than the last retransmissions of a FIN take.
    const LINGER: Duration = Duration::from_secs(900);
    const MAX: usize = 262_144;

    pub(super) fn holds(&self, key: FlowKey) -> bool {
        match key {
            FlowKey::V4(a, b) => self.v4.get(Pair::of((a, b))).is_some(),
            FlowKey::Other(a, b) => self.other.contains(&(a, b)),
        }
    }

    /// Begins to fetch what adding it will ask for.
    pub(super) fn fetch(&self, key: FlowKey) {
        if let FlowKey::V4(a, b) = key {
            self.v4.fetch(Pair::of((a, b)));
        }
    }

    pub(super) fn add(&mut self, key: FlowKey, now: Timestamp) {
        while let Some(over) = self.next_over(now) {
            self.forget(over);
            if let Some((_, soon)) = self.queue.get(AHEAD) {
                self.v4.fetch(Pair::of(*soon));
            }
        }
        let until = now.plus(Self::LINGER);
        match key {
            FlowKey::V4(a, b) => {
                self.v4.insert(Pair::of((a, b)), OVER);
                self.queue.push_back((until, (a, b)));
            }
            FlowKey::Other(a, b) => {
                self.other.insert((a, b));
                self.others.push_back((until, key));
            }
        }
    }

    pub(super) fn forget(&mut self, key: FlowKey) {
        match key {
            FlowKey::V4(a, b) => self.v4.remove(Pair::of((a, b)), OVER),
            FlowKey::Other(a, b) => self.other.remove(&(a, b)),
        };
    }

    /// The next one that is to be remembered no longer, when one more ends.
    fn next_over(&mut self, now: Timestamp) -> Option<FlowKey> {
        let full = self.queue.len() + self.others.len() >= Self::MAX;
        let over = |until: Timestamp| full || until < now;
        let v4 = self.queue.front().map(|e| e.0);
        let other = self.others.front().map(|e| e.0);
        match (v4, other) {
            (Some(v4), other) if over(v4) && other.is_none_or(|o| v4 <= o) => {
                self.queue.pop_front().map(|(_, (a, b))| FlowKey::V4(a, b))
            }
            (_, Some(other)) if over(other) => self.others.pop_front().map(|e| e.1),
            _ => None,
        }
    }
}
