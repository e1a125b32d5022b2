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
    pub(super) data: Vec<Given>,
    pub(super) other_traffic: bool,
    pub(super) ident: Option<Ident>,
    pub(super) losses: Vec<CaptureLoss>,
    pub(super) point: ClosingPoint,
    pub(super) now: Moment,
}

/// A data connection, for a channel of the session.
#[derive(Debug)]
pub(super) enum Given {
    /// All of it, and the index of the channel.
    Whole(usize, Data),
    /// As it stands, for a channel of another session goes on with it.
    Copy(Dial),
}

/// Sessions at their closing point, in that order.
pub type ClosedSessions = Vec<Closed>;

impl Closed {
    /// The finished session.
    pub fn session(self) -> Box<Session> {
        let mut dialogue = self.control.finished();
        let data = self.data.into_iter().map(|given| match given {
            Given::Whole(channel, data) => data.given_away(channel),
            Given::Copy(dial) => dial,
        });
        let connections = Connections {
            control: dialogue.connection,
            data: data.collect(),
            other_traffic: self.other_traffic,
            ident: self.ident,
            losses: self.losses,
        };
        dialogue.builder.finished(self.id, connections, self.point, self.now)
    }
}
