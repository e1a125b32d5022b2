//! Segments of a connection that are noted down when they come, and taken when somebody asks.
//!
//! Thousands of sessions in turn find nothing of theirs in a cache, packet after packet. What is noted
//! is a few bytes at the end of one block; taken together, a session's segments find it there. Only
//! what comes as it must is noted: the next bytes of its side, nothing lost, nothing twice. So it is
//! known without looking what state that leaves the connection in.

mod record;

use self::record::Record;
use crate::capture::Moment;
use crate::decode::{Endpoint, Segment, Seq, SynOptions};
use crate::pack::{Pack, Packer, Unpacker, packed, packed_enum};
use crate::tcp::ConnectionState;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
/// The bits that matter here: of the others, PSH and those of congestion (RFC 3168), any may be set.
const TELLING: u8 = 0x37;

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

/// One side of the connection.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Sequence number of the first segment that is noted.
    began: Seq,
    /// Of the next one.
    next: Seq,
    options: SynOptions,
    fin: bool,
}

/// Up to `MOST` segments of a connection, with up to `ROOM` bytes of their payload; with 0, none of it is
/// kept.
#[derive(Debug)]
pub(super) struct Backlog<const MOST: usize, const ROOM: usize> {
    stage: Stage,
    /// The initiator and the responder.
    ends: [Endpoint; 2],
    sides: [Side; 2],
    /// The packet before the first one noted, or that one itself if it is the SYN.
    base: Moment,
    /// The latest one noted.
    last: Moment,
    records: Vec<Record>,
    text: Vec<u8>,
}

impl<const MOST: usize, const ROOM: usize> Default for Backlog<MOST, ROOM> {
    fn default() -> Self {
        let nowhere = Endpoint { ip: std::net::Ipv4Addr::UNSPECIFIED.into(), port: 0 };
        Self {
            stage: Stage::Closed,
            ends: [nowhere; 2],
            sides: [Side::default(); 2],
            base: Moment::default(),
            last: Moment::default(),
            records: Vec::new(),
            text: Vec::new(),
        }
    }
}

impl<const MOST: usize, const ROOM: usize> Backlog<MOST, ROOM> {
    /// Of a connection that this SYN dials; `None` of any other segment.
    pub fn dialled(s: &Segment<'_>, at: Moment) -> Option<Self> {
        if s.flags.0 & TELLING != SYN || s.payload_len > 0 {
            return None;
        }
        let mut new = Self {
            stage: Stage::Dialled,
            ends: [s.src, s.dst],
            base: at,
            last: at,
            ..Self::default()
        };
        new.sides[0].began = s.seq;
        new.sides[0].options = s.syn_options;
        new.sides[0].next = s.seq;
        new.write(0, s, at);
        Some(new)
    }

    /// From now on, segments may be noted of a connection that stands: `next` are its initiator's and its
    /// responder's next sequence numbers, `last` its latest packet.
    pub fn resume(&mut self, ends: [Endpoint; 2], next: [Seq; 2], last: Moment) {
        self.stage = Stage::Open;
        self.records.clear();
        self.text.clear();
        self.ends = ends;
        self.sides = next.map(|next| Side { began: next, next, ..Side::default() });
        (self.base, self.last) = (last, last);
    }

    /// What was noted has been taken; nothing more may be noted.
    pub fn close(&mut self) {
        self.stage = Stage::Closed;
        self.records.clear();
        self.text.clear();
    }

    /// Something may be noted.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.stage != Stage::Closed
    }

    /// Nothing is noted.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
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
        match (self.stage, self.sides[0].fin, self.sides[1].fin) {
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
        self.sides[0].fin && self.sides[1].fin
    }

    /// Whether a segment is what comes next, and there is room for it: then [`Backlog::note`] it.
    #[inline]
    pub fn fits(&self, s: &Segment<'_>, at: Moment) -> bool {
        let from = usize::from(s.src != self.ends[0]);
        let (Some(own), Some(other)) = (self.sides.get(from), self.sides.get(1 - from)) else {
            return false;
        };
        let flags = s.flags.0 & TELLING;
        let in_turn = match self.stage {
            Stage::Open => {
                flags & !FIN == ACK
                    && s.seq == own.next
                    && !(own.fin && (s.payload_len > 0 || flags & FIN != 0))
            }
            Stage::Dialled => {
                from == 1 && flags == SYN | ACK && s.payload_len == 0 && s.ack == other.next
            }
            Stage::Answered => {
                from == 0 && flags == ACK && s.seq == own.next && s.ack == other.next
            }
            Stage::Closed => false,
        };
        in_turn
            && self.records.len() < MOST
            && (ROOM == 0 || self.text.len() + s.payload.len() <= ROOM)
            && record::fits(s, at, self.last)
    }

    /// Notes a segment that [`Backlog::fits`].
    #[inline]
    pub fn note(&mut self, s: &Segment<'_>, at: Moment) {
        let from = usize::from(s.src != self.ends[0]);
        if self.stage != Stage::Open {
            self.shake_hands(from, s);
        }
        self.write(from, s, at);
    }

    fn shake_hands(&mut self, from: usize, s: &Segment<'_>) {
        self.stage = if self.stage == Stage::Dialled { Stage::Answered } else { Stage::Open };
        if let Some(own) = self.sides.get_mut(from).filter(|_| s.flags.syn()) {
            *own = Side { began: s.seq, next: s.seq, options: s.syn_options, fin: false };
        }
    }

    #[inline]
    fn write(&mut self, from: usize, s: &Segment<'_>, at: Moment) {
        if self.records.capacity() == 0 {
            self.make_room();
        }
        self.records.push(Record::of(s, at, self.last, from));
        if ROOM > 0 {
            self.text.extend_from_slice(s.payload);
        }
        if let Some(own) = self.sides.get_mut(from) {
            own.next = own.next.plus(record::length(s.flags, s.payload_len));
            own.fin |= s.flags.fin();
        }
        self.last = at;
    }

    #[cold]
    fn make_room(&mut self) {
        self.records.reserve_exact(MOST);
        self.text.reserve_exact(ROOM);
    }

    /// Hands on each segment that is noted, as it came; payload that was not kept is zeros.
    #[inline]
    pub fn each(&self, mut take: impl FnMut(&Segment<'_>, Moment)) {
        let mut next = self.sides.map(|side| side.began);
        let (mut text, mut at) = (self.text.as_slice(), self.base);
        for record in &self.records {
            let from = record.from();
            let (Some(next), Some(side)) = (next.get_mut(from), self.sides.get(from)) else {
                return;
            };
            let kept = if ROOM == 0 { &mut &UNKEPT[..] } else { &mut text };
            let payload = kept.split_off(..record.payload_len()).unwrap_or_default();
            let segment = record.segment(self.ends, *next, side.options, payload);
            *next = next.plus(record.length());
            at = record.moment(at);
            take(&segment, at);
        }
    }
}

/// Stands for payload that is not kept.
static UNKEPT: [u8; 65_535] = [0; 65_535];

packed_enum!(Stage { 0 => Closed, 1 => Dialled, 2 => Answered, 3 => Open });

packed!(Side { began, next, options, fin });

impl<const MOST: usize, const ROOM: usize> Pack for Backlog<MOST, ROOM> {
    fn pack(&self, to: &mut Packer) {
        let Self { stage, ends, sides, base, last, records, text } = self;
        stage.pack(to);
        if *stage == Stage::Closed {
            return;
        }
        for (end, side) in ends.iter().zip(sides) {
            end.pack(to);
            side.pack(to);
        }
        (*base, *last).pack(to);
        record::pack(records, sides.map(|side| side.began), to);
        to.blob(text);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let mut new = Self { stage: Pack::unpack(from)?, ..Self::default() };
        if new.stage == Stage::Closed {
            return Some(new);
        }
        for (end, side) in new.ends.iter_mut().zip(&mut new.sides) {
            (*end, *side) = Pack::unpack(from)?;
        }
        (new.base, new.last) = Pack::unpack(from)?;
        let began = new.sides.map(|side| side.began);
        new.records = record::unpack(began, from)?;
        new.text = from.blob()?.to_vec();
        Some(new)
    }
}
