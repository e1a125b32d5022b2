//! A session at its closing point, in the parts that the engine followed.

use super::control::Control;
use super::sequential::Data;
use crate::capture::{CaptureLoss, Moment};
use crate::session::{ClosingPoint, Connections, Ident, Session, Tls, TlsWatch};
use crate::tcp::Connection;

/// A session at its closing point. Put together by whoever judges it: the engine has no time.
#[derive(Debug)]
pub struct Closed {
    pub(super) id: u64,
    pub(super) control: Box<Control>,
    /// Those of each channel, in order of their first packet, and what their TLS shows.
    pub(super) data: Vec<Vec<DataEnd>>,
    pub(super) other_traffic: bool,
    pub(super) ident: Option<Ident>,
    pub(super) losses: Vec<CaptureLoss>,
    pub(super) point: ClosingPoint,
    pub(super) now: Moment,
}

/// A data connection, and what its TLS shows.
pub(super) type DataEnd = (Box<Connection>, Option<Box<Tls>>);

/// Sessions at their closing point, in that order.
pub type ClosedSessions = Vec<Closed>;

impl Closed {
    /// The finished session.
    pub fn session(self) -> Box<Session> {
        let Control { builder, connection, .. } = *self.control;
        let connections = Connections {
            control: connection,
            data: self.data,
            other_traffic: self.other_traffic,
            ident: self.ident,
            losses: self.losses,
        };
        builder.finished(self.id, connections, self.point, self.now)
    }
}

impl Data {
    /// The connection itself.
    pub(super) fn given_away(self) -> DataEnd {
        (self.connection, self.tls.map(seen))
    }

    /// A copy of the connection as it stands.
    pub(super) fn as_it_stands(&self) -> DataEnd {
        (self.connection.clone(), self.tls.as_ref().map(|w| Box::new(w.1.seen.clone())))
    }
}

fn seen((_, watch): (bool, Box<TlsWatch>)) -> Box<Tls> {
    Box::new(watch.seen)
}
