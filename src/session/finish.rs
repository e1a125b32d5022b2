//! From what was followed to a finished session.

use super::builder::Builder;
use super::{
    Association, Channel, Closing, ClosingPoint, Ident, Login, Opening, Session, Tls, Vantage,
};
use crate::capture::{CaptureLoss, Moment};
use crate::tcp::{Connection, ConnectionState};

/// A connection of a channel.
#[derive(Debug)]
pub struct Dial {
    /// Index of the channel.
    pub channel: usize,
    /// The connection.
    pub connection: Box<Connection>,
    /// What its TLS shows.
    pub tls: Option<Box<Tls>>,
}

/// The connections of a session, as the engine followed them.
#[derive(Debug)]
pub struct Connections {
    /// The control connection.
    pub control: Box<Connection>,
    /// Those of its channels, by channel.
    pub data: Vec<Dial>,
    /// The capture holds more TCP than control connections.
    pub other_traffic: bool,
    /// What the server asked the client's host before it greeted.
    pub ident: Option<Ident>,
    /// What the capture itself lost while the session was open.
    pub losses: Vec<CaptureLoss>,
}

impl Builder {
    /// The finished session, to which all that was said is given.
    pub fn finished(
        &mut self,
        id: u64,
        connections: Connections,
        closing_point: ClosingPoint,
        now: Moment,
    ) -> Box<Session> {
        let mut channels = self.channels_with(connections.data);
        let control = &connections.control;
        self.assign_commands(&mut channels);
        number(&mut channels);
        let opening = opening(control);
        let vantage = Vantage::of(self.client, self.server, control, &channels);
        let data =
            || channels.iter().flat_map(|c| c.attempts.iter().chain(c.connection.as_deref()));
        let cut = |c: &Connection| c.from_initiator.cut + c.from_responder.cut;
        let last = data().map(|d| d.last).chain([control.last]).max().unwrap_or(control.last);
        let cut_packets = cut(control) + data().map(cut).sum::<u64>();
        self.finish_transfers(&channels);
        let hidden = self.tls_since();
        let login = match self.login {
            Login::None | Login::Pending if hidden.is_some() => Login::Hidden,
            login => login,
        };
        let (first, closing) = (control.first, closing(control, opening));
        // Made where it stays: it is large.
        let room = Box::new_uninit();
        Box::write(
            room,
            Session {
                id,
                client: self.client,
                server: self.server,
                first,
                last,
                vantage,
                opening,
                closing,
                control: connections.control,
                security: self.security,
                tls_since: hidden,
                tls_until: self
                    .tls_times
                    .as_ref()
                    .and_then(|t| t.until)
                    .filter(|_| hidden.is_some()),
                tls: self.tls.take(),
                login,
                user: self.user,
                ident: connections.ident,
                software: self.software.take(),
                not_ftp: self.not_ftp,
                commands: self.commands,
                replies: self.replies,
                script: std::mem::take(&mut self.script),
                oddities: std::mem::take(&mut self.oddities.found),
                channels,
                transfers: std::mem::take(&mut self.transfers),
                control_gaps: self.control_gaps,
                cut_packets,
                closing_point,
                other_traffic: connections.other_traffic,
                losses: connections.losses,
                judged_at: now,
            },
        )
    }

    /// The channels with their connections. The first connection that worked is the channel's own,
    /// failed dials before it are its attempts, each one after it is a channel of its own that used the
    /// endpoint again.
    fn channels_with(&self, data: Vec<Dial>) -> Vec<Channel> {
        let mut channels = Vec::with_capacity(self.channels.len());
        let mut reused = Vec::new();
        let mut data = data.into_iter().peekable();
        for (index, draft) in self.channels.iter().enumerate() {
            channels.push(Channel::new(draft));
            let Some(channel) = channels.last_mut() else { break };
            let Some(first) = data.next_if(|d| d.channel == index) else { continue };
            if data.peek().is_none_or(|d| d.channel != index) {
                self.connect(channel, first);
                continue;
            }
            let mut dials = vec![first];
            dials.extend(std::iter::from_fn(|| data.next_if(|d| d.channel == index)));
            dials.sort_by_key(|d| d.connection.first);
            let worked = dials.iter().position(|d| d.connection.worked());
            let own = worked.unwrap_or(dials.len().saturating_sub(1));
            for (i, dial) in dials.into_iter().enumerate() {
                if i < own {
                    channel.attempts.push(*dial.connection);
                } else if i == own {
                    self.connect(channel, dial);
                } else {
                    reused.push((index, draft.mode, dial));
                }
            }
        }
        for (index, mode, dial) in reused {
            let mut channel = Channel::empty(mode, Association::Reused);
            self.connect(&mut channel, dial);
            // The index for now; it becomes an id when channels are numbered.
            channel.reuses = u32::try_from(index).ok();
            channels.push(channel);
        }
        channels
    }

    fn connect(&self, channel: &mut Channel, dial: Dial) {
        let ip = dial.connection.initiator.ip;
        channel.third_party = (ip != self.client.ip && ip != self.server.ip).then_some(ip);
        channel.connection = Some(dial.connection);
        channel.tls = dial.tls;
    }

    /// Which transfer command used which channel: the latest accepted announcement before it in
    /// the order of commands; when that was used up, a further connection to its endpoint.
    fn assign_commands(&self, channels: &mut [Channel]) {
        let position = |channel: usize| self.channels.get(channel).map(|d| d.position);
        for exchange in self.transfers.iter().map(|t| t.exchange) {
            let Some(e) = self.script.exchanges.get(exchange) else { continue };
            let at = e.at;
            let began = e.replies.iter().any(|c| (100..=299).contains(c));
            let announced = channels
                .iter()
                .enumerate()
                .filter(|(i, c)| {
                    let usable = c.announcement.as_ref().is_some_and(|a| a.accepted != Some(false));
                    usable && position(*i).is_some_and(|p| p <= exchange)
                })
                .max_by_key(|(i, _)| (position(*i), *i))
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

    fn finish_transfers(&mut self, channels: &[Channel]) {
        for transfer in &mut self.transfers {
            let channel = channels.iter().find(|c| c.command == Some(transfer.exchange));
            let connection = channel.and_then(|c| c.connection.as_deref());
            transfer.channel = channel.map(|c| c.id);
            transfer.bytes = connection.map(Connection::bytes);
            transfer.duration =
                connection.and_then(|d| Some(d.last_byte()?.time.since(d.first_byte()?.time)));
        }
    }
}

/// Numbers channels in order of announcement or of the connection's first packet.
fn number(channels: &mut [Channel]) {
    // Nothing to sort, as mostly.
    if let [channel] = channels {
        channel.id = 1;
        return;
    }
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
