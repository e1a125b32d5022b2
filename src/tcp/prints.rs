//! Telling a packet that the capture saw twice from one that was sent twice.

use std::collections::VecDeque;
use std::time::Duration;

use crate::capture::{Moment, Timestamp};
use crate::decode::Segment;
use crate::pack::packed;

/// Twice within this time is the capture's doing.
const AT_ONCE: Duration = Duration::from_millis(1);
/// Two mirrored ports deliver a burst in any order; of a longer one only the end is known.
const MOST: usize = 32;

type Print = (u32, u32, u16, u8, Option<u16>);

/// One direction's packets of the last millisecond, to know them again.
#[derive(Clone, Debug, Default)]
pub(super) struct Prints {
    kept: VecDeque<(Timestamp, Print)>,
}

impl Prints {
    /// The same packet again, within a millisecond.
    ///
    /// TTL and IP checksum may differ, on a router's `-i any` they do. Without an identification
    /// (IPv6, or Linux's 0), bare ACKs of a receiver that misses something are alike too, and don't
    /// count.
    pub fn knows(&self, s: &Segment<'_>, at: Moment) -> bool {
        let told_apart = s.ip_id.is_some_and(|id| id != 0)
            || s.payload_len > 0
            || s.flags.syn()
            || s.flags.fin();
        let own = print(s);
        let same = |(then, of): &(Timestamp, Print)| *of == own && at.time.since(*then) < AT_ONCE;
        told_apart && self.kept.iter().any(same)
    }

    pub fn keep(&mut self, s: &Segment<'_>, at: Moment) {
        let over = |(then, _): &(Timestamp, Print)| at.time.since(*then) >= AT_ONCE;
        while self.kept.len() >= MOST || self.kept.front().is_some_and(over) {
            self.kept.pop_front();
        }
        self.kept.push_back((at.time, print(s)));
    }
}

fn print(s: &Segment<'_>) -> Print {
    (s.seq.0, s.ack.0, s.checksum, s.flags.0, s.ip_id)
}

packed!(Prints { kept });
