//! Numbers of sessions, in the order of their first packets.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Numbers that were given, and sessions without one yet.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// By the order of their first packet, with their keys. A queue: nearly each begins behind all others.
    waiting: VecDeque<(u64, usize)>,
    /// By key.
    given: HashMap<usize, u64, RandomState>,
    last: u64,
}

impl Numbering {
    /// A session with this key that began with this packet.
    pub(super) fn add(&mut self, order: u64, key: usize) {
        let behind = self.waiting.iter().rev().take_while(|other| other.0 > order).count();
        self.waiting.insert(self.waiting.len() - behind, (order, key));
    }

    /// Gives numbers to all sessions that began no later than this packet.
    pub(super) fn up_to(&mut self, order: u64) {
        while let Some(&(_, key)) = self.waiting.front().filter(|next| next.0 <= order) {
            self.waiting.pop_front();
            self.last += 1;
            self.given.insert(key, self.last);
        }
    }

    /// The number of a session; 0 of one that has none yet.
    pub(super) fn get(&self, key: usize) -> u64 {
        self.given.get(&key).copied().unwrap_or(0)
    }

    /// The same, of a session that is over: another one may be given its key.
    pub(super) fn take(&mut self, key: usize) -> u64 {
        self.given.remove(&key).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn in_the_order_of_first_packets(
            orders in prop::collection::btree_set(0..100_u64, 0..40).prop_map(Vec::from_iter).prop_shuffle(),
            up_to in 0..100_u64,
        ) {
            let mut numbering = Numbering::default();
            for order in &orders {
                numbering.add(*order, *order as usize);
            }
            let mut sorted = orders;
            sorted.sort_unstable();
            numbering.up_to(up_to);
            for (n, order) in sorted.iter().enumerate() {
                let want = if *order <= up_to { n as u64 + 1 } else { 0 };
                prop_assert_eq!(numbering.get(*order as usize), want);
            }
            numbering.up_to(u64::MAX);
            for (n, order) in sorted.iter().enumerate() {
                prop_assert_eq!(numbering.take(*order as usize), n as u64 + 1);
                prop_assert_eq!(numbering.take(*order as usize), 0);
            }
        }
    }
}
