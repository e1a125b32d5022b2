//! What was said again and again, in vain.

use std::net::IpAddr;
use std::time::Duration;

use super::Context;
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::session::{Connection, Message, MessageKind};
use crate::tcp::Unanswered;

/// How often something is sent again before it was in vain.
const TIMES: u32 = 3;
/// Over at least this time since it was first sent: shorter breaks are an ordinary loss.
const LONG: Duration = Duration::from_secs(3);

/// TCP goes on for a quarter of an hour, and what was cut for some seconds comes back.
const FOR_GOOD: Duration = Duration::from_secs(10);

/// Payload or a FIN that one side sent to the end without an acknowledgment.
#[derive(Clone, Copy, Debug)]
pub struct Unheard {
    /// Who sent it.
    pub from: Endpoint,
    /// Who never acknowledged it.
    pub to: Endpoint,
    /// What was sent, and when.
    pub sent: Unanswered,
    /// When the other side was last heard on this connection.
    pub heard: Option<Moment>,
}

impl Unheard {
    /// On this connection, from this end. `None` too when the connection was never established.
    pub fn on(connection: &Connection, from: Endpoint) -> Option<Self> {
        let sent = connection.from(from).unanswered.filter(|_| connection.worked())?;
        let other = connection.to(from);
        let to =
            if from == connection.initiator { connection.responder } else { connection.initiator };
        // After both FINs the last of them gets lost easily, and nobody misses it.
        let over = sent.len == 0 && other.fin.is_some();
        let long = sent.times >= TIMES && sent.last.time.since(sent.sent.time) >= LONG;
        let u = Self { from, to, sent, heard: other.last_packet };
        (other.packets > 0 && long && !over).then_some(u)
    }

    /// Nothing of the other side came at all since it was sent again.
    pub fn silent(&self) -> bool {
        self.heard.is_none_or(|m| m < self.sent.first)
    }

    /// From the first time it was sent to the last.
    pub fn lasted(&self) -> Duration {
        self.sent.last.time.since(self.sent.sent.time)
    }

    /// The host that sent it is the client's.
    pub fn by_client(&self, ctx: &Context<'_>) -> bool {
        self.from.ip == ctx.session.client.ip
    }

    /// Who sent it, who never acknowledged it.
    pub fn names(&self, ctx: &Context<'_>) -> (&'static str, &'static str) {
        if self.by_client(ctx) { ("client", "server") } else { ("server", "client") }
    }

    /// On the control connection: the first of it. What was sent last may be sent again first (a
    /// FIN, as a probe of the tail).
    pub fn began(&self, ctx: &Context<'_>) -> Moment {
        let own = |m: &&Message| m.from_client() == self.by_client(ctx) && !is_gap(m);
        let after = |m: &Moment| self.heard.is_some_and(|h| *m > h) && *m <= self.sent.sent;
        let said = ctx.session.script.messages.iter().filter(own).map(|m| m.at);
        said.filter(after).min().unwrap_or(self.sent.sent)
    }

    /// Silence on the control connection before it, as a firewall on the way counts it.
    pub fn silence(&self, ctx: &Context<'_>) -> Duration {
        let began = self.began(ctx);
        let messages = ctx.session.script.messages.iter().rev();
        let before = messages.map(|m| m.at).find(|m| *m < began);
        let heard = self.heard.filter(|h| *h < began);
        heard.into_iter().chain(before).max().map_or(Duration::ZERO, |m| began.time.since(m.time))
    }

    /// The latest packet of the other side on a data connection, if it came while the control
    /// connection was silent.
    pub fn data_meanwhile(&self, ctx: &Context<'_>) -> Option<Moment> {
        let data = ctx.session.channels.iter().filter_map(|c| c.connection.as_deref());
        let from = |c: &Connection| {
            let ends = [c.initiator, c.responder].into_iter().find(|e| e.ip == self.to.ip);
            ends.and_then(|e| c.from(e).last_packet)
        };
        data.filter_map(from).max().filter(|at| self.heard.is_some_and(|h| *at > h))
    }

    /// It was said in the flow of the dialogue: no silence that a firewall's patience could end,
    /// and no transfer came before it.
    pub fn in_the_flow(&self, ctx: &Context<'_>) -> bool {
        let exchanges = &ctx.session.script.exchanges;
        let open = exchanges.iter().any(|e| e.at < self.began(ctx) && e.final_reply.is_none());
        let waiting = self.by_client(ctx) && open;
        self.silence(ctx) < IDLE && self.data_meanwhile(ctx).is_none() && !waiting
    }
}

/// No firewall or NAT forgets a TCP connection sooner.
const IDLE: Duration = Duration::from_secs(30);

/// The latest packet of a host on any connection of the session, and whether it was on a data
/// connection.
pub fn last_heard(ctx: &Context<'_>, ip: IpAddr) -> Option<(Moment, bool)> {
    let s = ctx.session;
    let from = |c: &Connection| {
        let ends = [c.initiator, c.responder].into_iter().filter(|e| e.ip == ip);
        ends.filter_map(|e| c.from(e).last_packet).max()
    };
    let data = s.channels.iter().flat_map(|c| c.attempts.iter().chain(c.connection.as_deref()));
    let data = data.filter_map(from).map(|at| (at, true));
    data.chain(from(&s.control).map(|at| (at, false))).max_by_key(|(at, _)| *at)
}

/// What a side said on the control connection in the packet sent at `at` (or in that and the
/// pieces right behind it), else last before it.
pub fn said<'a>(ctx: &Context<'a>, by_client: bool, at: Moment) -> Option<&'a Message> {
    let own = |m: &&Message| m.from_client() == by_client && !is_gap(m);
    let messages = || ctx.session.script.messages.iter().filter(own);
    let here = messages().find(|m| m.at >= at && m.at.time.since(at.time) < PIECES);
    here.or_else(|| messages().rev().find(|m| m.at <= at))
}

/// What was said in vain on the control connection: the server's
/// words first, because a command may be sent in vain long after a reply was lost.
pub fn on_control(ctx: &Context<'_>) -> Option<Unheard> {
    let s = ctx.session;
    if ctx.quality.one_direction {
        return None;
    }
    let server = Unheard::on(&s.control, s.server).filter(|u| u.sent.len > 0);
    server.or_else(|| Unheard::on(&s.control, s.client))
}

/// The same, for good.
pub fn on_control_for_good(ctx: &Context<'_>) -> Option<Unheard> {
    on_control(ctx).filter(|u| in_vain_until_now(ctx, u.sent.sent))
}

/// Silence since `since` that won't be broken any more: somebody gave up, or it is long by now.
pub fn in_vain_until_now(ctx: &Context<'_>, since: Moment) -> bool {
    ctx.control_closed().is_some() || ctx.waited(since) >= FOR_GOOD
}

/// Pieces of a line that are sent in one go.
const PIECES: Duration = Duration::from_millis(1);

fn is_gap(m: &Message) -> bool {
    matches!(m.kind, MessageKind::ClientGap | MessageKind::ServerGap)
}
