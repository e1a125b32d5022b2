//! Which of the tables a 4-tuple belongs to.

mod ended;
mod lines;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry as Place;

use self::ended::Ended;
use self::lines::{Lines, Pair};
use crate::capture::Timestamp;
use crate::decode::{Endpoint, Segment};
use crate::session::PortCounts;

/// A 4-tuple without a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKey {
    /// Of IPv4, nearly all there are: address and port of either end as one number.
    V4(u64, u64),
    /// Of anything else.
    Other(Endpoint, Endpoint),
}

impl FlowKey {
    /// The same for both directions.
    #[inline(always)]
    pub fn new(a: Endpoint, b: Endpoint) -> Self {
        Self::between(&a, &b)
    }

    /// Of a segment.
    #[inline(always)]
    pub fn of(s: &Segment<'_>) -> Self {
        Self::between(&s.src, &s.dst)
    }

    /// Of two ends over IPv4.
    #[inline(always)]
    pub fn v4(a: (Ipv4Addr, u16), b: (Ipv4Addr, u16)) -> Self {
        let [a, b] = [a, b].map(|(ip, port)| u64::from(ip.to_bits()) << 16 | u64::from(port));
        Self::of_v4(a, b)
    }

    /// Of two ends over IPv4, each of which is one number: its address, and its port in the lowest 16 bits.
    #[inline(always)]
    pub fn of_v4(a: u64, b: u64) -> Self {
        Self::V4(a.min(b), a.max(b))
    }

    /// The lower one of the ports of its ends.
    #[inline(always)]
    pub fn lower_port(&self) -> u16 {
        match self {
            Self::V4(a, b) => (*a as u16).min(*b as u16),
            Self::Other(a, b) => a.port.min(b.port),
        }
    }

    /// Its two ends.
    pub fn ends(self) -> [Endpoint; 2] {
        let end = |end: u64| Endpoint {
            ip: Ipv4Addr::from_bits((end >> 16) as u32).into(),
            port: end as u16,
        };
        match self {
            Self::V4(a, b) => [end(a), end(b)],
            Self::Other(a, b) => [a, b],
        }
    }

    // Read where they stand: what was just written part by part is slow to be moved as a whole.
    #[inline(always)]
    fn between(a: &Endpoint, b: &Endpoint) -> Self {
        if let (IpAddr::V4(x), IpAddr::V4(y)) = (&a.ip, &b.ip) {
            return Self::v4((*x, a.port), (*y, b.port));
        }
        Self::other(*a, *b)
    }

    #[inline(never)]
    fn other(a: Endpoint, b: Endpoint) -> Self {
        if a <= b { Self::Other(a, b) } else { Self::Other(b, a) }
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
}

/// A [`Slot`] in four bytes: its kind, from 1 on, in the two highest bits, its key in the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry(u32);

impl Entry {
    const KEY: u32 = u32::MAX >> 2;

    /// `None` of a key of more than 30 bits: so many connections are in no memory.
    #[inline]
    fn of(slot: Slot) -> Option<Self> {
        let (kind, key) = match slot {
            Slot::Control(key) => (1, key),
            Slot::Data(key) => (2, key),
            Slot::Candidate(key) => (3, key),
        };
        let key = u32::try_from(key).ok().filter(|key| *key <= Self::KEY)?;
        Some(Self(kind << 30 | key))
    }
}

impl From<Entry> for Slot {
    #[inline(always)]
    fn from(entry: Entry) -> Self {
        let key = (entry.0 & Entry::KEY) as usize;
        match entry.0 >> 30 {
            1 => Self::Control(key),
            2 => Self::Data(key),
            _ => Self::Candidate(key),
        }
    }
}

/// The table of flows of interest. Everything else costs at most one failed lookup.
#[derive(Debug, Default)]
pub struct Flows {
    pairs: Pairs,
    v4: Lines,
    other: HashMap<(Endpoint, Endpoint), Entry, RandomState>,
    recent: Recent,
    ended: Ended,
}

impl Flows {
    /// What this 4-tuple is.
    #[inline]
    pub fn get(&self, key: FlowKey) -> Option<Slot> {
        let entry = match key {
            FlowKey::V4(a, b) => self.v4.get(Pair::of((a, b))).map(Entry),
            FlowKey::Other(a, b) => self.other.get(&(a, b)).copied(),
        };
        entry.map(Slot::from)
    }

    /// The same for a packet which isn't among the [recent](Flows::recent) ones: the next one is often of the
    /// same flow.
    #[inline(always)]
    pub fn of_packet(&mut self, key: FlowKey) -> Option<Slot> {
        let FlowKey::V4(a, b) = key else { return self.get(key) };
        let entry = Entry(self.v4.get(Pair::of((a, b)))?);
        *self.recent.place((a, b)) = ((a, b), entry);
        Some(entry.into())
    }

    /// Begins to fetch what asking for this flow will ask for.
    #[inline(always)]
    pub fn fetch(&self, key: FlowKey) {
        if let FlowKey::V4(a, b) = key {
            self.v4.fetch(Pair::of((a, b)));
        }
    }

    /// Begins to fetch what ending this flow will ask for.
    pub fn fetch_to_end(&self, key: FlowKey) {
        self.fetch(key);
        self.ended.fetch(key);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.v4.len() + self.other.len()
    }

    /// What this 4-tuple is, if one of its packets was among the latest.
    #[inline(always)]
    pub fn recent(&mut self, key: FlowKey) -> Option<Slot> {
        let FlowKey::V4(a, b) = key else { return None };
        match *self.recent.place((a, b)) {
            (known, entry) if known == (a, b) => Some(entry.into()),
            _ => None,
        }
    }

    /// A flow may be known whose ends have these ports.
    #[inline(always)]
    pub fn may_have(&self, a: u16, b: u16) -> bool {
        self.pairs.may_have(a ^ b)
    }

    /// It was a connection of a session that has been judged: its late packets mean nothing.
    pub fn has_ended(&self, key: FlowKey) -> bool {
        self.ended.holds(key)
    }

    /// Enters or replaces a flow.
    pub fn set(&mut self, key: FlowKey, slot: Slot) {
        let Some(entry) = Entry::of(slot) else { return };
        self.recent.forget(key);
        let before = match key {
            FlowKey::V4(a, b) => self.v4.insert(Pair::of((a, b)), entry.0).map(Entry),
            FlowKey::Other(a, b) => self.other.insert((a, b), entry),
        };
        if before.is_none() {
            self.pairs.0.add(Pairs::of(key));
        }
    }

    /// Forgets a flow if it still is `slot`.
    pub fn remove(&mut self, key: FlowKey, slot: Slot) {
        if self.drop(key, slot) {
            self.ended.forget(key);
        }
    }

    /// A flow's session has been judged; `slot` is what it was.
    pub fn end(&mut self, key: FlowKey, slot: Slot, now: Timestamp) {
        if self.drop(key, slot) {
            self.ended.add(key, now);
        }
    }

    fn drop(&mut self, key: FlowKey, slot: Slot) -> bool {
        let Some(entry) = Entry::of(slot) else { return false };
        let is = match key {
            FlowKey::V4(a, b) => self.v4.remove(Pair::of((a, b)), entry.0),
            FlowKey::Other(a, b) => match self.other.entry((a, b)) {
                Place::Occupied(known) if *known.get() == entry => {
                    known.remove();
                    true
                }
                _ => false,
            },
        };
        if is {
            self.recent.forget(key);
            self.pairs.0.remove(Pairs::of(key));
        }
        is
    }
}

/// How many flows there are whose ports, taken together, have the same bits: of a mixed capture, this
/// alone tells nearly every packet from those of interest.
#[derive(Debug, Default)]
struct Pairs(PortCounts);

impl Pairs {
    #[inline(always)]
    fn folded(both: u16) -> u16 {
        both ^ both >> PortCounts::BITS
    }

    #[inline(always)]
    fn may_have(&self, both: u16) -> bool {
        self.0.has(Self::folded(both))
    }

    /// Where a flow is counted.
    fn of(key: FlowKey) -> u16 {
        Self::folded(match key {
            // Ports are the lowest bits.
            FlowKey::V4(a, b) => (a ^ b) as u16,
            FlowKey::Other(a, b) => a.port ^ b.port,
        })
    }
}

/// Flows of the latest packets, each in its place: what is asked for again and again.
#[derive(Debug)]
struct Recent(Box<[((u64, u64), Entry); 1 << Recent::BITS]>);

impl Default for Recent {
    fn default() -> Self {
        Self(Box::new([(Self::NONE, Entry(0)); 1 << Self::BITS]))
    }
}

impl Recent {
    const BITS: u32 = 10;

    /// No flow has this key: neither of its ends is an address and a port.
    const NONE: (u64, u64) = (u64::MAX, u64::MAX);

    #[inline(always)]
    fn place(&mut self, (a, b): (u64, u64)) -> &mut ((u64, u64), Entry) {
        // Ports and addresses of both ends mixed (the golden ratio, after Knuth).
        let mixed = (a.rotate_left(20) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &mut self.0[(mixed >> (64 - Self::BITS)) as usize]
    }

    fn forget(&mut self, key: FlowKey) {
        if let FlowKey::V4(a, b) = key {
            let recent = self.place((a, b));
            if recent.0 == (a, b) {
                recent.0 = Self::NONE;
            }
        }
    }
}
