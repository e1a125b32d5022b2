//! What a session shows at a glance, once for all rules: without its signs a rule isn't asked.
//!
//! Most sessions are in order, and most rules have nothing to say of them. A sign costs next to
//! nothing to see and is wider than the proofs behind it: it says that something is there at all, not
//! that anything is wrong.

use std::time::Duration;

use super::context::first_end;
use super::{Context, Findings, Quality};
use crate::capture::{Moment, Timestamp};
use crate::ftp::command::Verb;
use crate::session::{
    Channel, Connection, Exchange, Half, MessageKind, Mode, Opening, Script, Session,
};

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
    /// Two of the session's milestones (handshakes, the greeting, commands, replies, data, its end) are
    /// at least two seconds apart.
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

// As many as have a bit.
const _: () = assert!((Sign::Promised as u32) < u64::BITS);

/// Two seconds: no rule takes less for long.
const LONG: Duration = Duration::from_secs(2);

/// Signs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs(u64);

/// How a rule looks at a session, and what it must show for that.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    signs: Signs,
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

    /// The session shows what it takes.
    pub(super) fn asks_for(&self, ctx: &Context<'_>) -> bool {
        self.signs.0 == u64::MAX || self.signs.0 & ctx.signs.0 != 0
    }

    /// Looks at a session, whatever it shows.
    pub(super) fn look(&self, ctx: &Context<'_>, findings: &mut Findings) {
        (self.look)(ctx, findings);
    }
}

impl Signs {
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
        self.0 & 1 << sign as u32 != 0
    }

    /// Those of a session.
    pub(super) fn seen(s: &Session, q: &Quality) -> Self {
        let mut signs = Self::default();
        signs.quality(q);
        let mut times = Times::default();
        signs.control(s, &mut times);
        let closed = first_end(&s.control);
        for e in &s.script.exchanges {
            signs.exchange(e, closed, &mut times);
        }
        signs.messages(&s.script);
        for c in &s.channels {
            signs.channel(s, c, &mut times);
        }
        signs.note(Sign::Promised, s.transfers.iter().any(|t| t.promised.is_some()));
        signs.note(Sign::Long, times.to.since(times.from) >= LONG);
        signs
    }

    /// Takes note of a sign, if it is there.
    fn note(&mut self, sign: Sign, there: bool) {
        self.0 |= u64::from(there) << sign as u32;
    }

    fn quality(&mut self, q: &Quality) {
        self.note(Sign::Midstream, q.midstream);
        self.note(Sign::OneDirection, q.one_direction);
        self.note(Sign::Loss, q.loss);
        self.note(Sign::Cut, q.cut);
        self.note(Sign::Duplicates, q.duplicates);
        self.note(Sign::ControlOnly, q.control_only);
    }

    fn control(&mut self, s: &Session, times: &mut Times) {
        let not_opened =
            matches!(s.opening, Opening::Unanswered | Opening::Refused | Opening::Unreachable);
        let (client, server) = (s.from_client(), s.from_server());
        let greeting = s.script.greeting();
        self.note(Sign::NotOpened, not_opened);
        self.note(Sign::Silence, client.bytes() == 0 || server.bytes() == 0);
        self.note(Sign::Unwelcome, !greeting.is_some_and(|(text, _)| text.starts_with('2')));
        self.note(Sign::Ident, s.ident.is_some());
        self.note(Sign::OtherService, s.not_ftp.is_some());
        self.note(Sign::NoReply, s.replies == 0);
        self.note(Sign::Implicit, s.server.port == 990);
        self.note(Sign::Tls, s.tls_since.is_some() || s.tls.is_some());
        self.note(Sign::Oddity, !s.oddities.is_empty());
        self.note(Sign::Shifted, client.shift.is_some() || server.shift.is_some());
        self.note(Sign::Skipped, server.numbering.skipped().is_some());
        self.connection(&s.control);
        times.note(s.control.established);
        times.note(greeting.map(|g| g.1));
    }

    fn exchange(&mut self, e: &Exchange, closed: Option<Moment>, times: &mut Times) {
        times.note(Some(e.at));
        times.note(e.first_reply);
        match e.final_reply {
            None => self.note(Sign::Open, true),
            Some((code, at)) => {
                times.note(Some(at));
                self.note(Sign::Refusal, code >= 400);
                self.note(Sign::AfterTheEnd, closed.is_some_and(|c| at > c));
            }
        }
    }

    fn messages(&mut self, script: &Script) {
        let no = |kind| matches!(kind, MessageKind::Reply(400.., _));
        self.note(Sign::Refusal, script.messages.iter().any(|m| no(m.kind)));
        let said = |verb| script.exchanges.iter().any(|e| e.verb == verb);
        self.note(Sign::NoUser, !said(Verb::USER));
        self.note(Sign::Password, said(Verb::PASS));
    }

    fn channel(&mut self, s: &Session, c: &Channel, times: &mut Times) {
        let command = c.command.and_then(|i| s.script.exchanges.get(i));
        self.note(Sign::Active, c.mode == Mode::Active);
        self.note(Sign::Unconfirmed, !command.is_some_and(Exchange::succeeded));
        self.note(Sign::ThirdParty, c.third_party.is_some());
        self.note(Sign::Partner, c.partner.is_some());
        self.note(Sign::Tls, c.tls.is_some());
        self.note(Sign::Redialled, !c.attempts.is_empty());
        if let Some(a) = &c.announcement {
            let other = a.advertised.is_some_and(|e| e.ip != s.server.ip);
            self.note(Sign::OtherAddress, other && c.mode == Mode::Passive);
            self.note(Sign::Unreadable, a.advertised.is_none());
            self.note(Sign::Undialled, c.connection.is_none());
        }
        let Some(d) = c.connection.as_deref() else { return };
        self.note(Sign::DialFailed, !d.worked());
        self.note(Sign::Redialled, d.from_initiator.syns > 1);
        self.note(Sign::OldConnection, d.old_acks.is_some());
        self.connection(d);
        times.note(Some(d.first));
        times.note(d.established);
        for half in [&d.from_initiator, &d.from_responder] {
            times.note(half.first_byte);
            times.note(half.last_byte);
            times.note(half.fin);
            times.note(half.longest_pause.map(|p| p.0));
            times.note(half.longest_pause.map(|p| p.1));
        }
    }

    fn connection(&mut self, c: &Connection) {
        self.note(Sign::Icmp, !c.icmp.is_empty());
        self.half(&c.from_initiator);
        self.half(&c.from_responder);
    }

    fn half(&mut self, half: &Half) {
        let rare: &crate::tcp::Rare = half;
        let resent =
            rare.retransmissions > 0 || rare.unanswered.is_some() || rare.recovered.is_some();
        let zero = &rare.zero_window;
        self.note(Sign::Reset, rare.rst.is_some());
        self.note(Sign::Resent, resent);
        self.note(Sign::Disordered, rare.order.is_some());
        self.note(Sign::Probes, rare.probes.is_some());
        self.note(Sign::ZeroWindow, zero.since.is_some() || zero.longest.is_some());
        let hole = half.stream_start().is_some_and(|start| {
            let reached = half.coverage.end().max(half.fin_offset);
            reached.is_some_and(|r| r > start + half.bytes())
        });
        self.note(Sign::Hole, hole || rare.ahead.is_some());
    }
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
