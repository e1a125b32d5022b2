//! Telling a packet that the capture saw twice from one that was sent twice.

use std::collections::VecDeque;
use std::time::Duration;

use crate::capture::{Moment, Timestamp};
use crate::decode::Segment;
use crate::pack::{Pack, Packer, Unpacker};

/// Twice within this time is the capture's doing.
const AT_ONCE: Duration = Duration::from_millis(1);
/// Two mirrored ports deliver a burst in any order; of a longer one only the end is known.
const MOST: usize = 32;

type Print = (u32, u32, u16, u8, Option<u16>);

/// One direction's packets of the last millisecond, to know them again.
#[derive(Clone, Default)]
pub(super) struct Prints {
    latest: Option<(Timestamp, Print)>,
    /// Those before it; few connections have any.
    before: VecDeque<(Timestamp, Print)>,
}

impl Prints {
    /// The same packet again, within a millisecond.
    ///
    /// TTL and IP checksum may differ, on a router's `-i any` they do. Without an identification
    /// (IPv6, or Linux's 0), bare ACKs of a receiver that misses something are alike too, and don't
    /// count.
    #[inline]
    pub fn knows(&self, s: &Segment<'_>, at: Moment) -> bool {
        let Some(latest) = self.latest.filter(|l| at.time.since(l.0) < AT_ONCE) else {
            return false;
        };
        let told_apart = s.ip_id.is_some_and(|id| id != 0)
            || s.payload_len > 0
            || s.flags.syn()
            || s.flags.fin();
        let own = print(s);
        let same = |(then, of): &(Timestamp, Print)| *of == own && at.time.since(*then) < AT_ONCE;
        told_apart && (same(&latest) || self.before.iter().any(same))
    }

    #[inline]
    pub fn keep(&mut self, s: &Segment<'_>, at: Moment) {
        let last = self.latest.replace((at.time, print(s)));
        match last {
            Some(last) if at.time.since(last.0) < AT_ONCE => self.keep_before(last, at),
            _ if self.before.is_empty() => {}
            _ => self.before.clear(),
        }
    }

    fn keep_before(&mut self, last: (Timestamp, Print), at: Moment) {
        let over = |(then, _): &(Timestamp, Print)| at.time.since(*then) >= AT_ONCE;
        while self.before.len() + 1 >= MOST || self.before.front().is_some_and(over) {
            self.before.pop_front();
        }
        self.before.push_back(last);
    }
}

fn print(s: &Segment<'_>) -> Print {
    (s.seq.0, s.ack.0, s.checksum, s.flags.0, s.ip_id)
}

impl std::fmt::Debug for Prints {
    // No fact of the connection, and gone after a millisecond.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prints")
    }
}

impl Pack for Prints {
    // Whoever rests has been quiet for longer than they are needed.
    fn pack(&self, _: &mut Packer) {}

    fn unpack(_: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self::default())
    }
}
