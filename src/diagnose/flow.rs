//! A data connection as a flow: who sends, who receives, for which command.

use super::Context;
use crate::capture::Moment;
use crate::ftp::command::Verb;
use crate::session::{
    Association, Channel, Connection, ConnectionState, Exchange, Half, VantagePoint,
};

/// An established data connection, and what was transferred on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow<'a> {
    /// Its channel.
    pub channel: &'a Channel,
    /// The connection.
    pub connection: &'a Connection,
    /// The transfer command, where it can be read.
    pub exchange: Option<&'a Exchange>,
    /// What the sender of the data sent.
    pub sender: &'a Half,
    /// What the receiver sent.
    pub receiver: &'a Half,
    /// The client sends.
    pub upload: bool,
    /// The transfer command's argument, or nothing.
    argument: &'a str,
}

impl<'a> Flow<'a> {
    /// All flows of a session: of what has a transfer command, or a hidden one.
    pub fn all(ctx: &Context<'a>) -> impl Iterator<Item = Self> + use<'a> {
        let session = ctx.session;
        let blind = ctx.quality.one_direction;
        session.channels.iter().filter(move |_| !blind).filter_map(move |channel| {
            let connection = channel.connection.as_deref().filter(|c| c.worked())?;
            let exchange = channel.command.and_then(|i| session.script.exchanges.get(i));
            let inferred = matches!(channel.association, Association::Inferred { .. });
            if exchange.is_none() && !inferred {
                return None;
            }
            let (a, b) = (connection.initiator, connection.responder);
            let (client, server) = if a.ip == session.client.ip || b.ip == session.server.ip {
                (a, b)
            } else {
                (b, a)
            };
            let upload = match exchange {
                Some(e) => matches!(e.verb, Verb::STOR | Verb::STOU | Verb::APPE),
                None => connection.from(client).bytes() > connection.from(server).bytes(),
            };
            let (from, to) = if upload { (client, server) } else { (server, client) };
            let (sender, receiver) = (connection.from(from), connection.from(to));
            let argument = exchange.map(|e| session.script.argument(e)).unwrap_or_default();
            Some(Self { channel, connection, exchange, sender, receiver, upload, argument })
        })
    }

    /// "client" or "server": who sends.
    pub fn sender_name(&self) -> &'static str {
        if self.upload { "client" } else { "server" }
    }

    /// "RETR a.bin", or what stands for it where commands can't be read.
    pub fn what(&self) -> String {
        match self.exchange {
            Some(e) if self.argument.is_empty() => e.verb.to_string(),
            Some(e) => format!("{} {}", e.verb, self.argument),
            None => "the transfer".to_owned(),
        }
    }

    /// The reply said it is done; where replies can't be read, the connection was closed in order.
    pub fn completed(&self) -> bool {
        match self.exchange {
            Some(e) => e.succeeded(),
            None => self.connection.state() == ConnectionState::Closed,
        }
    }

    /// From when on data could flow: connected, and the command accepted.
    pub fn ready(&self) -> Moment {
        let accepted = self.exchange.map(|e| e.first_reply.unwrap_or(e.at));
        let opened = self.connection.established.unwrap_or(self.connection.first);
        accepted.map_or(opened, |a| a.max(opened))
    }

    /// Captured on the sender's side.
    pub fn seen_at_sender(&self, ctx: &Context<'_>) -> bool {
        match ctx.vantage() {
            VantagePoint::Client => self.upload,
            VantagePoint::Server => !self.upload,
            _ => false,
        }
    }

    /// The capture lacks packets of this connection.
    pub fn has_loss(&self) -> bool {
        self.sender.acked_unseen() || self.receiver.acked_unseen()
    }
}
