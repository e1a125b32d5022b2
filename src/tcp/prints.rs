//! Telling a packet that the capture saw twice from one that was sent twice.

use crate::capture::{Moment, Timestamp};
use crate::decode::{Segment, Seq};
use crate::pack::packed;

/// Twice within so many nanoseconds is the capture's doing.
pub(super) const AT_ONCE: u64 = 1_000_000;
/// Two mirrored ports deliver a burst in any order; of a longer one only the end is known.
const MOST: usize = 32;

/// What two copies of a packet have in common, whatever a router between them changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    /// Sequence and acknowledgment number.
    numbers: u64,
    /// IP identification if there is one, checksum, flags.
    pub(super) rest: u64,
}

impl Print {
    #[inline]
    pub(super) fn of(s: &Segment<'_>) -> Self {
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

    /// Two with the same print are the same packet. Without an identification (IPv6, or Linux's 0), bare
    /// ACKs of a receiver that misses something are alike too.
    #[inline]
    pub(super) fn tells(s: &Segment<'_>) -> bool {
        s.ip_id.is_some_and(|id| id != 0) || s.payload_len > 0 || s.flags.syn() || s.flags.fin()
    }
}

/// One direction's packets of the last millisecond, to know them again.
// What every packet asks for comes first, and each is written once: there are many.
#[derive(Clone, Default)]
pub(super) struct Prints {
    /// The latest packet's time.
    time: Timestamp,
    /// The highest sequence and acknowledgment number of all of these.
    seq: Seq,
    ack: Seq,
    /// The latest is a SYN that acknowledges nothing.
    is_bare_syn: bool,
    /// Where the oldest one stands in a full ring.
    oldest: u8,
    /// The only one, of which there may be none; slow connections have no more.
    only: Option<Print>,
    /// All of them, if there are several; a ring once it is full.
    several: Vec<(Timestamp, Print)>,
}

impl Prints {
    /// The same packet again, within a millisecond; else it is kept.
    ///
    /// TTL and IP checksum may differ, on a router's `-i any` they do.
    #[inline(always)]
    pub fn knows(&mut self, s: &Segment<'_>, at: Moment) -> bool {
        let own = Print::of(s);
        if at.time.nanos_after(self.time) < AT_ONCE && self.has_any() {
            // Beyond all of them: so nearly every packet is.
            let seq = s.seq.distance(self.seq) > 0;
            // A SYN acknowledges nothing: its number is no measure.
            let ack = s.ack.distance(self.ack) > 0 || self.is_bare_syn && s.flags.ack();
            if !seq && !ack && self.is_again(own, Print::tells(s), at.time) {
                return true;
            }
            self.seq = if seq { s.seq } else { self.seq };
            self.ack = if ack { s.ack } else { self.ack };
            self.keep(at.time, own);
        } else {
            self.begin(s, own);
        }
        self.time = at.time;
        self.is_bare_syn = own.is_bare_syn();
        false
    }

    #[inline(always)]
    fn has_any(&self) -> bool {
        !self.several.is_empty() || self.only.is_some()
    }

    /// A first one, after a pause.
    #[inline]
    fn begin(&mut self, s: &Segment<'_>, own: Print) {
        (self.seq, self.ack) = (s.seq, s.ack);
        self.only = Some(own);
        self.several.clear();
        self.oldest = 0;
    }

    #[inline(never)]
    fn is_again(&self, own: Print, tells: bool, time: Timestamp) -> bool {
        let same = |then: Timestamp, of: &Print| {
            of.rest == own.rest && of.numbers == own.numbers && time.nanos_after(then) < AT_ONCE
        };
        let known = match &self.several[..] {
            [] => self.only.is_some_and(|only| same(self.time, &only)),
            several => several.iter().any(|(then, of)| same(*then, of)),
        };
        known && tells
    }

    // In parts, in registers: a pair that was just put together in memory is slow to be moved as a whole.
    #[inline(always)]
    fn keep(&mut self, time: Timestamp, print: Print) {
        if self.several.len() == MOST
            && let Some((then, oldest)) = self.several.get_mut(usize::from(self.oldest))
        {
            *then = time;
            *oldest = print;
            self.oldest = (self.oldest + 1) % MOST as u8;
        } else {
            self.grow(time, print);
        }
    }

    #[inline(never)]
    fn grow(&mut self, time: Timestamp, print: Print) {
        if let Some(only) = self.only.filter(|_| self.several.is_empty()) {
            self.several.push((self.time, only));
        }
        self.several.push((time, print));
    }
}

impl std::fmt::Debug for Prints {
    // No fact of the connection, and gone after a millisecond.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prints")
    }
}

packed!(Print { numbers, rest });
// Whoever rests has been quiet for longer than they are needed, but for clocks that step back.
packed!(Prints { time, seq, ack, is_bare_syn, oldest, only, several });

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::decode::{Endpoint, Flags, SynOptions};
    use crate::pack::Packer;

    /// The packets since the last pause, at most [`MOST`] of them: what the ring is held against.
    #[derive(Default)]
    struct Plain {
        all: VecDeque<(Timestamp, Print, Seq, Seq)>,
        seq: Seq,
        ack: Seq,
    }

    impl Plain {
        fn knows(&mut self, s: &Segment<'_>, time: Timestamp) -> bool {
            let own = Print::of(s);
            if self.all.back().is_none_or(|last| time.nanos_after(last.0) >= AT_ONCE) {
                self.all.clear();
                (self.seq, self.ack) = (s.seq, s.ack);
            }
            let after_syn = self.all.back().is_some_and(|last| last.1.is_bare_syn());
            let further = s.seq.distance(self.seq) > 0
                || s.ack.distance(self.ack) > 0
                || after_syn && s.flags.ack();
            let same = |of: &(Timestamp, Print, Seq, Seq)| {
                time.nanos_after(of.0) < AT_ONCE
                    && (of.1.numbers, of.1.rest) == (own.numbers, own.rest)
            };
            let counts = s.ip_id.is_some_and(|id| id != 0)
                || s.payload_len > 0
                || s.flags.syn()
                || s.flags.fin();
            if !further && counts && self.all.iter().any(same) {
                return true;
            }
            if s.seq.distance(self.seq) > 0 {
                self.seq = s.seq;
            }
            if s.ack.distance(self.ack) > 0 || after_syn && s.flags.ack() {
                self.ack = s.ack;
            }
            if self.all.len() == MOST {
                self.all.pop_front();
            }
            self.all.push_back((time, own, s.seq, s.ack));
            false
        }
    }

    fn segment() -> Segment<'static> {
        let end = Endpoint::new(std::net::Ipv4Addr::LOCALHOST.into(), 21);
        Segment {
            src: end,
            dst: end,
            seq: Seq(1),
            ack: Seq(700),
            flags: Flags(0x10),
            window: 1,
            ttl: 64,
            ip_id: Some(1),
            checksum: 7,
            syn_options: SynOptions::default(),
            payload: &[],
            payload_len: 1,
        }
    }

    fn at(nanos: i64) -> Moment {
        Moment { time: Timestamp::from_nanos(nanos), ..Moment::default() }
    }

    #[test]
    fn of_a_burst_the_end_is_known() {
        let mut prints = Prints::default();
        let of = |n: u32| Segment { seq: Seq(n), ..segment() };
        for n in 0..100 {
            assert!(!prints.knows(&of(n), at(i64::from(n) * 1000)), "{n}");
        }
        assert_eq!((0..100).filter(|n| prints.clone().knows(&of(*n), at(100_000))).min(), Some(68));
        assert!(!prints.knows(&of(99), at(2_000_000)));
        assert!(prints.knows(&of(99), at(2_000_001)));
    }

    proptest! {
        #[test]
        fn known_as_in_a_list(
            packets in prop::collection::vec(
                (0..40_u64, 0..12_u32, 0..3_u32, 0..4_u8, 0..3_u16, 0..2_u32), 0..200),
            slow in prop::bool::weighted(0.2),
            rests in prop::collection::btree_set(0..200_usize, 0..4),
        ) {
            let (mut prints, mut plain) = (Prints::default(), Plain::default());
            let (mut nanos, mut base) = (5_000_000_i64, 0);
            let mut packer = Packer::default();
            for (n, (step, seq, ack, flags, id, payload_len)) in packets.into_iter().enumerate() {
                if rests.contains(&n) {
                    let packed = packer.packed(&prints).expect("packed");
                    prints = packer.unpacked(&packed).expect("as it was");
                }
                // Now and then nearly a millisecond, or more than one.
                let step = if slow && step > 30 { step * 30_000 } else { step * 1_000 };
                nanos += step.cast_signed();
                base += u32::from(seq == 11);
                let s = Segment {
                    seq: Seq(base + seq / 4),
                    ack: Seq(if flags == 1 { 0 } else { 700 + ack }),
                    flags: Flags([0x10, 0x02, 0x12, 0x11][usize::from(flags)]),
                    ip_id: id.checked_sub(1),
                    payload_len,
                    ..segment()
                };
                let time = Timestamp::from_nanos(nanos);
                prop_assert_eq!(prints.knows(&s, at(nanos)), plain.knows(&s, time));
            }
        }
    }
}
