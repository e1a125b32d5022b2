//! A control connection being followed.

use super::idents::Idents;
use super::open::Look;
use super::table::Rest;
use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment};
use crate::pack::{packed, packed_enum};
use crate::session::{Builder, Effect, Ident, Side};
use crate::tcp::{Connection, Payload, Reassembler};

/// Why a control connection isn't reported as a session (yet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is one.
    Session,
    /// On a port that is no control port: a 220 was seen, nothing that only FTP says.
    Greeted,
    /// On 990: TLS or FTP must be seen, or its SYN get no answer.
    ImplicitPort,
}

/// A control connection: its TCP facts, both streams, the dialogue.
#[derive(Debug)]
pub struct Control {
    /// Tells it from a later one with the same key.
    pub serial: u64,
    /// TCP.
    pub connection: Connection,
    /// The dialogue so far.
    pub builder: Builder,
    /// Whether it is a session.
    pub standing: Standing,
    /// Its data connections: index of the channel and key, by channel.
    pub data: Vec<(usize, usize)>,
    /// Endpoints at which it expects connections.
    pub listening: Vec<Endpoint>,
    /// It ended, and is waiting to be judged.
    pub ending: bool,
    /// What the server asked the client's host before it greeted.
    pub ident: Option<Ident>,
    /// How it stood when it was last looked at.
    pub look: Option<Look>,
    from_client: Reassembler,
    from_server: Reassembler,
}

impl Control {
    /// A control connection of `client`, of which `connection` is known so far.
    pub fn new(serial: u64, connection: Connection, client: Endpoint, standing: Standing) -> Self {
        let server = if client == connection.initiator {
            connection.responder
        } else {
            connection.initiator
        };
        let builder = Builder::new(client, server, connection.midstream);
        Self {
            serial,
            connection,
            builder,
            standing,
            data: Vec::new(),
            listening: Vec::new(),
            ending: false,
            ident: None,
            look: None,
            from_client: Reassembler::default(),
            from_server: Reassembler::default(),
        }
    }

    /// Takes a segment; what follows from it is added to `effects`.
    pub fn segment(&mut self, s: &Segment<'_>, at: Moment, effects: &mut Vec<Effect>) {
        let duplicates = self.connection.duplicates;
        let payload = self.connection.segment(s, at);
        if self.connection.duplicates > duplicates {
            return;
        }
        self.builder.packet(s, at);
        let side = if s.src == self.builder.client { Side::Client } else { Side::Server };
        if let Payload::New(offset) = payload {
            let half = self.connection.from(s.src);
            let (start, acked) = (half.stream_start(), half.acked);
            let (stream, other) = match side {
                Side::Client => (&mut self.from_client, &self.from_server),
                Side::Server => (&mut self.from_server, &self.from_client),
            };
            let direct = other.waiting_since().is_none();
            if let Some(start) = start {
                stream.start_at(start);
            }
            let builder = &mut self.builder;
            stream.segment(offset, s.payload, s.payload_len, at, acked, &mut |chunk| {
                builder.chunk(side, chunk, direct, effects);
            });
        }
        self.tick(at.time, effects);
    }

    /// What the server has asked the client's host so far, if it hasn't greeted.
    pub fn ident(&self, idents: &Idents) -> Option<Ident> {
        let (server, client) = (self.builder.server.ip, self.builder.client.ip);
        let asked = || idents.since(server, client, self.connection.first);
        if self.builder.greeted() { self.ident } else { asked() }
    }

    /// Lets time pass for holes in the streams.
    #[inline]
    pub fn tick(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let holes = self.from_client.waiting_since().or(self.from_server.waiting_since());
        if holes.is_some() || self.builder.somebody_waits() {
            self.pass(now, effects);
        }
    }

    #[cold]
    fn pass(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for side in [Side::Client, Side::Server] {
            let (stream, end) = match side {
                Side::Client => (&mut self.from_client, self.builder.client),
                Side::Server => (&mut self.from_server, self.builder.server),
            };
            let acked = self.connection.from(end).acked;
            let builder = &mut self.builder;
            stream.tick(now, acked, &mut |chunk| builder.chunk(side, chunk, false, effects));
        }
        let waiting = (self.from_client.waiting_since(), self.from_server.waiting_since());
        self.builder.release(waiting.0, waiting.1, effects);
    }

    /// No more packets will come.
    pub fn finish(&mut self, effects: &mut Vec<Effect>) {
        for side in [Side::Client, Side::Server] {
            let (stream, end) = match side {
                Side::Client => (&mut self.from_client, self.builder.client),
                Side::Server => (&mut self.from_server, self.builder.server),
            };
            let half = self.connection.from(end);
            let proven = half.acked.map(|a| half.fin_offset.map_or(a, |f| f.min(a)));
            let builder = &mut self.builder;
            stream.finish(proven, &mut |chunk| builder.chunk(side, chunk, false, effects));
        }
        self.builder.release(None, None, effects);
        self.builder.finish(effects);
        self.builder.release(None, None, effects);
    }
}

packed_enum!(Standing { 0 => Session, 1 => Greeted, 2 => ImplicitPort });
packed!(Control {
    serial,
    connection,
    builder,
    standing,
    data,
    listening,
    ending,
    ident,
    from_client,
    from_server,
} without { look });

/// What is known of a control connection at rest.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Place of its first packet.
    pub first: u64,
    /// Its latest packet.
    pub last: u64,
    /// When that was.
    pub last_time: Timestamp,
    /// Its handshake was completed.
    pub worked: bool,
}

impl Rest for Control {
    type Head = Head;

    fn head(&self) -> Head {
        let c = &self.connection;
        Head {
            first: c.first.order,
            last: c.last.order,
            last_time: c.last.time,
            worked: c.worked(),
        }
    }

    fn last(&self) -> Timestamp {
        self.connection.last.time
    }
}
