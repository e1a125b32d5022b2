//! A data connection being followed.

use super::table::Rest;
use crate::capture::{Moment, Timestamp};
use crate::decode::Segment;
use crate::pack::packed;
use crate::session::{Piece, TlsWatch};
use crate::tcp::{Connection, ConnectionState, Payload};

/// A data connection and the channels that it belongs to: two with FXP.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) connection: Box<Connection>,
    pub(super) owners: Owners,
    /// Watched when TLS protects the session; whether the initiator is on the client's side.
    pub(super) tls: Option<(bool, Box<TlsWatch>)>,
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

impl Data {
    pub(super) fn segment(&mut self, s: &Segment<'_>, at: Moment) {
        let payload = self.connection.segment(s, at);
        if let (Some((passive, watch)), Payload::New(offset)) = (&mut self.tls, payload) {
            let from_client = (s.src == self.connection.initiator) == *passive;
            let start = self.connection.from(s.src).stream_start();
            let piece = Piece { from_client, offset, bytes: s.payload, len: s.payload_len, at };
            watch.piece(piece, start);
        }
    }
}

packed!(Owners { first, second });
packed!(Data { connection, owners } without { tls });

/// What is known of a data connection at rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataHead {
    pub(super) last: Moment,
    pub(super) state: ConnectionState,
}

impl Rest for Data {
    type Head = DataHead;

    fn head(&self) -> DataHead {
        DataHead { last: self.connection.last, state: self.connection.state() }
    }

    fn last(&self) -> Timestamp {
        self.connection.last.time
    }
}
