//! What a rule sees: one session, and what its capture can carry.

use std::net::IpAddr;
use std::time::Duration;

use super::{Severity, Sign, Signs};
use crate::capture::Moment;
use crate::session::{
    Association, Channel, Closing, Connection, ConnectionState, Exchange, Mode, Opening, Session,
    VantagePoint,
};

/// What of a session the capture doesn't hold. Rules ask here before they speak of absence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quality {
    /// The control connection has no handshake at all.
    pub midstream: bool,
    /// Only one side of the control connection was captured while its acknowledgments advance.
    pub one_direction: bool,
    /// A receiver acknowledged bytes of the control connection that were never captured, or its
    /// SYN is missing while its SYN-ACK is there.
    pub control_loss: bool,
    /// The same on any connection of the session, data channels included.
    pub loss: bool,
    /// Transfers were confirmed, yet no data connection was ever captured.
    pub control_only: bool,
    /// Packets were seen twice.
    pub duplicates: bool,
    /// Packets were cut by the snap length.
    pub cut: bool,
}

/// What a rule sees.
#[derive(Debug)]
pub struct Context<'a> {
    /// The session's facts.
    pub session: &'a Session,
    /// What its capture can't carry.
    pub quality: Quality,
    /// What it shows at a glance.
    pub signs: Signs,
}

impl<'a> Context<'a> {
    /// The context of a finished session.
    pub fn new(session: &'a Session) -> Self {
        let quality = quality(session);
        Self { session, quality, signs: Signs::seen(session, &quality) }
    }

    /// From where it was captured.
    pub fn vantage(&self) -> VantagePoint {
        self.session.vantage.point
    }

    /// The server's software, as it says, is this one (lower case).
    pub fn software(&self, name: &str) -> bool {
        self.session.software.as_deref().is_some_and(|s| s.to_lowercase().contains(name))
    }

    /// Capture time from `since` until the session was judged.
    pub fn waited(&self, since: Moment) -> Duration {
        self.session.judged_at.time.since(since.time)
    }

    /// Capture time from `since` until the control connection closed, or until the session was
    /// judged when it never did.
    pub fn waited_in_session(&self, since: Moment) -> Duration {
        let end = self.control_closed().unwrap_or(self.session.judged_at);
        end.time.since(since.time)
    }

    /// The first sign of the control connection's end: FIN or RST of either side.
    pub fn control_closed(&self) -> Option<Moment> {
        let c = &self.session.control;
        let halves = [&c.from_initiator, &c.from_responder];
        halves.iter().flat_map(|h| [h.fin, h.rst.map(|r| r.at)]).flatten().min()
    }

    /// The control connection came to its end within the capture.
    pub fn control_ended(&self) -> bool {
        matches!(self.session.closing, Closing::Fin | Closing::Reset)
    }

    /// The TTL or hop limit of a host's packets in this session, RSTs not counted; `None` when it
    /// varies or no packet of it was seen.
    pub fn host_ttl(&self, ip: IpAddr) -> Option<u8> {
        let s = self.session;
        let data =
            s.channels.iter().flat_map(|c| c.connection.as_deref().into_iter().chain(&c.attempts));
        let mut found = None;
        for connection in std::iter::once(&*s.control).chain(data) {
            for end in [connection.initiator, connection.responder] {
                let half = connection.from(end);
                if end.ip != ip || half.ttl.is_none() {
                    continue;
                }
                if half.ttl_varies || found.is_some_and(|f| Some(f) != half.ttl) {
                    return None;
                }
                found = half.ttl;
            }
        }
        found
    }

    /// The exchange that is the channel's transfer command.
    pub fn command_of(&self, channel: &Channel) -> Option<&'a Exchange> {
        self.session.script.exchanges.get(channel.command?)
    }

    /// Who is to dial: client or server, in words for a sentence.
    pub fn dialler(&self, channel: &Channel) -> &'static str {
        match channel.mode {
            Mode::Passive => "client",
            Mode::Active => "server",
            Mode::Unknown => "peer",
        }
    }

    /// A dial of this channel that worked.
    pub fn worked(&self, channel: &Channel) -> bool {
        channel.connection.as_deref().is_some_and(Connection::worked)
    }

    /// All dials of the channel, failed ones first.
    pub fn dials(&self, channel: &'a Channel) -> impl Iterator<Item = &'a Connection> + use<'a> {
        channel.attempts.iter().chain(channel.connection.as_deref())
    }

    /// The transfer on this channel was confirmed by a final 2xx.
    pub fn confirmed(&self, channel: &Channel) -> bool {
        self.command_of(channel).is_some_and(Exchange::succeeded)
    }

    /// A transfer command that began after `after` was confirmed by a final 2xx (or, where replies
    /// can't be read, a data connection that began after it was closed in order).
    pub fn succeeded_after(&self, after: Moment) -> Option<Moment> {
        let s = self.session;
        let confirmed = s.transfers.iter().filter_map(|t| {
            let e = s.script.exchanges.get(t.exchange)?;
            let (_, at) = e.final_reply.filter(|_| e.succeeded())?;
            (e.at > after || at > after && t.channel.is_some()).then_some(at)
        });
        let hidden = s.channels.iter().filter_map(|c| {
            let d = c.connection.as_deref()?;
            (matches!(c.association, Association::Inferred { .. })
                && d.first > after
                && d.state() == ConnectionState::Closed)
                .then(|| d.closed())
                .flatten()
        });
        confirmed.chain(hidden).min()
    }

    /// Channels of which no dial worked and the last one came to `state`. Not those inferred that
    /// another session could own as well: of them no stall is said; nor dials that nobody waited
    /// for: another one of a port that was used before, or a stranger's, without a transfer.
    pub fn failed_dials(&self, state: ConnectionState) -> impl Iterator<Item = &'a Channel> + '_ {
        self.session.channels.iter().filter(move |c| {
            let tie = matches!(c.association, Association::Inferred { tie: true });
            let idle = c.command.is_none()
                && (c.association == Association::Reused || c.third_party.is_some());
            !tie && !idle
                && !self.confirmed(c)
                && c.connection.as_deref().is_some_and(|d| d.state() == state)
        })
    }

    /// A packet with this TTL comes from as many routers away as the host's other packets; `None`
    /// when they don't tell. Some hosts begin at another TTL for an RST than for data.
    pub fn as_far_as_host(&self, ip: IpAddr, ttl: u8) -> Option<bool> {
        let away =
            |ttl: u8| [32, 64, 128, 255].into_iter().find(|i| ttl <= *i).unwrap_or(255) - ttl;
        self.host_ttl(ip).map(|usual| usual == ttl || away(usual) == away(ttl))
    }

    /// How long a side waited for the channel after `since`: until something else was asked for,
    /// its transfer was answered, or the control connection ended; else until now.
    pub fn until_given_up(&self, channel: &Channel, since: Moment) -> Duration {
        let answered = self.command_of(channel).and_then(|e| e.final_reply);
        let answered = answered.or(self.failed_at_port(channel)).map(|r| r.1);
        let asked_again = self.next_announcement(channel).and_then(Channel::began);
        let end = [answered, asked_again, self.control_closed()]
            .into_iter()
            .flatten()
            .filter(|m| *m > since)
            .min()
            .unwrap_or(self.session.judged_at);
        end.time.since(since.time)
    }

    /// Critical, unless a retry in the same session overcame it within a second of capture time.
    pub fn severity_after(&self, since: Moment, channel: &Channel) -> Severity {
        let lost = self.until_given_up(channel, since);
        let overcome = self.succeeded_after(since).is_some();
        if overcome && lost <= Duration::from_secs(1) {
            Severity::Warning
        } else {
            Severity::Critical
        }
    }

    /// How bad a no at `since` is: it was overcome when the same succeeded later in the session.
    pub fn severity_of_no(&self, since: Moment) -> Severity {
        let overcome = self.succeeded_after(since).is_some();
        if overcome { Severity::Warning } else { Severity::Critical }
    }

    /// Announced channels that nobody dialled although somebody must have waited for it.
    pub fn never_attempted(&self) -> impl Iterator<Item = &'a Channel> + '_ {
        let s = self.session;
        let q = self.quality;
        let undialled = self.signs.has(Sign::Undialled);
        let blind = !undialled
            || q.midstream && s.channels.iter().all(|c| c.connection.is_none())
            || q.one_direction
            || q.loss
            || q.control_only
            || s.hidden_to_the_end();
        s.channels.iter().filter(move |c| {
            let Some(a) = c.announcement.as_ref().filter(|_| !blind) else { return false };
            let failed_at_port = self.failed_at_port(c).is_some();
            // Between two servers a dial need not come by here.
            if c.connection.is_some()
                || c.partner.is_some()
                || a.accepted != Some(true) && !failed_at_port
            {
                return false;
            }
            // What a server says but for 425 and 421, it says of the file, or of a data connection
            // that it has: the capture just doesn't hold it.
            let command = self.command_of(c);
            let needed = command.map_or(c.mode != Mode::Active || failed_at_port, |e| {
                match e.final_code() {
                    None => e.replies.is_empty(),
                    Some(code) => matches!(code, 421 | 425),
                }
            });
            let later = s.channels.iter().filter(|l| l.began() > Some(a.at));
            let replaced = later.clone().any(|l| self.dials(l).next().is_some());
            if !needed || replaced || self.succeeded_after(a.at).is_some() {
                return false;
            }
            if self.until_given_up(c, a.at) >= Duration::from_secs(3) {
                return true;
            }
            // The last one, and the end came at once: it may have needed the port no more, because
            // it had what it came for, or because something else had failed.
            let before = |l: &&Channel| l.began() < Some(a.at);
            let settled = s
                .transfers
                .iter()
                .any(|t| s.script.exchanges.get(t.exchange).is_some_and(Exchange::succeeded))
                || s.channels.iter().filter(before).any(|l| self.dials(l).any(|d| self.failed(d)));
            let refused = command.is_some_and(Exchange::refused) || failed_at_port;
            let ended = later.count() == 0 && self.control_closed().is_some();
            refused || ended && !settled
        })
    }

    /// The refusal of a PORT by a server that dials at PORT itself and could not connect
    /// (pyftpdlib).
    pub fn failed_at_port(&self, channel: &Channel) -> Option<(u16, Moment)> {
        let reply = self.reply_to_announcement(channel).filter(|_| channel.mode == Mode::Active)?;
        let of_data = || self.reply_text_to_announcement(channel).contains("data channel");
        (reply.0 == 425 || reply.0 == 421 && of_data()).then_some(reply)
    }

    /// A dial that came to nothing: refused, or without an answer for long enough to say so.
    pub fn failed(&self, dial: &Connection) -> bool {
        match dial.state() {
            ConnectionState::Refused | ConnectionState::Unreachable => true,
            ConnectionState::Unanswered => {
                dial.from_initiator.syns >= 2
                    || self.waited_in_session(dial.first) >= Duration::from_secs(3)
            }
            _ => false,
        }
    }

    /// Channels announced by the server with an address of its own that is not the control peer's,
    /// and that nobody reached although somebody must have wanted to.
    pub fn unreached_passive(&self) -> impl Iterator<Item = &'a Channel> + '_ {
        let server = self.session.server.ip;
        self.session.channels.iter().filter(move |c| {
            let Some(a) = &c.announcement else { return false };
            let foreign = a.address_given && a.advertised.is_some_and(|e| e.ip != server);
            if c.mode != Mode::Passive || !foreign || self.quality.one_direction {
                return false;
            }
            // A client that dials the control peer instead has not been misled.
            let obeyed = |d: &Connection| Some(d.responder) == a.advertised && self.failed(d);
            let dialled = c.connection.as_deref().is_some_and(obeyed);
            (dialled || self.never_attempted().any(|n| n.id == c.id))
                && self.succeeded_after(a.at).is_none()
        })
    }

    /// The final reply to the command that announced this channel: code and packet.
    pub fn reply_to_announcement(&self, channel: &Channel) -> Option<(u16, Moment)> {
        self.session.script.exchanges.get(channel.announcing?)?.final_reply
    }

    /// The argument of a command; see [`Script::argument`](crate::session::Script::argument).
    pub fn argument(&self, exchange: &Exchange) -> &'a str {
        self.session.script.argument(exchange)
    }

    /// The text of a command's final reply; see
    /// [`Script::reply_text`](crate::session::Script::reply_text).
    pub fn reply_text(&self, exchange: &Exchange) -> &'a str {
        self.session.script.reply_text(exchange)
    }

    /// Its text.
    pub fn reply_text_to_announcement(&self, channel: &Channel) -> &'a str {
        let exchange = channel.announcing.and_then(|i| self.session.script.exchanges.get(i));
        exchange.map(|e| self.reply_text(e)).unwrap_or_default()
    }

    /// A channel announced later got a connection that worked, or a later transfer was confirmed.
    pub fn worked_later(&self, after: Moment) -> bool {
        let later = |c: &&Channel| c.began().is_some_and(|b| b > after);
        self.session.channels.iter().filter(later).any(|c| self.worked(c))
            || self.succeeded_after(after).is_some()
    }

    /// The other side of the control connection was heard after `since`.
    pub fn control_answered_since(&self, since: Moment) -> bool {
        let s = self.session;
        [s.from_client(), s.from_server()].iter().all(|h| h.last_packet.is_some_and(|m| m > since))
    }

    /// The announcement after this channel's, if any.
    pub fn next_announcement(&self, channel: &Channel) -> Option<&'a Channel> {
        let began = channel.began()?;
        self.session
            .channels
            .iter()
            .filter(|c| c.announcement.as_ref().is_some_and(|a| a.at > began))
            .min_by_key(|c| c.began())
    }
}

fn quality(s: &Session) -> Quality {
    let data = || s.channels.iter().filter_map(|c| c.connection.as_deref());
    let lossy = |c: &Connection| {
        c.from_initiator.acked_unseen()
            || c.from_responder.acked_unseen()
            || (c.from_initiator.syn.is_none() && c.from_responder.syn.is_some())
    };
    let one_direction = s.control.one_direction();
    let control_loss = s.control_gaps > 0 && !one_direction || lossy(&s.control);
    let confirmed = s.transfers.iter().any(|t| {
        s.script.exchanges.get(t.exchange).is_some_and(|e| {
            e.succeeded() && e.replies.iter().any(|c| matches!(c, 125 | 150))
                || e.final_code() == Some(226)
        })
    });
    Quality {
        midstream: s.opening == Opening::Missing,
        one_direction,
        control_loss,
        loss: control_loss || data().any(lossy),
        control_only: confirmed && data().next().is_none(),
        duplicates: s.control.duplicates + data().map(|d| d.duplicates).sum::<u64>() > 0,
        cut: s.cut_packets > 0,
    }
}
