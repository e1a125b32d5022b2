//! Which of the tables a 4-tuple belongs to.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

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

    // Read where they stand: what was just written part by part is slow to be moved as a whole.
    #[inline(always)]
    fn between(a: &Endpoint, b: &Endpoint) -> Self {
        if let (IpAddr::V4(x), IpAddr::V4(y)) = (&a.ip, &b.ip) {
            let x = u64::from(x.to_bits()) << 16 | u64::from(a.port);
            let y = u64::from(y.to_bits()) << 16 | u64::from(b.port);
            return Self::V4(x.min(y), x.max(y));
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

/// A [`Slot`] in eight bytes: its kind in the two highest bits, its key in the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry(u64);

impl Entry {
    const KEY: u64 = u64::MAX >> 2;
}

impl From<Slot> for Entry {
    fn from(slot: Slot) -> Self {
        let (kind, key) = match slot {
            Slot::Control(key) => (0, key),
            Slot::Data(key) => (1, key),
            Slot::Candidate(key) => (2, key),
        };
        Self(kind << 62 | key as u64 & Self::KEY)
    }
}

impl From<Entry> for Slot {
    fn from(entry: Entry) -> Self {
        let key = (entry.0 & Entry::KEY) as usize;
        match entry.0 >> 62 {
            0 => Self::Control(key),
            1 => Self::Data(key),
            _ => Self::Candidate(key),
        }
    }
}

/// The table of flows of interest. Everything else costs at most one failed lookup.
#[derive(Debug, Default)]
pub struct Flows {
    pairs: Pairs,
    v4: HashMap<(u64, u64), Entry, RandomState>,
    other: HashMap<(Endpoint, Endpoint), Entry, RandomState>,
    recent: Recent,
    ended: Ended,
}

impl Flows {
    /// What this 4-tuple is.
    #[inline]
    pub fn get(&self, key: FlowKey) -> Option<Slot> {
        let entry = match key {
            FlowKey::V4(a, b) => self.v4.get(&(a, b)),
            FlowKey::Other(a, b) => self.other.get(&(a, b)),
        };
        entry.map(|e| (*e).into())
    }

    /// The same for a packet: the next one is often of the same flow.
    #[inline(always)]
    pub fn of_packet(&mut self, key: FlowKey) -> Option<Slot> {
        let FlowKey::V4(a, b) = key else { return self.get(key) };
        let recent = self.recent.place((a, b));
        if let (known, entry) = *recent
            && known == (a, b)
        {
            return Some(entry.into());
        }
        let entry = *self.v4.get(&(a, b))?;
        *recent = ((a, b), entry);
        Some(entry.into())
    }

    /// Reads what ending this flow will ask for.
    pub fn read(&self, key: FlowKey) -> usize {
        usize::from(self.get(key).is_some()) + usize::from(self.ended.holds(key))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.v4.len() + self.other.len()
    }

    /// The data connection that this 4-tuple is, if one of its packets was among the latest.
    #[inline(always)]
    pub fn recent_data(&mut self, key: FlowKey) -> Option<usize> {
        let FlowKey::V4(a, b) = key else { return None };
        match *self.recent.place((a, b)) {
            (known, entry) if known == (a, b) => match entry.into() {
                Slot::Data(key) => Some(key),
                _ => None,
            },
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
        self.recent.forget(key);
        let before = match key {
            FlowKey::V4(a, b) => self.v4.insert((a, b), slot.into()),
            FlowKey::Other(a, b) => self.other.insert((a, b), slot.into()),
        };
        if before.is_none() {
            *self.pairs.of(key) += 1;
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
        let is = self.get(key) == Some(slot);
        if is {
            self.recent.forget(key);
            match key {
                FlowKey::V4(a, b) => self.v4.remove(&(a, b)),
                FlowKey::Other(a, b) => self.other.remove(&(a, b)),
            };
            *self.pairs.of(key) -= 1;
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
        both ^ both >> 11
    }

    #[inline(always)]
    fn may_have(&self, both: u16) -> bool {
        self.0.at(Self::folded(both)) != 0
    }

    fn of(&mut self, key: FlowKey) -> &mut u32 {
        let both = match key {
            // Ports are the lowest bits.
            FlowKey::V4(a, b) => (a ^ b) as u16,
            FlowKey::Other(a, b) => a.port ^ b.port,
        };
        self.0.at_mut(Self::folded(both))
    }
}

/// Flows of the latest packets, each in its place: what is asked for again and again.
#[derive(Debug)]
struct Recent(Box<[((u64, u64), Entry); 256]>);

impl Default for Recent {
    fn default() -> Self {
        Self(Box::new([(Self::NONE, Entry(0)); 256]))
    }
}

impl Recent {
    /// No flow has this key: neither of its ends is an address and a port.
    const NONE: (u64, u64) = (u64::MAX, u64::MAX);

    #[inline(always)]
    fn place(&mut self, (a, b): (u64, u64)) -> &mut ((u64, u64), Entry) {
        // Ports and addresses of both ends mixed (the golden ratio, after Knuth).
        let mixed = (a.rotate_left(20) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &mut self.0[(mixed >> 56) as usize]
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

/// Flows that ended not long ago. Apart from the others: there are many more of them, and hardly a
/// packet asks.
#[derive(Debug, Default)]
struct Ended {
    v4: HashSet<(u64, u64), RandomState>,
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

    fn holds(&self, key: FlowKey) -> bool {
        match key {
            FlowKey::V4(a, b) => self.v4.contains(&(a, b)),
            FlowKey::Other(a, b) => self.other.contains(&(a, b)),
        }
    }

    fn add(&mut self, key: FlowKey, now: Timestamp) {
        while let Some(over) = self.next_over(now) {
            self.forget(over);
        }
        let until = now.plus(Self::LINGER);
        match key {
            FlowKey::V4(a, b) => {
                self.v4.insert((a, b));
                self.queue.push_back((until, (a, b)));
            }
            FlowKey::Other(a, b) => {
                self.other.insert((a, b));
                self.others.push_back((until, key));
            }
        }
    }

    fn forget(&mut self, key: FlowKey) {
        match key {
            FlowKey::V4(a, b) => self.v4.remove(&(a, b)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back() {
        let key = |a: &str, b: &str| {
            FlowKey::new(
                Endpoint::new(a.parse().unwrap(), 21),
                Endpoint::new(b.parse().unwrap(), 9),
            )
        };
        let mut flows = Flows::default();
        for (a, b) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")] {
            assert_eq!(flows.get(key(a, b)), None);
            for slot in [Slot::Control(0), Slot::Data(7), Slot::Candidate(1 << 40)] {
                flows.set(key(a, b), slot);
                assert_eq!([0; 2].map(|_| flows.of_packet(key(a, b))), [Some(slot); 2]);
                assert_eq!(flows.get(key(a, b)), Some(slot));
                flows.remove(key(a, b), Slot::Data(8));
                assert_eq!(flows.get(key(a, b)), Some(slot));
            }
            flows.end(key(a, b), Slot::Candidate(1 << 40), Timestamp::from_nanos(0));
            assert_eq!(flows.of_packet(key(a, b)), None);
            assert_eq!((flows.get(key(a, b)), flows.has_ended(key(a, b))), (None, true));
            flows.set(key(a, b), Slot::Data(1));
            flows.remove(key(a, b), Slot::Data(1));
            assert_eq!((flows.get(key(a, b)), flows.has_ended(key(a, b))), (None, false));
        }
        let (a, b) =
            (Endpoint::new("192.0.2.1".parse().unwrap(), 21), "192.0.2.1".parse().unwrap());
        assert_eq!(FlowKey::new(a, Endpoint::new(b, 9)), FlowKey::new(Endpoint::new(b, 9), a));
    }

    #[test]
    fn ended_flows_are_forgotten_in_time() {
        let six = |a: &str| Endpoint::new(a.parse().unwrap(), 21);
        let six = FlowKey::new(six("2001:db8::1"), six("2001:db8::2"));
        let v4 = |n: u64| FlowKey::V4(n, u64::MAX);
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let mut flows = Flows::default();
        let mut end = |key, seconds| {
            flows.set(key, Slot::Data(1));
            flows.end(key, Slot::Data(1), at(seconds));
            [v4(1), six, v4(2)].map(|k| flows.has_ended(k))
        };
        assert_eq!(end(v4(1), 0), [true, false, false]);
        assert_eq!(end(six, 10), [true, true, false]);
        assert_eq!(end(v4(2), 905), [false, true, true]);
        assert_eq!(end(v4(3), 911), [false, false, true]);
        // The same addresses and ports again, long after: it is the later one that is remembered.
        assert_eq!(end(v4(2), 2000), [false, false, true]);
    }
}
