//! Segments of a connection that are noted down when they come, and taken when somebody asks.
//!
//! Thousands of sessions in turn find nothing of theirs in a cache, packet after packet. What is noted
//! is a few bytes at the end of one block; taken together, a session's segments find it there. Only
//! what comes as it must is noted: the next bytes of its side, nothing lost, nothing twice. So it is
//! known without looking what state that leaves the connection in.

mod record;

use self::record::{LONGEST, Reader, Record, Speech};
use crate::capture::Moment;
use crate::decode::{Endpoint, Flags, Segment, Seq, SynOptions};
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

/// One side of the connection: where it stood before what is noted, and where it stands now.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Sequence number of the first segment that is noted.
    began: Seq,
    options: SynOptions,
    now: Speech,
    fin: bool,
}

/// Segments of a connection, in up to `ROOM` bytes; with their payload if `TEXT`, else with its length.
#[derive(Debug)]
pub(super) struct Backlog<const ROOM: usize, const TEXT: bool> {
    stage: Stage,
    used: u16,
    /// The initiator and the responder.
    ends: [Endpoint; 2],
    sides: [Side; 2],
    /// The packet before the first one noted, or that one itself if it is the SYN.
    base: Moment,
    /// The latest one noted.
    last: Moment,
    bytes: [u8; ROOM],
}

impl<const ROOM: usize, const TEXT: bool> Default for Backlog<ROOM, TEXT> {
    fn default() -> Self {
        let nowhere = Endpoint { ip: std::net::Ipv4Addr::UNSPECIFIED.into(), port: 0 };
        Self {
            stage: Stage::Closed,
            used: 0,
            ends: [nowhere; 2],
            sides: [Side::default(); 2],
            base: Moment::default(),
            last: Moment::default(),
            bytes: [0; ROOM],
        }
    }
}

impl<const ROOM: usize, const TEXT: bool> Backlog<ROOM, TEXT> {
    /// Of a connection that this SYN dials; `None` of any other segment.
    pub fn dialled(s: &Segment<'_>, at: Moment) -> Option<Self> {
        if s.flags.0 & TELLING != SYN || s.payload_len > 0 {
            return None;
        }
        let mut new = Self {
            stage: Stage::Open,
            ends: [s.src, s.dst],
            base: at,
            last: at,
            ..Self::default()
        };
        new.sides[0].began = s.seq;
        new.sides[0].now.next = s.seq;
        new.sides[0].options = s.syn_options;
        new.write(0, s, at);
        new.stage = Stage::Dialled;
        Some(new)
    }

    /// From now on, segments may be noted of a connection that stands: `next` are its initiator's and its
    /// responder's next sequence numbers, `last` its latest packet.
    pub fn resume(&mut self, ends: [Endpoint; 2], next: [Seq; 2], last: Moment) {
        self.stage = Stage::Open;
        self.used = 0;
        self.ends = ends;
        self.sides =
            next.map(|next| Side { began: next, now: Speech::from(next), ..Side::default() });
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
                    && s.seq == own.now.next
                    && !(own.fin && (s.payload_len > 0 || flags & FIN != 0))
            }
            Stage::Dialled => {
                from == 1 && flags == SYN | ACK && s.payload_len == 0 && s.ack == other.now.next
            }
            Stage::Answered => {
                from == 0 && flags == ACK && s.seq == own.now.next && s.ack == other.now.next
            }
            Stage::Closed => false,
        };
        let captured = s.payload.len();
        let kept = if TEXT { captured } else { 0 };
        in_turn
            && usize::from(self.used) + LONGEST + kept <= ROOM
            && s.payload_len <= u32::from(u16::MAX)
            && captured as u64 <= u64::from(s.payload_len)
            && at.time >= self.last.time
            && at.order > self.last.order
            && at.frame.file == self.last.frame.file
            && u64::from(at.frame.number.wrapping_sub(self.last.frame.number))
                == at.order - self.last.order
    }

    /// Notes a segment that [`Backlog::fits`].
    #[inline]
    pub fn note(&mut self, s: &Segment<'_>, at: Moment) {
        let from = usize::from(s.src != self.ends[0]);
        match self.stage {
            Stage::Dialled => {
                if let Some(own) = self.sides.get_mut(from) {
                    own.began = s.seq;
                    own.now.next = s.seq;
                    own.options = s.syn_options;
                }
                self.stage = Stage::Answered;
            }
            Stage::Answered => self.stage = Stage::Open,
            Stage::Open | Stage::Closed => {}
        }
        self.write(from, s, at);
    }

    #[inline]
    fn write(&mut self, from: usize, s: &Segment<'_>, at: Moment) {
        let acked = self.sides.get(1 - from).map_or(Seq(0), |other| other.now.next);
        let Some(own) = self.sides.get_mut(from) else { return };
        let record = Record { from, s, since: self.last, at, acked };
        let rest = self.bytes.get_mut(usize::from(self.used)..).unwrap_or_default();
        let mut len = record.write(&mut own.now, rest);
        if TEXT && let Some(place) = rest.get_mut(len..len + s.payload.len()) {
            place.copy_from_slice(s.payload);
            len += s.payload.len();
        }
        own.fin |= s.flags.fin();
        self.used += len as u16;
        self.last = at;
    }

    /// Hands on each segment that is noted, as it came.
    pub fn each(&self, mut take: impl FnMut(&Segment<'_>, Moment)) {
        let mut sides = self.sides.map(|side| Speech::from(side.began));
        let noted = self.bytes.get(..usize::from(self.used)).unwrap_or_default();
        let mut reader = Reader { rest: noted, at: self.base };
        while let Some(read) = reader.next::<TEXT>(&mut sides) {
            let [initiator, responder] = self.ends;
            let (src, dst) =
                if read.from == 0 { (initiator, responder) } else { (responder, initiator) };
            let options = self.sides.get(read.from).filter(|_| read.flags & SYN != 0);
            let segment = Segment {
                src,
                dst,
                seq: read.seq,
                ack: read.ack,
                flags: Flags(read.flags),
                window: read.window,
                ttl: read.ttl,
                ip_id: read.ip_id,
                payload: read.payload,
                payload_len: read.payload_len,
                checksum: read.checksum,
                syn_options: options.map(|side| side.options).unwrap_or_default(),
            };
            take(&segment, reader.at);
        }
    }
}

packed_enum!(Stage { 0 => Closed, 1 => Dialled, 2 => Answered, 3 => Open });

packed!(Side { began, options, now, fin });

impl<const ROOM: usize, const TEXT: bool> Pack for Backlog<ROOM, TEXT> {
    fn pack(&self, to: &mut Packer) {
        let Self { stage, used, ends, sides, base, last, bytes } = self;
        stage.pack(to);
        if *stage == Stage::Closed {
            return;
        }
        for (end, side) in ends.iter().zip(sides) {
            end.pack(to);
            side.pack(to);
        }
        (*base, *last).pack(to);
        to.blob(bytes.get(..usize::from(*used)).unwrap_or_default());
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
        let noted = from.blob()?;
        new.bytes.get_mut(..noted.len())?.copy_from_slice(noted);
        new.used = u16::try_from(noted.len()).ok()?;
        Some(new)
    }
}
