//! Which sessions count, where not all do.

use fixedbitset::FixedBitSet;

/// Ids of sessions. A bit for each: what is written as it ends is let go, and there may be millions.
#[derive(Debug, Default)]
pub struct Counting(FixedBitSet);

impl Counting {
    /// Adds a session.
    pub fn add(&mut self, id: u64) {
        if let Ok(id) = usize::try_from(id) {
            self.0.grow_and_insert(id);
        }
    }

    /// The session counts.
    pub fn has(&self, id: u64) -> bool {
        usize::try_from(id).is_ok_and(|id| self.0.contains(id))
    }
}

impl FromIterator<u64> for Counting {
    fn from_iter<I: IntoIterator<Item = u64>>(ids: I) -> Self {
        let mut new = Self::default();
        ids.into_iter().for_each(|id| new.add(id));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_were_added_count_and_no_others() {
        let counting: Counting = [5, 1, 300, 64].into_iter().collect();
        let has: Vec<u64> = (0..1000).filter(|id| counting.has(*id)).collect();
        assert_eq!(has, [1, 5, 64, 300]);
        assert!(!counting.has(u64::MAX));
    }
}
