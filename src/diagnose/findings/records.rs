//! Records that every session asks for: found by hashing, and read in the order of their keys where
//! something is said of them, since nothing that is said may depend on hashes.

use std::hash::Hash;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};

/// Addresses of hosts, to be counted and compared.
pub type Hosts = HashSet<IpAddr, RandomState>;

/// Records by key.
#[derive(Clone, Debug)]
pub struct Records<K, V> {
    by_key: HashMap<K, V, RandomState>,
}

/// A record that was there before, or a new one.
pub(super) enum Record<'a, V> {
    Known(&'a mut V),
    New(&'a mut V),
}

impl<K, V> Default for Records<K, V> {
    fn default() -> Self {
        Self { by_key: HashMap::default() }
    }
}

impl<K: Copy + Ord + Hash, V> Records<K, V> {
    /// How many.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Of how many `of` is true.
    pub fn count(&self, of: impl Fn(&V) -> bool) -> usize {
        self.by_key.values().filter(|v| of(v)).count()
    }

    /// The lowest key and the highest.
    pub fn range(&self) -> Option<(K, K)> {
        Some((*self.by_key.keys().min()?, *self.by_key.keys().max()?))
    }

    /// Those of which `of` is true, by key.
    pub fn sorted(&self, of: impl Fn(&V) -> bool) -> Vec<(K, &V)> {
        let all = self.by_key.iter().filter(|(_, v)| of(v));
        let mut all: Vec<(K, &V)> = all.map(|(k, v)| (*k, v)).collect();
        all.sort_unstable_by_key(|(k, _)| *k);
        all
    }

    /// The record of `key`, if there is one.
    #[inline]
    pub(super) fn get(&self, key: K) -> Option<&V> {
        self.by_key.get(&key)
    }

    /// The record of `key`; if there is none, what `new` makes, if it makes one.
    #[inline]
    pub(super) fn record(
        &mut self,
        key: K,
        new: impl FnOnce() -> Option<V>,
    ) -> Option<Record<'_, V>> {
        match self.by_key.entry(key) {
            Entry::Occupied(known) => Some(Record::Known(known.into_mut())),
            Entry::Vacant(place) => new().map(|v| Record::New(place.insert(v))),
        }
    }
}

impl<K: Copy + Ord + Hash, V: Default> Records<K, V> {
    /// The record of `key`; `None` when it would be a new one, and there are `most` already.
    #[inline]
    pub(super) fn entry(&mut self, key: K, most: usize) -> Option<&mut V> {
        let room = self.len() < most;
        self.record(key, || room.then(V::default)).map(Record::either)
    }
}

impl<'a, V> Record<'a, V> {
    /// The record, known or new.
    pub(super) fn either(self) -> &'a mut V {
        match self {
            Self::Known(v) | Self::New(v) => v,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_in_order() {
        let mut records = Records::<u16, u64>::default();
        assert!(records.is_empty());
        for (i, key) in [900, 7, 65_535, 20, 7].into_iter().enumerate() {
            *records.record(key, || Some(0)).unwrap().either() += i as u64;
        }
        assert_eq!(records.sorted(|_| true), [(7, &5), (20, &3), (900, &0), (65_535, &2)]);
        assert_eq!(records.sorted(|v| *v > 2), [(7, &5), (20, &3)]);
        assert!(records.record(8, || None).is_none());
        assert_eq!((records.len(), records.count(|v| *v > 2)), (4, 2));
        assert_eq!(records.range(), Some((7, 65_535)));
        assert!(matches!(records.record(7, || None), Some(Record::Known(5))));
        assert!(matches!(records.record(8, || Some(1)), Some(Record::New(1))));
        assert!(records.entry(9, 5).is_none() && records.entry(7, 5).is_some());
        assert_eq!(records.entry(9, 6), Some(&mut 0));
    }
}
