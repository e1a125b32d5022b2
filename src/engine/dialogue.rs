//! What is said on a control connection, as its segments are taken.

use super::backlog::Taking;
use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment, Seq};
use crate::pack::packed;
use crate::session::{Builder, Effect, Preview, Side};
use crate::tcp::{Connection, Payload, Reassembler};

/// A control connection's TCP facts, both streams, the dialogue.
#[derive(Debug)]
pub struct Dialogue {
    /// TCP.
    pub connection: Box<Connection>,
    /// The dialogue so far.
    pub builder: Builder,
    from_client: Reassembler,
    from_server: Reassembler,
}

impl Dialogue {
    /// Of a connection that `client` dialled at that time, and of which nothing was taken yet.
    pub fn dialled(client: Endpoint, server: Endpoint, at: Moment) -> Box<Self> {
        Self::new(Connection::boxed(client, server, at), client)
    }

    /// On a connection of `client`, of which `connection` is known so far.
    pub fn new(connection: Box<Connection>, client: Endpoint) -> Box<Self> {
        // Made where it stays, as all that is large.
        let room = Box::new_uninit();
        let server = if client == connection.initiator {
            connection.responder
        } else {
            connection.initiator
        };
        let midstream = connection.midstream;
        Box::write(
            room,
            Self {
                connection,
                builder: Builder::new(client, server, midstream),
                from_client: Reassembler::default(),
                from_server: Reassembler::default(),
            },
        )
    }

    /// Takes a segment; what follows from it is added to `effects`.
    pub fn segment(&mut self, s: &Segment<'_>, at: Moment, effects: &mut Vec<Effect>) {
        let duplicates = self.connection.duplicates;
        let payload = self.connection.segment(s, at);
        if self.connection.duplicates > duplicates {
            return;
        }
        self.builder.packet(s, at);
        if let Payload::New(offset) = payload {
            self.said(offset, s, at, effects);
        }
        self.tick(at.time, effects);
    }

    /// Takes what a segment says from this stream offset on.
    #[inline]
    fn said(&mut self, offset: u64, s: &Segment<'_>, at: Moment, effects: &mut Vec<Effect>) {
        let half = self.connection.from(s.src);
        let (start, acked) = (half.stream_start(), half.acked);
        let (side, stream, other) = if s.src == self.builder.client {
            (Side::Client, &mut self.from_client, &self.from_server)
        } else {
            (Side::Server, &mut self.from_server, &self.from_client)
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

    /// Of what comes next it can be foretold what follows from it: the two sides' next sequence numbers.
    pub fn preview(&self) -> Option<(Preview, [Seq; 2])> {
        let preview = self.builder.preview()?;
        let connection = &self.connection;
        if !connection.worked() || connection.is_marked() {
            return None;
        }
        let next = |end: Endpoint| {
            let client = end == self.builder.client;
            let stream = if client { &self.from_client } else { &self.from_server };
            let whole = stream.waiting_since().is_none();
            connection.from(end).next_in_order(stream.position()).filter(|_| whole)
        };
        Some((preview, [next(connection.initiator)?, next(connection.responder)?]))
    }
}

/// A dialogue that takes segments, and what follows from them.
pub(super) struct Heard<'a> {
    pub(super) dialogue: &'a mut Dialogue,
    pub(super) effects: &'a mut Vec<Effect>,
}

impl Taking for Heard<'_> {
    #[inline(always)]
    fn connection(&mut self) -> &mut Connection {
        &mut self.dialogue.connection
    }

    // Nothing is missing of such a connection, and so nobody waits for anything.
    #[inline(always)]
    fn in_turn(&mut self, s: &Segment<'_>, at: Moment, payload: Payload) {
        if let Payload::New(offset) = payload {
            self.dialogue.said(offset, s, at, self.effects);
        }
        debug_assert!(!self.dialogue.builder.somebody_waits());
    }

    fn segment(&mut self, s: &Segment<'_>, at: Moment) {
        self.dialogue.segment(s, at, self.effects);
    }
}

packed!(Dialogue { connection, builder, from_client, from_server });
