//! From which ports a client dials.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::capture::{Moment, Timestamp};
use crate::decode::Endpoint;

/// The ports that one client dials from, or listens on in active mode.
#[derive(Debug, Default)]
pub struct ClientPorts {
    /// When each was used last, and with whom.
    used: BTreeMap<u16, (Timestamp, Endpoint)>,
    /// Connections.
    pub connections: u64,
    /// Of these, from a port that was used before.
    pub again: u64,
    /// The shortest time between two connections from the same port to the same endpoint, and the
    /// second of them.
    pub soonest: Option<(Duration, Moment, u16)>,
    /// The first connection and the last.
    pub span: Option<(Moment, Moment)>,
}

impl ClientPorts {
    /// Takes note of a connection; `room` is how many ports may still be remembered, of all clients.
    pub(super) fn connection(&mut self, port: u16, peer: Endpoint, at: Moment, room: &mut usize) {
        let before = self.used.get(&port).copied();
        if before.is_none() {
            let Some(left) = room.checked_sub(1) else { return };
            *room = left;
        }
        self.connections += 1;
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        if let Some((then, whom)) = before {
            self.again += 1;
            let apart = at.time.since(then).max(then.since(at.time));
            if whom == peer && self.soonest.is_none_or(|(least, ..)| apart < least) {
                self.soonest = Some((apart, at, port));
            }
        }
        let latest = before.map_or(at.time, |(then, _)| then.max(at.time));
        self.used.insert(port, (latest, peer));
    }

    /// Different ports.
    pub fn different(&self) -> usize {
        self.used.len()
    }

    /// The lowest and the highest.
    pub fn range(&self) -> Option<(u16, u16)> {
        Some((*self.used.first_key_value()?.0, *self.used.last_key_value()?.0))
    }
}
