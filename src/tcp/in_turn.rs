//! A connection whose segments all come in their turn: its handshake, then of each side one byte after
//! the other, up to the FINs. Where segments are taken together, nearly all connections are like that, and
//! most questions need not be asked of them.

use super::prints::{AT_ONCE, Print};
use super::{Connection, Half, Payload};
use crate::capture::{Moment, Timestamp};
use crate::decode::{Segment, Seq};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
/// FIN, SYN, RST and ACK.
const TELLING: u8 = 0x17;

/// Segments in a row with the same numbers that are remembered.
const ALIKE: usize = 4;

/// What comes next.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    Syn,
    SynAck,
    Ack,
    /// Anything in its turn; the shifts by which the two sides' windows are scaled.
    Open([u8; 2]),
}

/// What is remembered of a side.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// The sequence number of what it sends next.
    next: Seq,
    /// Sequence and acknowledgment number of its latest segment.
    seq: Seq,
    ack: Seq,
    /// Its latest segments that all have these numbers: only they can be the same packet twice, for
    /// numbers never go back here.
    alike: [(Timestamp, u64); ALIKE],
    known: usize,
}

impl Side {
    #[inline(always)]
    fn remember(&mut self, s: &Segment<'_>, at: Moment) {
        (self.seq, self.ack, self.known) = (s.seq, s.ack, 1);
        self.alike[0] = (at.time, Print::of(s).rest);
    }
}

/// How far the segments of a connection came.
#[derive(Debug, Default)]
pub struct InTurn {
    stage: Stage,
    /// The initiator and the responder.
    sides: [Side; 2],
}

impl InTurn {
    /// Does all that [`Connection::segment`] does of a segment that comes in its turn, but that its
    /// packets are not remembered, see [`Connection::recall`]. `None`, and nothing is done, of any
    /// other. The connection is one of which nothing was taken but by this; `from` is 0 for what its
    /// initiator sent, 1 for what its responder did.
    #[inline(always)]
    pub fn take(
        &mut self,
        connection: &mut Connection,
        from: usize,
        s: &Segment<'_>,
        at: Moment,
    ) -> Option<Payload> {
        let Stage::Open(scales) = self.stage else {
            return self.shake_hands(connection, from, s, at);
        };
        let Connection { from_initiator, from_responder, .. } = connection;
        let (own, other) = match from {
            0 => (from_initiator, from_responder),
            _ => (from_responder, from_initiator),
        };
        let own_at = from & 1;
        let (side, peer) = (&self.sides[own_at], self.sides[1 - own_at].next);
        let (flags, marked) = (s.flags.0 & TELLING, own.fin.is_some());
        let fin = flags & FIN != 0;
        let behind = s.ack.distance(peer);
        if flags & !FIN != ACK
            || s.window == 0
            || s.seq != side.next
            || marked && (fin || s.payload_len > 0)
            || behind > 0
            || s.ack.distance(side.ack) < 0
        {
            return None;
        }
        let side = &mut self.sides[own_at];
        if s.seq == side.seq && s.ack == side.ack {
            match side.meets(s, at) {
                Meeting::New => {}
                Meeting::Again => {
                    connection.duplicates += 1;
                    return Some(Payload::None);
                }
                Meeting::TooMany => return None,
            }
        } else {
            side.remember(s, at);
        }
        side.next = s.seq.plus(s.payload_len + u32::from(fin));
        connection.last = at;
        let payload = own.sent_in_turn(s, at);
        own.windows.advertise(s.window, scales[own_at]);
        own.fills_window(payload, s, other, at);
        other.acknowledged_in_turn(behind, at);
        Some(payload)
    }

    #[inline(never)]
    fn shake_hands(
        &mut self,
        connection: &mut Connection,
        from: usize,
        s: &Segment<'_>,
        at: Moment,
    ) -> Option<Payload> {
        if s.payload_len > 0 || s.payload.len() as u64 != u64::from(s.payload_len) {
            return None;
        }
        let c = connection;
        let (a, b) = (&mut c.from_initiator, &mut c.from_responder);
        let flags = s.flags.0 & TELLING;
        match (self.stage, from) {
            (Stage::Syn, 0) if flags == SYN && a.packets == 0 && b.packets == 0 => {
                a.dials(s, at);
                self.stage = Stage::SynAck;
            }
            (Stage::SynAck, 1) if flags == SYN | ACK && s.ack == self.sides[0].next => {
                b.dials(s, at);
                b.windows.advertise(s.window, 0);
                a.acknowledged_in_turn(0, at);
                c.syn_to_syn_ack = a.syn.map(|syn| at.time.since(syn.time));
                self.stage = Stage::Ack;
            }
            (Stage::Ack, 0)
                if flags == ACK
                    && s.seq == self.sides[0].next
                    && s.ack == self.sides[1].next
                    && s.window != 0 =>
            {
                a.sent_in_turn(s, at);
                let scales = Half::scales(a, b);
                a.windows.advertise(s.window, scales[0]);
                b.acknowledged_in_turn(0, at);
                c.established = Some(at);
                c.syn_ack_to_ack = b.syn.map(|syn_ack| at.time.since(syn_ack.time));
                let round_trip = c.syn_to_syn_ack.zip(c.syn_ack_to_ack).map(|(a, b)| a + b);
                (a.round_trip, b.round_trip) = (round_trip, round_trip);
                self.stage = Stage::Open(scales);
            }
            _ => return None,
        }
        c.last = at;
        let side = &mut self.sides[from & 1];
        side.next = s.seq.plus(u32::from(s.flags.syn()));
        side.remember(s, at);
        Some(Payload::None)
    }
}

/// What a segment is to those with the same numbers.
enum Meeting {
    New,
    /// One of them, captured twice.
    Again,
    /// There are more than are remembered.
    TooMany,
}

impl Side {
    #[inline(never)]
    fn meets(&mut self, s: &Segment<'_>, at: Moment) -> Meeting {
        let rest = Print::of(s).rest;
        let same = |(then, of): &(Timestamp, u64)| {
            *of == rest && at.time.nanos_after(*then) < AT_ONCE && Print::tells(s)
        };
        let Some(known) = self.alike.get(..self.known) else { return Meeting::TooMany };
        if known.iter().any(same) {
            return Meeting::Again;
        }
        let Some(place) = self.alike.get_mut(self.known) else { return Meeting::TooMany };
        *place = (at.time, rest);
        self.known += 1;
        Meeting::New
    }
}

impl Connection {
    /// Remembers a packet that was taken in its turn, so that it is known when it comes again. To be
    /// called of all of them, in their order, before anything else is taken.
    pub fn recall(&mut self, from: usize, s: &Segment<'_>, at: Moment) {
        let half = if from == 0 { &mut self.from_initiator } else { &mut self.from_responder };
        half.prints.knows(s, at);
    }
}
