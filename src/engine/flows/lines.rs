//! A table of flows that can be fetched before it is asked.
//!
//! What it knows of a flow stands in one cache line, and which one is known without reading anything: so
//! those of many flows can be on their way at the same time. Of a table that has to look somewhere else first,
//! only that can be fetched, and it doesn't say where it is.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use prefetch_index::prefetch_index;

/// A 4-tuple of IPv4 in twelve bytes: both addresses, and both ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair(u32, u32, u32);

impl Pair {
    #[inline(always)]
    pub(super) fn of((a, b): (u64, u64)) -> Self {
        Self((a >> 16) as u32, (b >> 16) as u32, ((a as u16 as u32) << 16) | b as u16 as u32)
    }

    #[inline(always)]
    fn bits(self) -> u128 {
        let ends = u64::from(self.0) << 32 | u64::from(self.1);
        u128::from(ends) << 64 | u128::from(self.2) << 32
    }

    fn from_bits(bits: u128) -> Self {
        Self((bits >> 96) as u32, (bits >> 64) as u32, (bits >> 32) as u32)
    }
}

impl Hash for Pair {
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.0) << 32 | u64::from(self.1));
        state.write_u64(self.2.into());
    }
}

/// Places of a line.
const PLACES: usize = 4;

/// One cache line: of each place, a flow, and what it is in the lowest 32 bits. Filled from its beginning.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line([u128; PLACES]);

/// Nothing is in this place, nor in any behind it in its line. What flows are is anything else.
const FREE: u32 = 0;

/// What flows are, by their ends.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// A power of two of them, or none. Flows stand in the line that their hash tells, or, when that is full, in
    /// the next one that isn't.
    lines: Vec<Line>,
    /// Flows there are.
    len: usize,
    hasher: RandomState,
}

impl Lines {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The line where a flow is looked for first.
    #[inline(always)]
    fn line_of(&self, key: Pair) -> usize {
        self.hasher.hash_one(key) as usize & self.mask()
    }

    #[inline(always)]
    fn mask(&self) -> usize {
        self.lines.len().wrapping_sub(1)
    }

    /// Begins to fetch what [`Lines::get`] will ask for.
    #[inline(always)]
    pub(super) fn fetch(&self, key: Pair) {
        prefetch_index(&self.lines, self.line_of(key));
    }

    /// What a flow is.
    #[inline(always)]
    pub(super) fn get(&self, key: Pair) -> Option<u32> {
        let (line, place) = self.find(key)?;
        Some(*self.lines.get(line)?.0.get(place)? as u32)
    }

    /// Where a flow stands: its line, and its place there.
    #[inline(always)]
    fn find(&self, key: Pair) -> Option<(usize, usize)> {
        let wanted = key.bits();
        let mut at = self.line_of(key);
        loop {
            let line = self.lines.get(at)?;
            if let Some(place) = line.0.iter().position(|place| is(*place, wanted)) {
                return Some((at, place));
            }
            if !line.is_full() {
                return None;
            }
            at = (at + 1) & self.mask();
        }
    }

    /// Enters a flow, which is anything but 0, or replaces what it was and returns that.
    pub(super) fn insert(&mut self, key: Pair, value: u32) -> Option<u32> {
        debug_assert!(value != FREE);
        let new = key.bits() | u128::from(value);
        if let Some((line, place)) = self.find(key) {
            return Some(std::mem::replace(&mut self.lines[line].0[place], new) as u32);
        }
        self.make_room();
        self.len += 1;
        self.put(new);
        None
    }

    /// Removes a flow if it is that; whether it was.
    pub(super) fn remove(&mut self, key: Pair, value: u32) -> bool {
        let Some((mut line, mut place)) = self.find(key) else { return false };
        if self.lines[line].0[place] as u32 != value {
            return false;
        }
        self.len -= 1;
        // What stands further on than it would without this one moves up, and what does because of that.
        while let Some((from, other)) = self.displaced(line) {
            self.lines[line].0[place] = self.lines[from].0[other];
            (line, place) = (from, other);
        }
        let places = &mut self.lines[line].0;
        let last = places.iter().rposition(|place| *place as u32 != FREE).unwrap_or(place);
        places[place] = places[last];
        places[last] = FREE.into();
        true
    }

    /// A flow behind a line that would stand in it, were there room: its line, and its place there.
    fn displaced(&self, line: usize) -> Option<(usize, usize)> {
        let mut at = line;
        while self.lines.get(at)?.is_full() {
            at = (at + 1) & self.mask();
            let far = at.wrapping_sub(line) & self.mask();
            let would = |place: &u128| {
                let home = self.line_of(Pair::from_bits(*place));
                *place as u32 != FREE && at.wrapping_sub(home) & self.mask() >= far
            };
            if let Some(place) = self.lines[at].0.iter().position(would) {
                return Some((at, place));
            }
        }
        None
    }

    /// Makes the table twice as large when four of five places are taken.
    fn make_room(&mut self) {
        let lines = self.lines.len();
        if (self.len + 1) * 5 <= lines * PLACES * 4 {
            return;
        }
        let new = vec![Line([FREE.into(); PLACES]); (lines * 2).max(4)];
        let old = std::mem::replace(&mut self.lines, new);
        let all = old.iter().flat_map(|line| line.0);
        all.filter(|place| *place as u32 != FREE).for_each(|entry| self.put(entry));
    }

    /// Puts an entry in the first line that has room for it.
    fn put(&mut self, new: u128) {
        let mut at = self.line_of(Pair::from_bits(new));
        loop {
            let free = |place: &&mut u128| **place as u32 == FREE;
            if let Some(place) = self.lines[at].0.iter_mut().find(free) {
                *place = new;
                return;
            }
            at = (at + 1) & self.mask();
        }
    }
}

/// This is the place of a flow with these bits.
#[inline(always)]
fn is(place: u128, wanted: u128) -> bool {
    place & !0xffff_ffff == wanted && place as u32 != FREE
}

impl Line {
    #[inline(always)]
    fn is_full(&self) -> bool {
        self.0[PLACES - 1] as u32 != FREE
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// So few flows that nearly all lines are full at times.
        #[test]
        fn kept_as_in_a_plain_table(
            steps in prop::collection::vec((any::<bool>(), 0..120_u64, 1..4_u32), 0..600),
        ) {
            let (mut lines, mut plain) = (Lines::default(), BTreeMap::new());
            let pair = |key: u64| Pair::of((key << 16, key));
            for (enter, key, value) in steps {
                if enter {
                    prop_assert_eq!(lines.insert(pair(key), value), plain.insert(key, value));
                } else {
                    let is = plain.get(&key) == Some(&value);
                    prop_assert_eq!(lines.remove(pair(key), value), is);
                    if is {
                        plain.remove(&key);
                    }
                }
                prop_assert_eq!(lines.len(), plain.len());
                for key in 0..120 {
                    prop_assert_eq!(lines.get(pair(key)), plain.get(&key).copied());
                }
            }
        }
    }
}
