//! A data connection being followed.

use std::slice::from_ref;

use prefetch_index::prefetch_index;

use super::backlog::Backlog;
use super::table::Rest;
use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment};
use crate::pack::{packed, packed_enum};
use crate::session::{Dial, Piece, TlsWatch};
use crate::tcp::{Connection, ConnectionState, Payload};

/// What is noted of a data connection: there is room for small files and listings. What brings more is
/// not worth it.
type Notes = Backlog<224, false>;

/// A data connection and the channels that it belongs to: two with FXP.
#[derive(Debug)]
pub(super) struct Data {
    seen: Seen,
    pub(super) owners: Owners,
    /// Watched when TLS protects the session; whether the initiator is on the client's side.
    pub(super) tls: Option<(bool, Box<TlsWatch>)>,
}

/// What was seen of it.
#[derive(Debug)]
enum Seen {
    /// All from its SYN on, and not taken yet.
    Noted(Box<Notes>),
    Taken(Box<Connection>),
}

/// The channels of a data connection: keys of control connections and channel indices.
#[derive(Debug)]
pub(super) struct Owners {
    pub(super) first: (usize, usize),
    pub(super) second: Option<Box<(usize, usize)>>,
}

impl Owners {
    /// Takes out one that is over; true when that was the last one.
    pub(super) fn lose(&mut self, control: usize) -> bool {
        if self.first.0 != control {
            self.second = self.second.take().filter(|second| second.0 != control);
            return false;
        }
        match self.second.take() {
            Some(second) => {
                self.first = *second;
                false
            }
            None => true,
        }
    }
}

impl Seen {
    /// The connection, with all that was noted.
    #[inline]
    fn taken(&mut self) -> &mut Connection {
        match self {
            Self::Taken(connection) => connection,
            Self::Noted(noted) => {
                *self = Self::Taken(all_of(noted, true));
                self.taken()
            }
        }
    }

    fn given_away(self) -> Box<Connection> {
        match self {
            Self::Taken(connection) => connection,
            Self::Noted(noted) => all_of(&noted, false),
        }
    }
}

/// The connection of which this is all that was seen; `more` when something else may come.
#[inline(never)]
fn all_of(noted: &Notes, more: bool) -> Box<Connection> {
    let [initiator, responder] = noted.ends();
    let mut connection = Connection::boxed(initiator, responder, noted.first());
    noted.all_taken_by(&mut *connection, more);
    connection
}

impl Data {
    /// A data connection as it was followed so far.
    pub(super) fn new(
        connection: Box<Connection>,
        owners: Owners,
        tls: Option<(bool, Box<TlsWatch>)>,
    ) -> Self {
        Self { seen: Seen::Taken(connection), owners, tls }
    }

    /// One that this SYN dials: it is noted. `None` of any other segment.
    pub(super) fn dialled(s: &Segment<'_>, at: Moment, owners: Owners) -> Option<Self> {
        if !Notes::begins(s) {
            return None;
        }
        let mut noted = Box::<Notes>::default();
        noted.dial(s, at);
        Some(Self { seen: Seen::Noted(noted), owners, tls: None })
    }

    /// Who dialled, and who was dialled.
    pub(super) fn ends(&self) -> [Endpoint; 2] {
        match &self.seen {
            Seen::Noted(noted) => noted.ends(),
            Seen::Taken(connection) => [connection.initiator, connection.responder],
        }
    }

    /// The connection, with all that was noted.
    pub(super) fn connection(&mut self) -> &mut Connection {
        self.seen.taken()
    }

    /// The same, given away, for a channel.
    pub(super) fn given_away(self, channel: usize) -> Dial {
        let tls = self.tls.map(|(_, watch)| Box::new(watch.seen));
        Dial { channel, connection: self.seen.given_away(), tls }
    }

    /// A copy of it as it stands, for a channel.
    pub(super) fn as_it_stands(&self, channel: usize) -> Dial {
        let tls = self.tls.as_ref().map(|(_, watch)| Box::new(watch.seen.clone()));
        let connection = match &self.seen {
            Seen::Taken(connection) => connection.clone(),
            Seen::Noted(noted) => all_of(noted, false),
        };
        Dial { channel, connection, tls }
    }

    /// Its handshake, or what the capture holds of it, was completed.
    pub(super) fn worked(&self) -> bool {
        match &self.seen {
            Seen::Taken(connection) => connection.worked(),
            Seen::Noted(noted) => noted.worked(),
        }
    }

    /// This is what comes next, and can be noted.
    pub(super) fn expects(&self, s: &Segment<'_>, at: Moment) -> bool {
        matches!(&self.seen, Seen::Noted(noted) if noted.fits(s, at).is_some())
    }

    /// Takes a segment that is the next one of its side in a steady connection, see
    /// [`Connection::in_order`]; `false`, and nothing is done, of any other.
    #[inline(always)]
    pub(super) fn in_order(&mut self, s: &Segment<'_>, at: Moment) -> bool {
        match &mut self.seen {
            Seen::Taken(connection) if self.tls.is_none() => connection.in_order(s, at).is_some(),
            _ => false,
        }
    }

    #[inline]
    pub(super) fn segment(&mut self, s: &Segment<'_>, at: Moment) {
        if let Seen::Noted(noted) = &mut self.seen
            && let Some(from) = noted.fits(s, at)
        {
            noted.note(from, s, at);
            return;
        }
        let connection = self.seen.taken();
        let payload = connection.segment(s, at);
        if let (Some((passive, watch)), Payload::New(offset)) = (&mut self.tls, payload) {
            let from_client = (s.src == connection.initiator) == *passive;
            let start = connection.from(s.src).stream_start();
            let piece = Piece { from_client, offset, bytes: s.payload, len: s.payload_len, at };
            watch.piece(piece, start);
        }
    }
}

packed_enum!(Seen { 0 => Noted(noted), 1 => Taken(connection) });
packed!(Owners { first, second });
packed!(Data { seen, owners } without { tls });

/// What is known of a data connection at rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataHead {
    pub(super) last: Moment,
    pub(super) state: ConnectionState,
}

impl Rest for Data {
    type Head = DataHead;

    fn head(&self) -> DataHead {
        match &self.seen {
            Seen::Noted(noted) => DataHead { last: noted.last(), state: noted.state() },
            Seen::Taken(c) => DataHead { last: c.last, state: c.state() },
        }
    }

    fn last(&self) -> Timestamp {
        match &self.seen {
            Seen::Noted(noted) => noted.last().time,
            Seen::Taken(connection) => connection.last.time,
        }
    }

    fn read(&self) -> usize {
        match &self.seen {
            Seen::Noted(noted) => noted.read(),
            Seen::Taken(connection) => connection.last.order as usize,
        }
    }

    fn fetch(&self) {
        match &self.seen {
            Seen::Noted(noted) => noted.fetch(),
            Seen::Taken(connection) => prefetch_index(from_ref(&**connection), 0),
        }
    }

    fn fetch_rest(&self) {
        if let Seen::Noted(noted) = &self.seen {
            noted.fetch_rest();
        }
    }

    fn read_to_pack(&self) -> usize {
        self.read()
    }

    fn is_plain(&self) -> bool {
        matches!(self.seen, Seen::Noted(_)) && self.tls.is_none()
    }
}
