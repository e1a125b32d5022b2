//! When to see whether ended sessions can be judged.

use std::collections::VecDeque;

use crate::capture::Timestamp;

/// Ended sessions, in the order in which to look at them: by that time, then by their serial number.
///
/// A queue: each is to be looked at so long after now, and so comes behind nearly all others.
#[derive(Debug, Default)]
pub(super) struct Closing(VecDeque<(Timestamp, u64, usize)>);

impl Closing {
    /// Looks at the session with this serial number and key at `due`.
    pub(super) fn add(&mut self, due: Timestamp, serial: u64, key: usize) {
        let new = (due, serial, key);
        let behind = self.0.iter().rev().take_while(|other| **other > new).count();
        self.0.insert(self.0.len() - behind, new);
    }

    /// When to look at the next one.
    #[inline]
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.0.front().map(|(due, ..)| *due)
    }

    /// The keys of all, in that order.
    pub(super) fn keys(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|(_, _, key)| *key)
    }

    /// The next one: its serial number and key.
    pub(super) fn take(&mut self) -> Option<(u64, usize)> {
        self.0.pop_front().map(|(_, serial, key)| (serial, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn by_time_and_then_by_serial_number(all in prop::collection::vec((0..9i64, 0..9u64), 0..40)) {
            let (mut closing, mut want) = (Closing::default(), Vec::new());
            for (key, (due, serial)) in all.into_iter().enumerate() {
                let due = Timestamp::from_nanos(due);
                closing.add(due, serial, key);
                want.push((due, serial, key));
                want.sort_unstable();
                prop_assert_eq!(closing.next_due(), Some(want[0].0));
            }
            for (_, serial, key) in want {
                prop_assert_eq!(closing.take(), Some((serial, key)));
            }
            prop_assert_eq!(closing.take(), None);
        }
    }
}
