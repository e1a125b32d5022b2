//! What happened on a direction of a connection, each with the packet that shows it.

use std::time::Duration;

use crate::capture::Moment;
use crate::decode::Seq;
use crate::pack::packed;

/// An RST as it was seen.
#[derive(Clone, Copy, Debug)]
pub struct Reset {
    /// The packet.
    pub at: Moment,
    /// Its TTL or hop limit, to compare with the host's other packets.
    pub ttl: u8,
    /// Its IPv4 identification.
    pub ip_id: Option<u16>,
    /// RST with ACK (the answer to a SYN, or an abort) or without.
    pub ack: bool,
    /// The connection's latest packet before it.
    pub before: Option<Moment>,
}

/// Bytes or a FIN sent again and again without an acknowledgment.
#[derive(Clone, Copy, Debug)]
pub struct Unanswered {
    /// When they were first sent; where that isn't known, when they were first sent again.
    pub sent: Moment,
    /// When they were first sent again.
    pub first: Moment,
    /// The latest time.
    pub last: Moment,
    /// How many times they were sent again.
    pub times: u32,
    /// Offset of the bytes.
    pub offset: u64,
    /// Length of the largest of these segments, in bytes; 0 for a bare FIN.
    pub len: u32,
    /// Length of the latest one at `offset`: less than `len` when the sender has tried smaller ones.
    pub last_len: u32,
}

/// Something that was sent again until it was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Recovered {
    /// What.
    pub unanswered: Unanswered,
    /// When it was acknowledged.
    pub acked: Moment,
}

impl Recovered {
    /// From the first time it was sent to its acknowledgment.
    pub fn took(&self) -> Duration {
        self.acked.time.since(self.unanswered.sent.time)
    }

    /// From the first time it was sent again to its acknowledgment. What else was in flight took as
    /// long, but was sent again only once the way was open.
    pub fn tried(&self) -> Duration {
        self.acked.time.since(self.unanswered.first.time)
    }
}

/// Keep-alives (RFC 9293, 3.8.4) or probes of a zero window (3.8.6.1) to a side that is silent.
#[derive(Clone, Copy, Debug)]
pub struct Probes {
    /// The first.
    pub first: Moment,
    /// The latest.
    pub last: Moment,
    /// How many.
    pub times: u32,
}

/// Bare ACKs that answer a SYN with the numbers of another connection: the dialled host still holds
/// an older one of the same addresses and ports (RFC 9293, 3.5.1 and 3.6.1).
#[derive(Clone, Copy, Debug)]
pub struct OldAcks {
    /// The first.
    pub first: Moment,
    /// The latest.
    pub last: Moment,
    /// How many.
    pub times: u32,
    /// The first RST by which the dialling host disowned it.
    pub disowned: Option<Moment>,
    /// What the latest one acknowledges.
    pub(super) number: Seq,
}

/// A packet without payload whose sequence number is beyond all payload captured: what lies
/// between was sent, and lost before it came here or missed by the capture.
#[derive(Clone, Copy, Debug)]
pub struct Ahead {
    /// The packet.
    pub at: Moment,
    /// Its offset.
    pub offset: u64,
}

/// How long a side advertised a window of zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZeroWindow {
    /// Spans of zero window, also the open one.
    pub spans: u32,
    /// Time in all closed spans.
    pub total: Duration,
    /// The longest closed span: from, to.
    pub longest: Option<(Moment, Moment)>,
    /// When the span began that hasn't ended.
    pub since: Option<Moment>,
    /// The latest packet that said zero again in the open span.
    pub repeated: Option<Moment>,
    /// How often zero was said again in any span: answers to probes.
    pub repeats: u32,
}

impl ZeroWindow {
    /// No zero window was advertised.
    pub(super) const NONE: Self = Self {
        spans: 0,
        total: Duration::ZERO,
        longest: None,
        since: None,
        repeated: None,
        repeats: 0,
    };

    /// A packet advertises `window`, after scaling or before: only zero matters.
    pub(super) fn advertised(&mut self, window: u16, at: Moment) {
        match (window, self.since) {
            (0, None) => {
                self.since = Some(at);
                self.spans += 1;
            }
            (0, Some(_)) => {
                self.repeated = Some(at);
                self.repeats += 1;
            }
            (_, Some(since)) => {
                let span = at.time.since(since.time);
                self.total += span;
                if self.longest.is_none_or(|(a, b)| span > b.time.since(a.time)) {
                    self.longest = Some((since, at));
                }
                self.since = None;
                self.repeated = None;
            }
            (_, None) => {}
        }
    }
}

packed!(Reset { at, ttl, ip_id, ack, before });
packed!(Unanswered { sent, first, last, times, offset, len, last_len });
packed!(Recovered { unanswered, acked });
packed!(Probes { first, last, times });
packed!(Ahead { at, offset });
packed!(ZeroWindow { spans, total, longest, since, repeated, repeats });
