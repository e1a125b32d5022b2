//! Numbers of sessions, bounded.

/// The first numbers, and how many there were.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    kept: Vec<u64>,
    total: u64,
}

impl Ids {
    const KEPT: usize = 1000;

    /// Takes note of a session; once, however often in a row.
    pub fn add(&mut self, id: u64) {
        if self.kept.last() == Some(&id) {
            return;
        }
        self.total += 1;
        if self.kept.len() < Self::KEPT {
            self.kept.push(id);
        }
    }

    /// How many sessions.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The numbers kept, in order.
    pub fn sorted(&self) -> Vec<u64> {
        let mut ids = self.kept.clone();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
