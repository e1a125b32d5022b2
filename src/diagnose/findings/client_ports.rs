//! From which ports a client dials.

use std::time::Duration;

use super::records::{Record, Records};
use super::widen;
use crate::capture::{Moment, Timestamp};
use crate::decode::Endpoint;

/// The ports that one client dials from, or listens on in active mode.
#[derive(Debug, Default)]
pub struct ClientPorts {
    /// When each was used last, and with whom.
    used: Records<u16, (Timestamp, Endpoint)>,
    /// The lowest and the highest.
    range: Option<(u16, u16)>,
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
        let new = || {
            *room = room.checked_sub(1)?;
            Some((at.time, peer))
        };
        let Some(record) = self.used.record(port, new) else { return };
        self.connections += 1;
        widen(&mut self.span, at);
        let Record::Known(used) = record else {
            let (low, high) = self.range.unwrap_or((port, port));
            self.range = Some((low.min(port), high.max(port)));
            return;
        };
        let (then, whom) = *used;
        self.again += 1;
        let apart = at.time.since(then).max(then.since(at.time));
        if whom == peer && self.soonest.is_none_or(|(least, ..)| apart < least) {
            self.soonest = Some((apart, at, port));
        }
        *used = (then.max(at.time), peer);
    }

    /// Different ports.
    pub fn different(&self) -> usize {
        self.used.len()
    }

    /// The lowest and the highest.
    pub fn range(&self) -> Option<(u16, u16)> {
        self.range
    }
}
