//! Telling a packet that the capture saw twice from one that was sent twice.

use crate::capture::{Moment, Timestamp};
use crate::decode::{Segment, Seq};
use crate::pack::{Pack, Packer, Unpacker};

/// Twice within so many nanoseconds is the capture's doing.
const AT_ONCE: i64 = 1_000_000;
/// Two mirrored ports deliver a burst in any order; of a longer one only the end is known.
const MOST: usize = 32;

type Print = (u32, u32, u16, u8, Option<u16>);

/// One direction's packets of the last millisecond, to know them again.
#[derive(Clone, Default)]
pub(super) struct Prints {
    latest: Option<(Timestamp, Print)>,
    before: Before,
}

/// Those before the latest; slow connections have none.
#[derive(Clone, Default)]
struct Before {
    /// A ring once it is full.
    kept: Vec<(Timestamp, Print)>,
    oldest: usize,
    /// The highest sequence and acknowledgment number in there.
    seq: Seq,
    ack: Seq,
}

impl Prints {
    /// The same packet again, within a millisecond.
    ///
    /// TTL and IP checksum may differ, on a router's `-i any` they do. Without an identification
    /// (IPv6, or Linux's 0), bare ACKs of a receiver that misses something are alike too, and don't
    /// count.
    #[inline]
    pub fn knows(&self, s: &Segment<'_>, at: Moment) -> bool {
        let Some((then, latest)) = self.latest else { return false };
        if at.time.nanos_since(then) >= AT_ONCE {
            return false;
        }
        let own = print(s);
        (own == latest || self.before.holds(s, own, at))
            && (s.ip_id.is_some_and(|id| id != 0)
                || s.payload_len > 0
                || s.flags.syn()
                || s.flags.fin())
    }

    #[inline]
    pub fn keep(&mut self, s: &Segment<'_>, at: Moment) {
        match self.latest.replace((at.time, print(s))) {
            Some(last) if at.time.nanos_since(last.0) < AT_ONCE => self.before.keep(last),
            _ => self.before.kept.clear(),
        }
    }
}

impl Before {
    #[inline]
    fn holds(&self, s: &Segment<'_>, own: Print, at: Moment) -> bool {
        // Beyond all of them: so nearly every packet is.
        if self.kept.is_empty() || s.seq.distance(self.seq) > 0 || s.ack.distance(self.ack) > 0 {
            return false;
        }
        let same =
            |(then, of): &(Timestamp, Print)| *of == own && at.time.nanos_since(*then) < AT_ONCE;
        self.kept.iter().any(same)
    }

    #[inline]
    fn keep(&mut self, last: (Timestamp, Print)) {
        let (seq, ack) = (Seq(last.1.0), Seq(last.1.1));
        if self.kept.is_empty() {
            (self.oldest, self.seq, self.ack) = (0, seq, ack);
        }
        if seq.distance(self.seq) > 0 {
            self.seq = seq;
        }
        if ack.distance(self.ack) > 0 {
            self.ack = ack;
        }
        if self.kept.len() < MOST - 1 {
            self.kept.push(last);
        } else if let Some(oldest) = self.kept.get_mut(self.oldest) {
            *oldest = last;
            self.oldest = (self.oldest + 1) % (MOST - 1);
        }
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
