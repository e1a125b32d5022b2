//! From what was followed to a finished session.

use super::builder::Builder;
use super::{
    Association, Channel, Closing, ClosingPoint, Ident, Login, Opening, Session, Tls, Transfer,
    Vantage,
};
use crate::capture::{CaptureLoss, Moment};
use crate::tcp::{Connection, ConnectionState};

/// The connections of a session, as the engine followed them.
#[derive(Debug)]
pub struct Connections {
    /// The control connection.
    pub control: Connection,
    /// Those of each channel, in order of their first packet, and what their TLS shows.
    pub data: Vec<Vec<(Box<Connection>, Option<Box<Tls>>)>>,
    /// The capture holds more TCP than control connections.
    pub other_traffic: bool,
    /// What the server asked the client's host before it greeted.
    pub ident: Option<Ident>,
    /// What the capture itself lost while the session was open.
    pub losses: Vec<CaptureLoss>,
}

impl Builder {
    /// The finished session.
    pub fn finished(
        mut self,
        id: u64,
        connections: Connections,
        closing_point: ClosingPoint,
        now: Moment,
    ) -> Box<Session> {
        let control = connections.control;
        self.verbs.sort_unstable();
        let drafts = std::mem::take(&mut self.channels);
        let positions: Vec<usize> = drafts.iter().map(|d| d.position).collect();
        let mut channels: Vec<Channel> = drafts
            .into_iter()
            .map(|d| Channel {
                partner: d.partner,
                ..Channel::new(d.mode, d.association, d.announcing, d.announcement)
            })
            .collect();
        self.assign_connections(&mut channels, connections.data);
        self.assign_commands(&mut channels, &positions);
        number(&mut channels);
        let opening = opening(&control);
        let vantage = Vantage::of(self.client, self.server, &control, &channels);
        let data =
            || channels.iter().flat_map(|c| c.attempts.iter().chain(c.connection.as_deref()));
        let cut = |c: &Connection| c.from_initiator.cut + c.from_responder.cut;
        let last = data().map(|d| d.last).chain([control.last]).max().unwrap_or(control.last);
        let cut_packets = cut(&control) + data().map(cut).sum::<u64>();
        let transfers = self.finished_transfers(&channels);
        let hidden = self.tls_since();
        let login = match self.login {
            Login::None | Login::Pending if hidden.is_some() => Login::Hidden,
            login => login,
        };
        Box::new(Session {
            id,
            client: self.client,
            server: self.server,
            first: control.first,
            last,
            vantage,
            opening,
            closing: closing(&control, opening),
            control,
            security: self.security,
            tls_since: hidden,
            tls_until: self.tls_until.filter(|_| hidden.is_some()),
            tls: self.tls,
            login,
            user: self.user,
            banner_at: self.banner.as_ref().map(|b| b.1),
            banner: self.banner.map(|b| b.0),
            ident: connections.ident,
            software: self.software,
            not_ftp: self.not_ftp,
            verbs: self.verbs,
            commands: self.commands,
            replies: self.replies,
            script: self.script,
            oddities: self.oddities.found,
            channels,
            transfers,
            control_gaps: self.control_gaps,
            cut_packets,
            closing_point,
            other_traffic: connections.other_traffic,
            losses: connections.losses,
            judged_at: now,
        })
    }

    /// The first connection that worked is the channel's own, failed dials before it are its
    /// attempts, each one after it is a channel of its own that used the endpoint again.
    fn assign_connections(
        &self,
        channels: &mut Vec<Channel>,
        data: Vec<Vec<(Box<Connection>, Option<Box<Tls>>)>>,
    ) {
        let (client, server) = (self.client.ip, self.server.ip);
        let mut reused = Vec::new();
        for (index, mut dials) in data.into_iter().enumerate() {
            dials.sort_by_key(|d| d.0.first);
            let Some(channel) = channels.get_mut(index) else { continue };
            let worked = dials.iter().position(|d| d.0.worked());
            let own = worked.unwrap_or(dials.len().saturating_sub(1));
            for (i, (dial, tls)) in dials.into_iter().enumerate() {
                if i < own {
                    channel.attempts.push(*dial);
                } else if i == own {
                    let ip = dial.initiator.ip;
                    channel.third_party = (ip != client && ip != server).then_some(ip);
                    channel.connection = Some(dial);
                    channel.tls = tls;
                } else {
                    reused.push((index, channel.mode, dial, tls));
                }
            }
        }
        for (index, mode, dial, tls) in reused {
            let mut channel = Channel::new(mode, Association::Reused, None, None);
            let ip = dial.initiator.ip;
            channel.third_party = (ip != client && ip != server).then_some(ip);
            channel.connection = Some(dial);
            channel.tls = tls;
            // The index for now; it becomes an id when channels are numbered.
            channel.reuses = u32::try_from(index).ok();
            channels.push(channel);
        }
    }

    /// Which transfer command used which channel: the latest accepted announcement before it in
    /// the order of commands; when that was used up, a further connection to its endpoint.
    fn assign_commands(&self, channels: &mut [Channel], positions: &[usize]) {
        for exchange in self.transfers.iter().map(|t| t.exchange) {
            let Some(e) = self.script.exchanges.get(exchange) else { continue };
            let at = e.at;
            let began = e.replies.iter().any(|c| (100..=299).contains(c));
            let announced = channels
                .iter()
                .enumerate()
                .filter(|(i, c)| {
                    let usable = c.announcement.as_ref().is_some_and(|a| a.accepted != Some(false));
                    usable && positions.get(*i).is_some_and(|p| *p <= exchange)
                })
                .max_by_key(|(i, _)| (positions.get(*i).copied(), *i))
                .map(|(i, _)| i);
            let Some(index) = announced else { continue };
            let used_by = channels.get(index).and_then(|c| c.command);
            let used = used_by.and_then(|u| self.script.exchanges.get(u)).is_some_and(|u| {
                // A command that was turned down at once leaves the announcement to the next.
                u.replies.iter().any(|c| (100..=299).contains(c)) || u.final_reply.is_none()
            });
            if used_by.is_none() || !used && began {
                if let Some(channel) = channels.get_mut(index) {
                    channel.command = Some(exchange);
                }
                continue;
            }
            let again = channels.iter_mut().find(|c| {
                c.association == Association::Reused
                    && c.reuses == u32::try_from(index).ok()
                    && c.command.is_none()
                    && c.connection.as_deref().is_some_and(|d| {
                        d.last > at || at.time.since(d.first.time) < super::BACKWARDS
                    })
            });
            if let Some(channel) = again {
                channel.command = Some(exchange);
            }
        }
    }

    fn finished_transfers(&self, channels: &[Channel]) -> Vec<Transfer> {
        self.transfers
            .iter()
            .map(|note| {
                let channel = channels.iter().find(|c| c.command == Some(note.exchange));
                let connection = channel.and_then(|c| c.connection.as_deref());
                let duration =
                    connection.and_then(|d| Some(d.last_byte()?.time.since(d.first_byte()?.time)));
                Transfer {
                    exchange: note.exchange,
                    channel: channel.map(|c| c.id),
                    path: note.path.clone(),
                    restart_at: note.restart_at,
                    promised: note.promised,
                    bytes: connection.map(Connection::bytes),
                    duration,
                    ascii: note.ascii,
                }
            })
            .collect()
    }
}

/// Numbers channels in order of announcement or of the connection's first packet.
fn number(channels: &mut [Channel]) {
    let mut order: Vec<usize> = (0..channels.len()).collect();
    order.sort_by_key(|i| channels.get(*i).and_then(Channel::began));
    let mut ids = vec![0u32; order.len()];
    for (id, index) in (1u32..).zip(&order) {
        if let Some(slot) = ids.get_mut(*index) {
            *slot = id;
        }
    }
    for (channel, id) in channels.iter_mut().zip(&ids) {
        channel.id = *id;
        channel.reuses = channel.reuses.and_then(|i| ids.get(i as usize).copied());
    }
    channels.sort_by_key(|c| c.id);
}

fn opening(control: &Connection) -> Opening {
    match control.state() {
        _ if control.from_responder.syn.is_some() => Opening::Complete,
        ConnectionState::Unanswered => Opening::Unanswered,
        ConnectionState::Refused => Opening::Refused,
        ConnectionState::Unreachable => Opening::Unreachable,
        // The SYN was captured and its answer was not, yet the connection lives.
        _ if control.from_initiator.syn.is_some() => Opening::Complete,
        _ => Opening::Missing,
    }
}

fn closing(control: &Connection, opening: Opening) -> Closing {
    if matches!(opening, Opening::Unanswered | Opening::Refused | Opening::Unreachable) {
        return Closing::Unseen;
    }
    match control.state() {
        ConnectionState::Closed | ConnectionState::HalfClosed => Closing::Fin,
        ConnectionState::Reset => Closing::Reset,
        _ => Closing::Open,
    }
}
