//! A TCP connection: both directions, its milestones and its state.

use std::time::Duration;

use super::steady::Steady;
use super::{Half, OldAcks, Payload};
use crate::capture::Moment;
use crate::decode::{Endpoint, IcmpError, Segment};
use crate::pack::packed;

/// An ICMP error about a connection.
#[derive(Clone, Copy, Debug)]
pub struct IcmpSeen {
    /// The packet.
    pub at: Moment,
    /// What it says.
    pub error: IcmpError,
}

/// How far a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// SYN only.
    Unanswered,
    /// RST to the SYN.
    Refused,
    /// ICMP error to the SYN.
    Unreachable,
    /// SYN-ACK, never an ACK or data.
    HandshakeIncomplete,
    /// Open at the end, also when its opening wasn't captured.
    Established,
    /// One FIN.
    HalfClosed,
    /// Both FINs.
    Closed,
    /// RST after it was established.
    Reset,
}

/// What the capture shows of one TCP connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Who sent the SYN; when no SYN was captured, see `initiator_known`.
    pub initiator: Endpoint,
    /// Who was dialled.
    pub responder: Endpoint,
    /// A SYN or SYN-ACK says who initiated it.
    pub initiator_known: bool,
    /// First packet of any kind.
    pub first: Moment,
    /// Latest packet of any kind.
    pub last: Moment,
    /// What the initiator sent.
    pub from_initiator: Half,
    /// What the responder sent.
    pub from_responder: Half,
    /// The handshake's last step, or the first sign of an established connection.
    pub established: Option<Moment>,
    /// ICMP errors about it, the first few.
    pub icmp: Vec<IcmpSeen>,
    /// Packets that the capture saw twice.
    pub duplicates: u64,
    /// Time from the SYN to its SYN-ACK as seen here; `None` when the SYN was retransmitted.
    pub syn_to_syn_ack: Option<Duration>,
    /// Time from the SYN-ACK to the initiator's next packet as seen here.
    pub syn_ack_to_ack: Option<Duration>,
    /// Its SYN was answered with ACKs of an older connection of the same addresses and ports.
    pub old_acks: Option<Box<OldAcks>>,
    /// Its first captured packet was neither a SYN nor a SYN-ACK.
    pub midstream: bool,
    pub(super) steady: Steady,
}

impl Connection {
    /// ICMP errors kept for one connection.
    const MAX_ICMP: usize = 4;

    /// A connection whose first captured packet is `s`.
    pub fn new(s: &Segment<'_>, at: Moment) -> Self {
        let syn_ack = s.flags.syn() && s.flags.ack();
        let (initiator, responder) = if syn_ack { (s.dst, s.src) } else { (s.src, s.dst) };
        Self {
            initiator_known: s.flags.syn(),
            midstream: !s.flags.syn(),
            ..Self::dialled(initiator, responder, at)
        }
    }

    /// A connection that `initiator` dials; nothing of it was taken yet. Made in its box: it is large.
    pub fn boxed(initiator: Endpoint, responder: Endpoint, at: Moment) -> Box<Self> {
        Box::write(Box::new_uninit(), Self::dialled(initiator, responder, at))
    }

    /// A connection that `initiator` dials; nothing of it was taken yet.
    #[inline(always)]
    pub fn dialled(initiator: Endpoint, responder: Endpoint, at: Moment) -> Self {
        Self {
            initiator,
            responder,
            initiator_known: true,
            first: at,
            last: at,
            from_initiator: Half::default(),
            from_responder: Half::default(),
            established: None,
            icmp: Vec::new(),
            duplicates: 0,
            syn_to_syn_ack: None,
            syn_ack_to_ack: None,
            old_acks: None,
            midstream: false,
            steady: Steady::default(),
        }
    }

    /// Turns the connection round: the side thought to be the responder was the initiator.
    pub fn swap(&mut self) {
        std::mem::swap(&mut self.initiator, &mut self.responder);
        std::mem::swap(&mut self.from_initiator, &mut self.from_responder);
        self.steady = Steady::default();
    }

    /// What `side` sent.
    pub fn from(&self, side: Endpoint) -> &Half {
        if side == self.initiator { &self.from_initiator } else { &self.from_responder }
    }

    /// What was sent to `side`.
    pub fn to(&self, side: Endpoint) -> &Half {
        if side == self.initiator { &self.from_responder } else { &self.from_initiator }
    }

    /// Takes note of a segment, whatever it is and however the connection stands.
    #[inline(never)]
    pub(super) fn any_segment(&mut self, s: &Segment<'_>, at: Moment) -> Payload {
        let from_initiator = s.src == self.initiator;
        if self.is_of_an_older_one(s, at, from_initiator) {
            self.last = at;
            return Payload::None;
        }
        let (own, other) = if from_initiator {
            (&mut self.from_initiator, &mut self.from_responder)
        } else {
            (&mut self.from_responder, &mut self.from_initiator)
        };
        if own.prints.knows(s, at) {
            self.duplicates += 1;
            return Payload::None;
        }
        let before = std::mem::replace(&mut self.last, at);
        let payload = own.sent(s, at);
        other.heard();
        if s.flags.rst() {
            if let Some(rst) = own.rst.as_mut().filter(|r| r.at == at && before != at) {
                rst.before = Some(before);
            }
            return payload;
        }
        if own.syns > 0 && other.syns > 0 {
            let scales = (own.syn_options.window_scale, other.syn_options.window_scale);
            let scale = if let (Some(own), Some(_)) = scales { own } else { 0 };
            own.windows.advertise(s.window, if s.flags.syn() { 0 } else { scale });
        }
        own.fills_window(payload, s, other, at);
        if s.flags.ack() {
            if s.flags.syn() {
                other.implied_isn(s.ack);
            } else if own.base_is_unset() {
                own.set_base(s.seq);
            }
            other.acknowledged(s.ack, at);
        }
        if self.established.is_none() || s.flags.syn() {
            self.handshake(s, at, from_initiator);
        }
        payload
    }

    /// A bare ACK that answers the SYN and acknowledges something else, or the RST by which the
    /// initiator disowns that: neither is about this connection, whose SYN is sent again.
    #[inline]
    fn is_of_an_older_one(&mut self, s: &Segment<'_>, at: Moment, from_initiator: bool) -> bool {
        let syn = &self.from_initiator;
        let dialling = syn.packets == u64::from(syn.syns) && self.from_responder.syns == 0;
        dialling && self.disturbs_the_dial(s, at, from_initiator)
    }

    #[inline(never)]
    fn disturbs_the_dial(&mut self, s: &Segment<'_>, at: Moment, from_initiator: bool) -> bool {
        let isn = self.from_initiator.isn.filter(|_| s.payload_len == 0 && !s.flags.syn());
        let Some(isn) = isn else { return false };
        if from_initiator {
            let Some(old) = self.old_acks.as_mut() else { return false };
            let disowns = s.flags.rst() && s.seq == old.number;
            old.disowned = old.disowned.or(Some(at).filter(|_| disowns));
            return disowns;
        }
        let bare = s.flags.ack() && !s.flags.rst() && !s.flags.fin();
        if !bare || s.ack == isn.plus(1) || self.from_responder.packets > 0 {
            return false;
        }
        let first = OldAcks { first: at, last: at, times: 0, disowned: None, number: s.ack };
        let old = self.old_acks.get_or_insert_with(|| Box::new(first));
        (old.last, old.number) = (at, s.ack);
        old.times += 1;
        true
    }

    #[inline(never)]
    fn handshake(&mut self, s: &Segment<'_>, at: Moment, from_initiator: bool) {
        if s.flags.syn() {
            if s.flags.ack() && self.syn_to_syn_ack.is_none() && self.from_initiator.syns == 1 {
                let syn = self.from_initiator.syn.unwrap_or(at);
                self.syn_to_syn_ack = Some(at.time.since(syn.time));
            }
            return;
        }
        if self.established.is_some() {
            return;
        }
        let syn_ack = self.from_responder.syn;
        if from_initiator && let Some(syn_ack) = syn_ack {
            self.established = Some(at);
            if self.from_responder.syns == 1 {
                self.syn_ack_to_ack = Some(at.time.since(syn_ack.time));
            }
            let round_trip = self.syn_to_syn_ack.zip(self.syn_ack_to_ack).map(|(a, b)| a + b);
            self.from_initiator.round_trip = round_trip;
            self.from_responder.round_trip = round_trip;
        } else if !from_initiator && syn_ack.is_some() && s.payload_len == 0 && !s.flags.fin() {
            // The responder repeats an ACK; the initiator still hasn't answered.
        } else if s.payload_len > 0 || s.flags.fin() || self.midstream || !from_initiator {
            self.established = Some(at);
        } else if from_initiator && s.flags.ack() && self.from_initiator.syns > 0 {
            // The SYN-ACK wasn't captured, yet the initiator acknowledges it.
            self.established = Some(at);
        }
    }

    /// Takes note of an ICMP error about one of its segments.
    pub fn icmp(&mut self, error: IcmpError, at: Moment) {
        self.last = at;
        if self.icmp.len() < Self::MAX_ICMP {
            self.icmp.push(IcmpSeen { at, error });
        }
    }

    /// How far it came.
    pub fn state(&self) -> ConnectionState {
        let reset = self.reset();
        if self.established.is_none() {
            return match reset {
                // A SYN-ACK went before it: the initiator no longer wanted the connection, or only
                // the responder's packets were captured. Without any SYN, it was open before.
                Some(_) if self.from_responder.syn.is_some() || self.from_initiator.syns == 0 => {
                    ConnectionState::Reset
                }
                Some(_) => ConnectionState::Refused,
                None if self.from_responder.syn.is_some() => ConnectionState::HandshakeIncomplete,
                None if self.unreachable().is_some() => ConnectionState::Unreachable,
                None if self.from_initiator.syn.is_some() => ConnectionState::Unanswered,
                None => ConnectionState::Established,
            };
        }
        match (self.from_initiator.fin.is_some(), self.from_responder.fin.is_some()) {
            // An RST after both FINs is a kernel's answer to late data.
            (true, true) => ConnectionState::Closed,
            _ if reset.is_some() => ConnectionState::Reset,
            (false, false) => ConnectionState::Established,
            _ => ConnectionState::HalfClosed,
        }
    }

    /// The first RST of either side, and whether the initiator sent it.
    pub fn reset(&self) -> Option<(bool, super::Reset)> {
        let a = self.from_initiator.rst.map(|r| (true, r));
        let b = self.from_responder.rst.map(|r| (false, r));
        match (a, b) {
            (Some(a), Some(b)) => Some(if a.1.at <= b.1.at { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// The first ICMP error that ends a dial (not "too big").
    pub fn unreachable(&self) -> Option<&IcmpSeen> {
        use crate::decode::IcmpKind::*;
        self.icmp.iter().find(|i| {
            matches!(
                i.error.kind,
                NetUnreachable
                    | HostUnreachable
                    | ProtocolUnreachable
                    | PortUnreachable
                    | Prohibited
                    | TimeExceeded
            )
        })
    }

    /// The handshake, or what the capture holds of it, was completed.
    pub fn worked(&self) -> bool {
        self.established.is_some()
    }

    /// When it was closed: the later FIN, or the RST.
    pub fn closed(&self) -> Option<Moment> {
        match self.state() {
            ConnectionState::Closed => {
                [self.from_initiator.fin, self.from_responder.fin].into_iter().flatten().max()
            }
            ConnectionState::Reset | ConnectionState::Refused => self.reset().map(|r| r.1.at),
            _ => None,
        }
    }

    /// No more packets are expected: closed, reset or refused.
    pub fn ended(&self) -> bool {
        matches!(
            self.state(),
            ConnectionState::Closed | ConnectionState::Reset | ConnectionState::Refused
        )
    }

    /// Either side has sent a FIN or an RST.
    #[inline]
    pub fn is_marked(&self) -> bool {
        self.from_initiator.is_marked() || self.from_responder.is_marked()
    }

    /// First packet with payload in either direction.
    pub fn first_byte(&self) -> Option<Moment> {
        [self.from_initiator.first_byte, self.from_responder.first_byte].into_iter().flatten().min()
    }

    /// Latest packet with new payload in either direction.
    pub fn last_byte(&self) -> Option<Moment> {
        [self.from_initiator.last_byte, self.from_responder.last_byte].into_iter().flatten().max()
    }

    /// Payload bytes of both directions, each once.
    pub fn bytes(&self) -> u64 {
        self.from_initiator.bytes() + self.from_responder.bytes()
    }

    /// Packets of only one side were captured although its peer must have answered.
    pub fn one_direction(&self) -> bool {
        let lone = |own: &Half, other: &Half| {
            // Its acknowledgments advance over what was never captured.
            other.packets == 0 && own.packets > 1 && other.acked_unseen_entirely()
        };
        lone(&self.from_initiator, &self.from_responder)
            || lone(&self.from_responder, &self.from_initiator)
    }

    /// Whether `s` opens a new connection on this 4-tuple rather than belonging to this one
    /// (RFC 9293, 3.6.1: a SYN in TIME-WAIT; or a host that lost its state).
    pub fn is_replaced_by(&self, s: &Segment<'_>, at: Moment) -> bool {
        if !s.flags.syn() {
            return false;
        }
        let silence = at.time.since(self.last.time);
        if s.flags.ack() {
            // A SYN-ACK of an unknown handshake, after this connection was over.
            return self.ended()
                && self.from(s.src).isn.is_some_and(|i| i != s.seq)
                && self.from(s.src).syns > 0;
        }
        match self.from(s.src).isn {
            Some(isn) if isn == s.seq && s.src == self.initiator => false,
            _ => {
                self.ended()
                    || self.from_initiator.fin.is_some()
                    || self.from_responder.fin.is_some()
                    || !self.worked()
                    || silence > Duration::from_secs(60)
            }
        }
    }
}

packed!(Connection {
    initiator,
    responder,
    initiator_known,
    first,
    from_initiator,
    from_responder,
    established,
    last,
    duplicates,
    syn_to_syn_ack,
    syn_ack_to_ack,
    midstream,
    steady,
} without { icmp, old_acks });
