//! Segments of a connection that are noted down when they come, and taken when somebody asks.
//!
//! Thousands of sessions in turn find nothing of theirs in a cache, packet after packet. What is noted
//! is a few bytes at the end of one block; taken together, a session's segments find it there. Only
//! what comes as it must is noted: the next bytes of its side, nothing lost, nothing twice. So it is
//! known without looking what state that leaves the connection in.

mod record;
mod resting;
mod taking;

use std::net::{IpAddr, Ipv4Addr};
use std::slice::from_ref;

use prefetch_index::prefetch_index;

use self::record::{Expected, LONGEST, Record};
pub(super) use self::taking::Taking;
use crate::capture::Moment;
use crate::decode::{Endpoint, Flags, Segment, Seq, SynOptions};
use crate::tcp::ConnectionState;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
/// The bits that matter here: of the others, PSH and those of congestion (RFC 3168), any may be set.
const TELLING: u8 = 0x37;

const NOWHERE: Endpoint = Endpoint { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port: 0 };

/// What the next segment may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing may be noted.
    #[default]
    Closed,
    /// The SYN-ACK.
    Dialled,
    /// The ACK of the SYN-ACK.
    Answered,
    /// Anything in order.
    Open,
}

/// Segments of a connection, in up to `ROOM` bytes: with their payload if `TEXT`.
// In the order of C: what each segment asks for comes first, in two cache lines.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Backlog<const ROOM: usize, const TEXT: bool> {
    /// The latest one noted.
    last: Moment,
    /// What each side's next segment is expected to say.
    next: [Expected; 2],
    stage: Stage,
    /// Who has sent a FIN.
    fins: [bool; 2],
    used: u16,
    /// The initiator and the responder.
    ends: [Endpoint; 2],
    /// The packet before the first one noted, or that one itself if it is the SYN.
    base: Moment,
    /// Sequence number of each side's first segment.
    began: [Seq; 2],
    options: [SynOptions; 2],
    /// Records, each with its payload behind it.
    bytes: [u8; ROOM],
}

impl<const ROOM: usize, const TEXT: bool> Default for Backlog<ROOM, TEXT> {
    // Inlined, so that the bytes are zeroed where they will stand.
    #[inline(always)]
    fn default() -> Self {
        Self {
            last: Moment::default(),
            next: [Expected::default(); 2],
            stage: Stage::Closed,
            fins: [false; 2],
            used: 0,
            ends: [NOWHERE; 2],
            base: Moment::default(),
            began: [Seq(0); 2],
            options: [SynOptions::default(); 2],
            bytes: [0; ROOM],
        }
    }
}

impl<const ROOM: usize, const TEXT: bool> Backlog<ROOM, TEXT> {
    /// A connection can be noted from this segment on: a SYN that dials it.
    #[inline]
    pub fn begins(s: &Segment<'_>) -> bool {
        s.flags.0 & TELLING == SYN && s.payload_len == 0
    }

    /// Notes, where nothing is noted yet, a SYN that [`Backlog::begins`] a connection. Notes are filled
    /// where they stand: they are large.
    pub fn dial(&mut self, s: &Segment<'_>, at: Moment) {
        self.last = at;
        self.stage = Stage::Dialled;
        self.ends = [s.src, s.dst];
        self.base = at;
        self.began[0] = s.seq;
        self.next[0] = s.seq.into();
        self.options[0] = s.syn_options;
        self.write(0, s, at);
    }

    /// From now on, segments may be noted of a connection that stands: `next` are its initiator's and its
    /// responder's next sequence numbers, `last` its latest packet.
    pub fn resume(&mut self, ends: [Endpoint; 2], next: [Seq; 2], last: Moment) {
        self.stage = Stage::Open;
        self.ends = ends;
        (self.began, self.next) = (next, next.map(Expected::from));
        self.fins = [false; 2];
        (self.base, self.last) = (last, last);
    }

    /// What was noted has been taken; nothing more may be noted.
    pub fn close(&mut self) {
        self.stage = Stage::Closed;
        self.used = 0;
    }

    /// Something may be noted.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.stage != Stage::Closed
    }

    /// Nothing is noted.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Who dialled, and who was dialled.
    pub fn ends(&self) -> [Endpoint; 2] {
        self.ends
    }

    /// The SYN, when the connection was dialled here.
    pub fn first(&self) -> Moment {
        self.base
    }

    /// The latest packet.
    pub fn last(&self) -> Moment {
        self.last
    }

    /// How far the connection came, as [`crate::tcp::Connection::state`] has it.
    pub fn state(&self) -> ConnectionState {
        match (self.stage, self.fins[0], self.fins[1]) {
            (Stage::Dialled, ..) => ConnectionState::Unanswered,
            (Stage::Answered, ..) => ConnectionState::HandshakeIncomplete,
            (_, true, true) => ConnectionState::Closed,
            (_, false, false) => ConnectionState::Established,
            _ => ConnectionState::HalfClosed,
        }
    }

    /// The handshake was completed.
    pub fn worked(&self) -> bool {
        !matches!(self.stage, Stage::Dialled | Stage::Answered)
    }

    /// Both sides have sent their FIN.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.fins[0] && self.fins[1]
    }

    /// Reads all that noting the next segment asks for.
    #[inline]
    pub fn read(&self) -> usize {
        let place = usize::from(self.used);
        let byte = |at: usize| usize::from(self.bytes.get(at).copied().unwrap_or_default());
        byte(place) ^ byte(place + 64) ^ self.last.order as usize ^ self.ends[1].port as usize
    }

    /// Begins to fetch what noting the next segment asks for first.
    #[inline(always)]
    pub fn fetch(&self) {
        prefetch_index(from_ref(&self.last), 0);
        prefetch_index(from_ref(&self.ends), 0);
    }

    /// Begins to fetch where the next segment will be noted.
    #[inline(always)]
    pub fn fetch_rest(&self) {
        let place = usize::from(self.used);
        prefetch_index(self.bytes.as_slice(), place);
        prefetch_index(self.bytes.as_slice(), place + 64);
    }

    /// Who sent a segment that is what comes next, if it is that and there is room for it: then
    /// [`Backlog::note`] it. 0 is the initiator, 1 the responder.
    #[inline(always)]
    pub fn fits(&self, s: &Segment<'_>, at: Moment) -> Option<usize> {
        let [initiator, responder] = &self.ends;
        let (from, own, other, fin) = if s.is_from(initiator, responder) {
            (0, self.next[0].seq, self.next[1].seq, self.fins[0])
        } else {
            (1, self.next[1].seq, self.next[0].seq, self.fins[1])
        };
        let flags = s.flags.0 & TELLING;
        let in_turn = match self.stage {
            Stage::Open => {
                flags & !FIN == ACK
                    && s.seq == own
                    && !(fin && (s.payload_len > 0 || flags & FIN != 0))
            }
            Stage::Dialled => {
                from == 1 && flags == SYN | ACK && s.payload_len == 0 && s.ack == other
            }
            Stage::Answered => from == 0 && flags == ACK && s.seq == own && s.ack == other,
            Stage::Closed => false,
        };
        let kept = if TEXT { s.payload.len() } else { 0 };
        let fits = in_turn
            && usize::from(self.used) + LONGEST + kept <= ROOM
            && record::fits(s, at, self.last);
        fits.then_some(from)
    }

    /// Notes a segment that [`Backlog::fits`], by who sent it.
    #[inline(always)]
    pub fn note(&mut self, from: usize, s: &Segment<'_>, at: Moment) {
        if self.stage != Stage::Open {
            self.shake_hands(from, s);
        }
        self.write(from, s, at);
    }

    fn shake_hands(&mut self, from: usize, s: &Segment<'_>) {
        self.stage = if self.stage == Stage::Dialled { Stage::Answered } else { Stage::Open };
        if from == 1 {
            (self.began[1], self.next[1], self.options[1]) = (s.seq, s.seq.into(), s.syn_options);
        }
    }

    #[inline(always)]
    fn write(&mut self, from: usize, s: &Segment<'_>, at: Moment) {
        let rest = self.bytes.get_mut(usize::from(self.used)..).unwrap_or_default();
        let mut len = record::write(s, (at, self.last), from, &mut self.next, rest);
        if TEXT
            && s.payload_len > 0
            && let Some(place) = rest.get_mut(len..len + s.payload.len())
        {
            place.copy_from_slice(s.payload);
            len += s.payload.len();
        }
        self.used += len as u16;
        self.fins[from & 1] |= s.flags.fin();
        self.last = at;
    }

    fn noted(&self) -> &[u8] {
        self.bytes.get(..self.used.into()).unwrap_or_default()
    }

    /// Hands on each segment that is noted, as it came, with who sent it: 0 for the initiator, 1 for the
    /// responder. Payload that was not kept is zeros.
    #[inline(always)]
    pub fn each(&self, mut take: impl FnMut(usize, &Segment<'_>, Moment)) {
        let mut sides = self.began.map(Expected::from);
        let [initiator, responder] = self.ends;
        let ends = [(initiator, responder), (responder, initiator)];
        let mut segments = ends.map(|(src, dst)| Segment { src, dst, ..BLANK });
        let (mut noted, mut at) = (self.noted(), self.base);
        while let Some(record) = Record::next(&mut noted, &mut sides) {
            let kept = if TEXT { &mut noted } else { &mut &UNKEPT[..] };
            let segment = &mut segments[record.from];
            record.make(segment);
            segment.payload = kept.split_off(..record.payload_len.into()).unwrap_or_default();
            segment.syn_options = match segment.flags.syn() {
                true => self.options[record.from],
                false => SynOptions::default(),
            };
            at = record.moment(at);
            take(record.from, segment, at);
        }
    }
}

/// No segment of anybody.
const BLANK: Segment<'_> = Segment {
    src: NOWHERE,
    dst: NOWHERE,
    seq: Seq(0),
    ack: Seq(0),
    flags: Flags(0),
    window: 0,
    ttl: 0,
    ip_id: None,
    checksum: 0,
    syn_options: SynOptions { mss: None, window_scale: None, sack: false },
    payload: &[],
    payload_len: 0,
};

/// Stands for payload that is not kept.
static UNKEPT: [u8; 65_535] = [0; 65_535];

#[cfg(test)]
mod tests;
