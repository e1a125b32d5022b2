//! Which of the tables a 4-tuple belongs to.

use std::collections::VecDeque;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::capture::Timestamp;
use crate::decode::{Endpoint, Segment};

/// A 4-tuple without a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey(Endpoint, Endpoint);

impl FlowKey {
    /// The same for both directions.
    pub fn new(a: Endpoint, b: Endpoint) -> Self {
        if a <= b { Self(a, b) } else { Self(b, a) }
    }

    /// Of a segment.
    pub fn of(s: &Segment<'_>) -> Self {
        Self::new(s.src, s.dst)
    }
}

/// What a 4-tuple is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A control connection: its key.
    Control(usize),
    /// A data connection: its key.
    Data(usize),
    /// A new connection that nothing explains yet: its key.
    Candidate(usize),
    /// A connection of a session that has been judged: its late packets mean nothing.
    Ended,
}

/// The table of flows of interest. Everything else costs one failed lookup.
#[derive(Debug, Default)]
pub struct Flows {
    table: HashMap<FlowKey, Slot, RandomState>,
    /// Ended flows in order, and until when they are remembered.
    ended: VecDeque<(Timestamp, FlowKey)>,
}

impl Flows {
    /// How long late packets of an ended connection are told from a new one without a SYN:
    /// longer than the last retransmissions of a FIN take.
    const LINGER: Duration = Duration::from_secs(900);
    const MAX_ENDED: usize = 262_144;

    /// What this 4-tuple is.
    pub fn get(&self, key: FlowKey) -> Option<Slot> {
        self.table.get(&key).copied()
    }

    /// Enters or replaces a flow.
    pub fn set(&mut self, key: FlowKey, slot: Slot) {
        self.table.insert(key, slot);
    }

    /// Forgets a flow if it still is `slot`.
    pub fn remove(&mut self, key: FlowKey, slot: Slot) {
        if self.get(key) == Some(slot) {
            self.table.remove(&key);
        }
    }

    /// A flow's session has been judged; `slot` is what it was.
    pub fn end(&mut self, key: FlowKey, slot: Slot, now: Timestamp) {
        if self.get(key) != Some(slot) {
            return;
        }
        self.table.insert(key, Slot::Ended);
        self.ended.push_back((now.plus(Self::LINGER), key));
        while self
            .ended
            .front()
            .is_some_and(|(until, _)| *until < now || self.ended.len() > Self::MAX_ENDED)
        {
            if let Some((_, key)) = self.ended.pop_front() {
                self.remove(key, Slot::Ended);
            }
        }
    }
}
