//! Telling a packet that the capture saw twice from one that was sent twice.

use crate::capture::{Moment, Timestamp};
use crate::decode::{Segment, Seq};
use crate::pack::{Pack, Packer, Unpacker};

/// Twice within so many nanoseconds is the capture's doing.
const AT_ONCE: u64 = 1_000_000;
/// Two mirrored ports deliver a burst in any order; of a longer one only the end is known.
const MOST: usize = 32;

/// What two copies of a packet have in common, whatever a router between them changed.
#[derive(Clone, Copy)]
struct Print {
    /// Sequence and acknowledgment number.
    numbers: u64,
    /// IP identification if there is one, checksum, flags.
    rest: u64,
}

impl Print {
    #[inline]
    fn of(s: &Segment<'_>) -> Self {
        let id = s.ip_id.map_or(u64::MAX >> 24, u64::from);
        let (checksum, flags) = (u64::from(s.checksum), u64::from(s.flags.0));
        Self {
            numbers: u64::from(s.seq.0) << 32 | u64::from(s.ack.0),
            rest: id << 24 | checksum << 8 | flags,
        }
    }

    #[inline]
    fn is_bare_syn(self) -> bool {
        self.rest & 0x12 == 0x02
    }
}

/// One direction's packets of the last millisecond, to know them again.
#[derive(Clone, Default)]
pub(super) struct Prints {
    latest: Option<(Timestamp, Print)>,
    /// Those before it, a ring once it is full; slow connections have none.
    before: Vec<(Timestamp, Print)>,
    oldest: u8,
    /// The highest sequence and acknowledgment number of all of these.
    seq: Seq,
    ack: Seq,
}

impl Prints {
    /// The same packet again, within a millisecond; else it is kept.
    ///
    /// TTL and IP checksum may differ, on a router's `-i any` they do. Without an identification
    /// (IPv6, or Linux's 0), bare ACKs of a receiver that misses something are alike too, and don't
    /// count.
    #[inline(always)]
    pub fn knows(&mut self, s: &Segment<'_>, at: Moment) -> bool {
        let own = Print::of(s);
        match self.latest {
            Some((then, latest)) if at.time.nanos_after(then) < AT_ONCE => {
                // Beyond all of them: so nearly every packet is.
                let seq = s.seq.distance(self.seq) > 0;
                // A SYN acknowledges nothing: its number is no measure.
                let ack = s.ack.distance(self.ack) > 0 || latest.is_bare_syn() && s.flags.ack();
                if !seq && !ack && self.is_again(s, own, at.time) {
                    return true;
                }
                self.seq = if seq { s.seq } else { self.seq };
                self.ack = if ack { s.ack } else { self.ack };
                self.keep(then, latest);
            }
            _ => {
                (self.seq, self.ack) = (s.seq, s.ack);
                self.before.clear();
                self.oldest = 0;
            }
        }
        self.latest = Some((at.time, own));
        false
    }

    #[inline(never)]
    fn is_again(&self, s: &Segment<'_>, own: Print, time: Timestamp) -> bool {
        let same = |(then, of): &(Timestamp, Print)| {
            of.rest == own.rest && of.numbers == own.numbers && time.nanos_after(*then) < AT_ONCE
        };
        let known = self.latest.as_ref().is_some_and(same) || self.before.iter().any(same);
        known
            && (s.ip_id.is_some_and(|id| id != 0)
                || s.payload_len > 0
                || s.flags.syn()
                || s.flags.fin())
    }

    #[inline]
    fn keep(&mut self, then: Timestamp, last: Print) {
        if self.before.len() < MOST - 1 {
            self.before.push((then, last));
        } else if let Some(oldest) = self.before.get_mut(usize::from(self.oldest)) {
            *oldest = (then, last);
            self.oldest += 1;
            if usize::from(self.oldest) == MOST - 1 {
                self.oldest = 0;
            }
        }
    }
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
