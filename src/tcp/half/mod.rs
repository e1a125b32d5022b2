//! One direction of a TCP connection.

mod sent;
mod steady;

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::prints::Prints;
use super::{Coverage, Numbering, Rare, Shift, Windows};
use crate::capture::Moment;
use crate::decode::{Seq, SynOptions};
use crate::pack::packed;

/// Offsets start here, so that bytes from before the first packet captured have offsets too.
const ORIGIN: u64 = 1 << 32;
/// Sequence numbers further ahead than this are damage, or another connection's.
const MOST_AHEAD: u64 = 1 << 30;

/// What one side of a connection sent.
#[derive(Clone, Debug, Default)]
pub struct Half {
    /// Its latest packet of any kind.
    pub last_packet: Option<Moment>,
    /// Packets captured, duplicates of the capture not counted.
    pub packets: u64,
    /// Its first SYN or SYN-ACK.
    pub syn: Option<Moment>,
    /// Its latest SYN or SYN-ACK.
    pub last_syn: Option<Moment>,
    /// How many SYNs or SYN-ACKs.
    pub syns: u32,
    /// Initial sequence number, from the SYN.
    pub isn: Option<Seq>,
    /// Options of the SYN.
    pub syn_options: SynOptions,
    /// TTL or hop limit of its first packet that was no RST.
    pub ttl: Option<u8>,
    /// It was seen with more than one TTL on packets that were no RST.
    pub ttl_varies: bool,
    /// First packet with payload.
    pub first_byte: Option<Moment>,
    /// Latest packet with payload not seen before.
    pub last_byte: Option<Moment>,
    /// Longest time without new payload between two packets with new payload: from, to.
    pub longest_pause: Option<(Moment, Moment)>,
    /// First FIN.
    pub fin: Option<Moment>,
    /// Offset of the FIN.
    pub fin_offset: Option<u64>,
    /// How long a round trip takes, as the handshake shows it.
    pub round_trip: Option<Duration>,
    /// The windows it advertised, and how it filled the other side's.
    pub windows: Windows,
    /// Largest payload of a segment.
    pub max_payload: u32,
    /// Largest payload of a segment that was acknowledged.
    pub largest_acked: u32,
    /// Packets cut by the snap length.
    pub cut: u64,
    /// Highest offset that the other side acknowledged.
    pub acked: Option<u64>,
    /// When it was last acknowledged further.
    pub acked_at: Option<Moment>,
    /// Its sequence numbers no longer fit its bytes.
    pub shift: Option<Box<Shift>>,
    /// How its packets are numbered.
    pub numbering: Numbering,
    /// What was captured.
    pub coverage: Coverage,
    base: Option<Seq>,
    highest: u64,
    /// Offset and time of the oldest bytes in flight, where they are known.
    in_flight: Option<(u64, Moment)>,
    /// End and length of a segment larger than all that were acknowledged so far.
    larger: Option<(u64, u32)>,
    pub(super) prints: Prints,
    rare: Option<Box<Rare>>,
}

impl Deref for Half {
    type Target = Rare;

    fn deref(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(Rare::none())
    }
}

impl DerefMut for Half {
    fn deref_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_with(|| Box::new(Rare::NONE))
    }
}

/// What a segment's payload was to its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// It had none, or the capture saw the packet twice.
    None,
    /// New bytes, at least some of them, from this stream offset on.
    New(u64),
    /// From this offset on, all of which had been captured before.
    Again(u64),
}

impl Half {
    /// Stream offset of a sequence number: the byte after the SYN has offset 2^32.
    pub fn offset(&self, seq: Seq) -> Option<u64> {
        let base = self.base?;
        // Measured from the highest offset so far, so that a transfer may wrap many times.
        let highest_seq = base.plus((self.highest - ORIGIN) as u32);
        self.highest.checked_add_signed(i64::from(seq.distance(highest_seq)))
    }

    /// Payload bytes captured, each once.
    pub fn bytes(&self) -> u64 {
        self.coverage.bytes()
    }

    /// It has sent a FIN or an RST.
    #[inline]
    pub(in crate::tcp) fn is_marked(&self) -> bool {
        self.fin.is_some() || self.rare.as_ref().is_some_and(|r| r.rst.is_some())
    }

    /// Where this side's stream begins, if its SYN was seen (or implied by the other's SYN-ACK).
    pub fn stream_start(&self) -> Option<u64> {
        self.isn.map(|_| ORIGIN)
    }

    /// The sequence number of what it says next, when all that it has said was captured in order and its
    /// stream was handed on up to `position`. `None` when that isn't so, or it has sent its FIN.
    pub fn next_in_order(&self, position: Option<u64>) -> Option<Seq> {
        let base = self.base.filter(|_| self.fin.is_none())?;
        let next = match (position, self.coverage.end()) {
            (Some(position), Some(end)) if position == end => end,
            (None, None) if self.isn.is_some_and(|isn| isn.plus(1) == base) => ORIGIN,
            _ => return None,
        };
        Some(base.plus(next.wrapping_sub(ORIGIN) as u32))
    }

    fn proven_end(&self) -> Option<u64> {
        let acked = match (self.acked, self.fin_offset) {
            (Some(a), Some(f)) => Some(a.min(f)),
            (a, _) => a,
        };
        [acked, self.coverage.end(), self.fin_offset].into_iter().flatten().max()
    }

    /// Payload bytes that the sequence numbers prove were sent but aren't in the capture.
    pub fn missing_bytes(&self) -> u64 {
        let Some(end) = self.proven_end() else { return 0 };
        let Some(start) = self.stream_start().or(self.coverage.start()) else { return 0 };
        self.coverage.holes(start, end).map(|h| h.1 - h.0).sum::<u64>() + self.coverage.given_up()
    }

    /// Segments that the other side acknowledged and that were never captured, at least.
    pub fn missing_segments(&self) -> u64 {
        let Some(start) = self.stream_start().or(self.coverage.start()) else { return 0 };
        let Some(acked) = self.acked else { return 0 };
        let end = self.fin_offset.map_or(acked, |f| f.min(acked));
        if self.coverage.has_all(start, end) {
            return 0;
        }
        let size = u64::from(self.max_payload.max(536));
        let given_up = self.coverage.given_up().div_ceil(size);
        self.coverage.holes(start, end).map(|h| (h.1 - h.0).div_ceil(size)).sum::<u64>() + given_up
    }

    /// The other side acknowledged bytes (or a FIN) that were never captured.
    pub fn acked_unseen(&self) -> bool {
        self.missing_segments() > 0
    }

    /// Everything this side sent, and its FIN if it sent one, was acknowledged.
    pub fn all_acknowledged(&self) -> bool {
        let end = self.fin_offset.map(|f| f + 1).or(self.coverage.end());
        end.is_none_or(|end| self.acked.is_some_and(|a| a >= end))
    }

    /// Time of zero window up to `now`, the open span included.
    pub fn zero_window_total(&self, now: Moment) -> Duration {
        let open = self.zero_window.since.map_or(Duration::ZERO, |s| now.time.since(s.time));
        self.zero_window.total + open
    }
}

packed!(Half {
    syn,
    last_syn,
    syns,
    isn,
    syn_options,
    ttl,
    ttl_varies,
    base,
    first_byte,
    longest_pause,
    last_byte,
    in_flight,
    acked_at,
    fin,
    fin_offset,
    round_trip,
    windows,
    packets,
    max_payload,
    largest_acked,
    cut,
    acked,
    coverage,
    highest,
    larger,
    last_packet,
    prints,
    shift,
    numbering,
    rare,
});
