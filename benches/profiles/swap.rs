//! Packets that come out of their order.

use std::net::Ipv4Addr;

use crate::play::Random;

/// A packet that was made.
pub struct Frame {
    pub micros: u64,
    /// Sender and receiver.
    pub ends: [(Ipv4Addr, u16); 2],
    /// Refuses the SYN before it. It stays behind it: nothing is followed of a RST that comes alone.
    pub refuses: bool,
    pub bytes: Vec<u8>,
}

impl Frame {
    /// Both are of one connection and of one moment, so that either could have come first.
    fn beside(&self, other: &Self) -> bool {
        let [from, to] = other.ends;
        self.micros == other.micros && (self.ends == [from, to] || self.ends == [to, from])
    }
}

/// Lets packets change places with the one behind them.
pub struct Swaps {
    per_thousand: u64,
    random: Random,
    /// The one that may still change places.
    held: Option<Frame>,
    /// It has changed places already.
    done: bool,
    /// Swaps that were due where none was possible.
    owed: u64,
}

impl Swaps {
    /// So many of a thousand packets change places with the one behind them.
    pub fn new(per_thousand: u64, seed: u64) -> Self {
        Self { per_thousand, random: Random(!seed), held: None, done: false, owed: 0 }
    }

    /// Takes the next packet, and gives the one to be written.
    pub fn take(&mut self, next: Frame) -> Option<Frame> {
        self.owed += u64::from(self.random.below(1000) < self.per_thousand);
        let swap = self.owed > 0
            && !self.done
            && !next.refuses
            && self.held.as_ref().is_some_and(|held| held.beside(&next));
        self.done = swap;
        if swap {
            self.owed -= 1;
            return Some(next);
        }
        self.held.replace(next)
    }

    /// The one that is left at the end.
    pub fn last(self) -> Option<Frame> {
        self.held
    }
}
