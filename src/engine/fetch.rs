//! Fetching what the next packets will ask for.
//!
//! With many connections followed at once, what a packet asks for is in no cache, and each of its
//! questions waits for memory: the table of flows, the connection's place, what was noted of it. Asked
//! for one packet after the other they are waited for one after the other. Here packets are looked at
//! some groups before they are taken: for the newest group the first question is asked, for the one
//! before it the next one, and so on. A processor fetches what it is told to while it goes on with something
//! else. Nothing is done with it; it is there when it is asked for.
//!
//! For sessions that are about to be closed, all that is asked for is read for several of them together, which
//! a processor does at the same time.

use std::hint::black_box;

use super::flows::{FlowKey, Slot};
use super::sequential::Engine;

/// Packets that are fetched for together.
pub(super) const GROUP: usize = 16;

/// Groups that are looked at before the first packet of a group is taken: one for each question of which the
/// answer tells where the next one is asked.
pub(super) const GROUPS: usize = 3;

/// Sessions fetched for together.
const CLOSING: usize = 16;

/// The flow of no packet.
const NONE: (u64, u64) = (0, 0);

/// Of so many packets.
#[derive(Debug)]
pub(super) struct Group<T> {
    all: [T; GROUP],
    count: usize,
}

impl<T> Group<T> {
    #[inline(always)]
    fn new(none: [T; GROUP]) -> Self {
        Self { all: none, count: 0 }
    }

    #[inline(always)]
    fn push(&mut self, new: T) {
        if let Some(place) = self.all.get_mut(self.count) {
            *place = new;
            self.count += 1;
        }
    }

    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter().take(self.count)
    }
}

/// The flows of packets, those without one left out.
// Those of IPv4 by themselves: any flow takes three times the room.
#[derive(Debug)]
pub(super) struct Asked {
    v4: Group<(u64, u64)>,
    other: Vec<FlowKey>,
}

impl Default for Asked {
    #[inline(always)]
    fn default() -> Self {
        Self { v4: Group::new([NONE; GROUP]), other: Vec::new() }
    }
}

impl Asked {
    #[inline(always)]
    pub(super) fn of(flows: impl Iterator<Item = Option<FlowKey>>) -> Self {
        let mut new = Self::default();
        let mut before = NONE;
        for key in flows {
            match key {
                // Many come several in a row.
                Some(FlowKey::V4(a, b)) if (a, b) == before => {}
                Some(key) => {
                    new.push(key);
                    if let FlowKey::V4(a, b) = key {
                        before = (a, b);
                    }
                }
                None => {}
            }
        }
        new
    }

    #[inline(always)]
    fn push(&mut self, key: FlowKey) {
        match key {
            FlowKey::V4(a, b) => self.v4.push((a, b)),
            other => self.other(other),
        }
    }

    #[inline(never)]
    fn other(&mut self, key: FlowKey) {
        if self.other.last() != Some(&key) {
            self.other.push(key);
        }
    }

    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = FlowKey> {
        let other = self.other.iter().copied();
        self.v4.iter().map(|(a, b)| FlowKey::V4(*a, *b)).chain(other)
    }
}

/// Groups of packets that are on their way.
#[derive(Debug)]
pub(super) struct Fetching {
    /// Their place in the table of flows is fetched.
    asked: Asked,
    /// Their place in the table of connections is.
    found: Group<Slot>,
    /// The beginning of what is known of their connection is.
    begun: Group<Slot>,
}

impl Default for Fetching {
    fn default() -> Self {
        let none = || Group::new([Slot::Candidate(0); GROUP]);
        Self { asked: Asked::default(), found: none(), begun: none() }
    }
}

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

    /// Begins to fetch for packets of these flows, and goes on for those of the groups before it.
    // Nothing is waited for: what was asked for last is there when it is used.
    pub(super) fn fetch(&mut self, asked: Asked) {
        let Fetching { asked: before, found, begun } = &mut self.fetching;
        for slot in begun.iter() {
            match slot {
                Slot::Control(key) => self.controls.fetch_rest(*key),
                Slot::Data(key) => self.data.fetch_rest(*key),
                Slot::Candidate(_) => {}
            }
        }
        for slot in found.iter() {
            match slot {
                Slot::Control(key) => self.controls.fetch(*key),
                Slot::Data(key) => self.data.fetch(*key),
                Slot::Candidate(_) => {}
            }
        }
        std::mem::swap(found, begun);
        found.count = 0;
        let mut unknown = Asked::default();
        for key in before.iter() {
            // What was found is at hand when the packet comes.
            match self.flows.of_packet(key) {
                Some(slot) => {
                    match slot {
                        Slot::Control(key) => self.controls.fetch_place(key),
                        Slot::Data(key) => self.data.fetch_place(key),
                        Slot::Candidate(_) => {}
                    }
                    found.push(slot);
                }
                None => unknown.push(key),
            }
        }
        asked.iter().for_each(|key| self.flows.fetch(key));
        *before = asked;
        unknown.iter().for_each(|key| self.expectations.fetch(key.ends()));
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
        let mut read = keys.iter().fold(0, |read, key| read ^ self.controls.read(*key));
        for key in keys {
            self.controls.get_mut(*key);
        }
        let mut data = Vec::new();
        for key in keys {
            let Some(c) = self.controls.awake(*key) else { continue };
            if flows {
                self.flows.fetch_to_end(FlowKey::new(c.client(), c.server()));
                self.expectations.fetch_to_forget(&c.listening);
            }
            data.extend(c.data.iter().map(|(_, key)| *key));
        }
        read ^= data.iter().fold(0, |read, key| read ^ self.data.read(*key));
        for key in data {
            if let Some(d) = self.data.get_mut(key)
                && flows
            {
                let [initiator, responder] = d.ends();
                self.flows.fetch_to_end(FlowKey::new(initiator, responder));
            }
        }
        black_box(read);
    }
}
