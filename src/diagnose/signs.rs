//! What a session shows at a glance, once for all rules: without its signs a rule isn't asked.
//!
//! Most sessions are in order, and most rules have nothing to say of them. A sign costs next to
//! nothing to see and is wider than the proofs behind it: it says that something is there at all, not
//! that anything is wrong.

use std::time::Duration;

use super::{Context, Findings, Quality};
use crate::capture::{Moment, Timestamp};
use crate::ftp::command::Verb;
use crate::session::{
    Channel, Connection, Exchange, Half, MessageKind, Mode, Opening, Script, Session,
};
use crate::tcp::Rare;

/// Something that is there. Those of directions and dials are about the control connection and the
/// connections of channels alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// [`Quality::midstream`].
    Midstream,
    /// [`Quality::one_direction`].
    OneDirection,
    /// [`Quality::loss`].
    Loss,
    /// [`Quality::cut`].
    Cut,
    /// [`Quality::duplicates`].
    Duplicates,
    /// [`Quality::control_only`].
    ControlOnly,
    /// The control connection wasn't established.
    NotOpened,
    /// A side of the control connection said nothing at all.
    Silence,
    /// No greeting, or one that is no 2xx.
    Unwelcome,
    /// The server asked the client's host for ident.
    Ident,
    /// The server's first words are those of another service.
    OtherService,
    /// No reply.
    NoReply,
    /// No USER.
    NoUser,
    /// PASS in clear.
    Password,
    /// The port of implicit TLS.
    Implicit,
    /// TLS on the control connection or on a data connection.
    Tls,
    /// A command without a final reply.
    Open,
    /// A reply of 400 or more, to a command or to nothing.
    Refusal,
    /// A final reply after the control connection's first FIN or RST.
    AfterTheEnd,
    /// Two of the session's milestones (handshakes, all that is said, data, both connections' ends) are at
    /// least two seconds apart.
    Long,
    /// Something odd about lines and replies.
    Oddity,
    /// A side's sequence numbers on the control connection no longer fit its bytes.
    Shifted,
    /// The server's packets on the control connection are numbered as if some hadn't come.
    Skipped,
    /// RST.
    Reset,
    /// An ICMP error.
    Icmp,
    /// Payload or a FIN was sent again.
    Resent,
    /// Segments came out of order.
    Disordered,
    /// Bytes are missing before what a side sent.
    Hole,
    /// Keep-alives or window probes.
    Probes,
    /// A window of zero.
    ZeroWindow,
    /// A data connection was dialled more than once.
    Redialled,
    /// An older connection answered a SYN.
    OldConnection,
    /// A channel in active mode.
    Active,
    /// An announcement without an endpoint that can be read.
    Unreadable,
    /// A passive channel's announcement has another address than the server's.
    OtherAddress,
    /// An announcement without a connection.
    Undialled,
    /// A data connection that was never established.
    DialFailed,
    /// A channel without a confirmed transfer.
    Unconfirmed,
    /// A data connection of a third host.
    ThirdParty,
    /// A channel that another session announced as well.
    Partner,
    /// A transfer whose size was said before.
    Promised,
}

// As many as have a bit; the last one is no session's.
const _: () = assert!((Sign::Promised as u32) < u64::BITS - 1);

/// Two seconds: no rule takes less for long.
const LONG: Duration = Duration::from_secs(2);

/// Signs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs(u64);

/// How a rule looks at a session, and what it must show for that.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Any of these.
    pub(super) signs: Signs,
    look: fn(&Context<'_>, &mut Findings),
}

impl Check {
    /// Of every session.
    pub const fn always(look: fn(&Context<'_>, &mut Findings)) -> Self {
        Self { signs: Signs(u64::MAX), look }
    }

    /// Of sessions that show at least one of these signs: of all others there is nothing to say.
    pub const fn when(signs: &[Sign], look: fn(&Context<'_>, &mut Findings)) -> Self {
        Self { signs: Signs::of(signs), look }
    }

    /// Looks at a session, whatever it shows.
    pub(super) fn look(&self, ctx: &Context<'_>, findings: &mut Findings) {
        (self.look)(ctx, findings);
    }
}

impl Signs {
    /// As many as there may be.
    pub(super) const MOST: usize = u64::BITS as usize;

    /// These.
    pub const fn of(signs: &[Sign]) -> Self {
        let mut bits = 0;
        let mut rest = signs;
        while let [sign, others @ ..] = rest {
            bits |= 1 << *sign as u32;
            rest = others;
        }
        Self(bits)
    }

    /// This one is among them.
    pub const fn has(self, sign: Sign) -> bool {
        self.has_number(sign as usize)
    }

    /// The one with this number is among them.
    pub(super) const fn has_number(self, sign: usize) -> bool {
        self.0 >> sign & 1 == 1
    }

    /// Their numbers.
    pub(super) fn numbers(self) -> impl Iterator<Item = usize> {
        // What every session shows, so that a rule that asks for nothing is asked.
        let mut rest = self.0 | 1 << (u64::BITS - 1);
        std::iter::from_fn(move || {
            let next = (rest != 0).then(|| rest.trailing_zeros() as usize);
            rest &= rest.wrapping_sub(1);
            next
        })
    }

    /// Those of a session.
    pub(super) fn seen(s: &Session, q: &Quality) -> Self {
        let mut times = Times::default();
        let mut signs =
            of_quality(q) | of_control(s, &mut times) | of_script(&s.script, s, &mut times);
        for c in &s.channels {
            signs |= of_channel(s, c, &mut times);
        }
        let promised = s.transfers.iter().any(|t| t.promised.is_some());
        let long = times.to.since(times.from) >= LONG;
        Self(signs | is(Sign::Promised, promised) | is(Sign::Long, long))
    }
}

/// A sign's bit, if it is there.
const fn is(sign: Sign, there: bool) -> u64 {
    (there as u64) << sign as u32
}

fn of_quality(q: &Quality) -> u64 {
    is(Sign::Midstream, q.midstream)
        | is(Sign::OneDirection, q.one_direction)
        | is(Sign::Loss, q.loss)
        | is(Sign::Cut, q.cut)
        | is(Sign::Duplicates, q.duplicates)
        | is(Sign::ControlOnly, q.control_only)
}

fn of_control(s: &Session, times: &mut Times) -> u64 {
    let not_opened =
        matches!(s.opening, Opening::Unanswered | Opening::Refused | Opening::Unreachable);
    let (client, server) = (s.from_client(), s.from_server());
    let greeting = s.script.greeting();
    times.note(s.control.established);
    for half in [client, server] {
        times.note(half.fin);
        times.note(half.rst.map(|r| r.at));
    }
    times.note(greeting.map(|g| g.1));
    is(Sign::NotOpened, not_opened)
        | is(Sign::Silence, client.bytes() == 0 || server.bytes() == 0)
        | is(Sign::Unwelcome, !greeting.is_some_and(|(text, _)| text.starts_with('2')))
        | is(Sign::Ident, s.ident.is_some())
        | is(Sign::OtherService, s.not_ftp.is_some())
        | is(Sign::NoReply, s.replies == 0)
        | is(Sign::Implicit, s.server.port == 990)
        | is(Sign::Tls, s.tls_since.is_some() || s.tls.is_some())
        | is(Sign::Oddity, !s.oddities.is_empty())
        | is(Sign::Shifted, client.shift.is_some() || server.shift.is_some())
        | is(Sign::Skipped, server.numbering.skipped().is_some())
        | of_connection(&s.control)
}

fn of_script(script: &Script, s: &Session, times: &mut Times) -> u64 {
    let end = |h: &Half| {
        let (fin, rst) = (h.fin.map(|m| m.order), h.rst.map(|r| r.at.order));
        fin.unwrap_or(u64::MAX).min(rst.unwrap_or(u64::MAX))
    };
    let end = end(&s.control.from_initiator).min(end(&s.control.from_responder));
    let mut signs = is(Sign::NoUser, true);
    for e in &script.exchanges {
        signs |= is(Sign::Password, e.verb == Verb::PASS);
        signs &= !is(Sign::NoUser, e.verb == Verb::USER);
        let Some((code, at)) = e.final_reply else {
            signs |= is(Sign::Open, true);
            continue;
        };
        signs |= is(Sign::Refusal, code >= 400) | is(Sign::AfterTheEnd, at.order > end);
    }
    // Commands and replies are among the messages, as long as none was dropped.
    signs |= is(Sign::Long, script.dropped > 0);
    for m in &script.messages {
        times.note(Some(m.at));
        signs |= is(Sign::Refusal, matches!(m.kind, MessageKind::Reply(400.., _)));
    }
    signs
}

fn of_channel(s: &Session, c: &Channel, times: &mut Times) -> u64 {
    let command = c.command.and_then(|i| s.script.exchanges.get(i));
    let mut signs = is(Sign::Active, c.mode == Mode::Active)
        | is(Sign::Unconfirmed, !command.is_some_and(Exchange::succeeded))
        | is(Sign::ThirdParty, c.third_party.is_some())
        | is(Sign::Partner, c.partner.is_some())
        | is(Sign::Tls, c.tls.is_some())
        | is(Sign::Redialled, !c.attempts.is_empty());
    if let Some(a) = &c.announcement {
        let other = a.advertised.is_some_and(|e| e.ip != s.server.ip);
        signs |= is(Sign::OtherAddress, other && c.mode == Mode::Passive)
            | is(Sign::Unreadable, a.advertised.is_none())
            | is(Sign::Undialled, c.connection.is_none());
    }
    let Some(d) = c.connection.as_deref() else { return signs };
    times.note(Some(d.first));
    times.note(d.established);
    for half in [&d.from_initiator, &d.from_responder] {
        times.note(half.first_byte);
        times.note(half.last_byte);
        times.note(half.fin);
        times.note(half.longest_pause.map(|p| p.0));
        times.note(half.longest_pause.map(|p| p.1));
    }
    signs
        | is(Sign::DialFailed, !d.worked())
        | is(Sign::Redialled, d.from_initiator.syns > 1)
        | is(Sign::OldConnection, d.old_acks.is_some())
        | of_connection(d)
}

fn of_connection(c: &Connection) -> u64 {
    is(Sign::Icmp, !c.icmp.is_empty()) | of_half(&c.from_initiator) | of_half(&c.from_responder)
}

fn of_half(half: &Half) -> u64 {
    let rare: &Rare = half;
    let zero = &rare.zero_window;
    let resent = rare.retransmissions > 0 || rare.unanswered.is_some() || rare.recovered.is_some();
    let hole = half.stream_start().is_some_and(|start| {
        let reached = half.coverage.end().max(half.fin_offset);
        reached.is_some_and(|r| r > start + half.bytes())
    });
    is(Sign::Reset, rare.rst.is_some())
        | is(Sign::Resent, resent)
        | is(Sign::Disordered, rare.order.is_some())
        | is(Sign::Probes, rare.probes.is_some())
        | is(Sign::ZeroWindow, zero.since.is_some() || zero.longest.is_some())
        | is(Sign::Hole, hole || rare.ahead.is_some())
}

/// From the earliest to the latest time: clocks of captures also go back.
struct Times {
    from: Timestamp,
    to: Timestamp,
}

impl Default for Times {
    fn default() -> Self {
        Self { from: Timestamp::MAX, to: Timestamp::MIN }
    }
}

impl Times {
    fn note(&mut self, at: Option<Moment>) {
        if let Some(at) = at {
            self.from = self.from.min(at.time);
            self.to = self.to.max(at.time);
        }
    }
}
