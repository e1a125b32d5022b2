//! A session at its closing point, in the parts that the engine followed.

use super::control::Control;
use super::data::Data;
use crate::capture::{CaptureLoss, Moment};
use crate::session::{ClosingPoint, Connections, Dial, Ident, Session};

/// A session at its closing point. Put together by whoever judges it: the engine has no time.
#[derive(Debug)]
pub struct Closed {
    pub(super) id: u64,
    pub(super) control: Box<Control>,
    pub(super) data: Vec<Dial>,
    pub(super) other_traffic: bool,
    pub(super) ident: Option<Ident>,
    pub(super) losses: Vec<CaptureLoss>,
    pub(super) point: ClosingPoint,
    pub(super) now: Moment,
}

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
    /// The connection itself, for a channel.
    pub(super) fn given_away(self, channel: usize) -> Dial {
        let tls = self.tls.map(|(_, watch)| Box::new(watch.seen));
        Dial { channel, connection: self.connection, tls }
    }

    /// A copy of the connection as it stands, for a channel.
    pub(super) fn as_it_stands(&self, channel: usize) -> Dial {
        let tls = self.tls.as_ref().map(|(_, watch)| Box::new(watch.seen.clone()));
        Dial { channel, connection: self.connection.clone(), tls }
    }
}
