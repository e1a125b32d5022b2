//! Fetching what the next packets will ask for.
//!
//! With many connections followed at once, what a packet asks for is in no cache, and each of its
//! questions waits for memory: the table of flows, the connection's place, what was noted of it. Asked
//! for one packet after the other they are waited for one after the other. Here the same is read for
//! several packets together, which a processor does at the same time. Nothing is done with it; it is
//! there when it is asked for.

use std::hint::black_box;

use super::flows::{FlowKey, Slot};
use super::sequential::Engine;

/// Packets fetched for together: they are of about a third as many flows, since most come several in a row,
/// and a processor waits for about so many reads at the same time.
pub(super) const TOGETHER: usize = 48;

/// Sessions fetched for together.
const CLOSING: usize = 16;

impl Engine {
    /// Fetches when more than so many flows are followed: fewer are in a cache anyway.
    pub(super) fn fetch_beyond(&mut self, flows: usize) {
        self.many = Some(flows);
    }

    /// So much is followed that it pays to fetch.
    #[inline]
    pub(super) fn is_worth_fetching(&self) -> bool {
        self.many.is_some_and(|many| self.flows.len() > many)
    }

    /// Reads what packets of these flows will ask for, up to [`TOGETHER`] of them.
    #[inline]
    pub(super) fn fetch(&mut self, keys: impl Iterator<Item = Option<FlowKey>>) {
        let mut slots = [Slot::Candidate(0); TOGETHER];
        let (mut found, mut read) = (0, 0);
        let mut before = None;
        for key in keys {
            // Many come several in a row.
            let Some(key) = key.filter(|key| before != Some(*key)) else { continue };
            before = Some(key);
            // What was found is at hand when the packet comes.
            match self.flows.of_packet(key) {
                Some(slot) => {
                    if let Some(place) = slots.get_mut(found) {
                        *place = slot;
                        found += 1;
                    }
                }
                None => read ^= self.expectations.read(key.ends()),
            }
        }
        for slot in slots.iter().take(found) {
            read ^= match slot {
                Slot::Control(key) => self.controls.read(*key),
                Slot::Data(key) => self.data.read(*key),
                Slot::Candidate(_) => 0,
            };
        }
        black_box(read);
    }

    /// Reads what closing the next sessions that have ended will ask for, when the last of those that were
    /// read for before is about to be closed.
    #[inline]
    pub(super) fn fetch_next_closing(&mut self) {
        if self.fetched == 0 {
            let next: Vec<usize> = self.closing.keys().take(CLOSING).collect();
            self.fetch_sessions(&next, true);
            self.fetched = next.len();
        }
        self.fetched = self.fetched.saturating_sub(1);
    }

    /// Reads what closing these sessions at the end of the capture will ask for, and wakes them.
    pub(super) fn fetch_closing(&mut self, keys: &[usize]) {
        self.fetch_sessions(keys, false);
    }

    /// The same; `flows`: their flows will be ended, and what they expect forgotten.
    fn fetch_sessions(&mut self, keys: &[usize], flows: bool) {
        let read = keys.iter().fold(0, |read, key| read ^ self.controls.read(*key));
        for key in keys {
            self.controls.get_mut(*key);
        }
        let mut slots = 0;
        let mut data = Vec::new();
        for key in keys {
            let Some(c) = self.controls.awake(*key) else { continue };
            if flows {
                slots += self.flows.read(FlowKey::new(c.client(), c.server()));
                slots ^= self.expectations.read(c.listening.iter().copied());
            }
            data.extend(c.data.iter().map(|(_, key)| *key));
        }
        let read = data.iter().fold(read, |read, key| read ^ self.data.read(*key));
        for key in data {
            if let Some(d) = self.data.get_mut(key)
                && flows
            {
                let [initiator, responder] = d.ends();
                slots += self.flows.read(FlowKey::new(initiator, responder));
            }
        }
        black_box((read, slots));
    }
}
