//! Taking what was noted of a connection from its SYN on.

use super::Backlog;
use crate::capture::Moment;
use crate::decode::Segment;
use crate::tcp::{Connection, InTurn, Payload};

/// Whoever takes the segments of a connection.
pub trait Taking {
    /// What is known of it.
    fn connection(&mut self) -> &mut Connection;

    /// Takes a segment, which the connection has taken in its turn.
    fn in_turn(&mut self, s: &Segment<'_>, at: Moment, payload: Payload);

    /// Takes any segment.
    fn segment(&mut self, s: &Segment<'_>, at: Moment);
}

impl Taking for Connection {
    #[inline(always)]
    fn connection(&mut self) -> &mut Connection {
        self
    }

    #[inline(always)]
    fn in_turn(&mut self, _: &Segment<'_>, _: Moment, _: Payload) {}

    fn segment(&mut self, s: &Segment<'_>, at: Moment) {
        Self::segment(self, s, at);
    }
}

impl<const ROOM: usize, const TEXT: bool> Backlog<ROOM, TEXT> {
    /// Has `to`, which took nothing of the connection yet, take all that was noted from its SYN on; `more`
    /// when it may take other segments after these.
    #[inline(always)]
    pub fn all_taken_by(&self, to: &mut impl Taking, more: bool) {
        let mut turns = Some(InTurn::default());
        let mut taken = 0;
        self.each(|from, s, at| {
            if let Some(turns) = &mut turns
                && let Some(payload) = turns.take(to.connection(), from, s, at)
            {
                taken += 1;
                return to.in_turn(s, at, payload);
            }
            if turns.take().is_some() {
                self.recalled(taken, to.connection());
            }
            to.segment(s, at);
        });
        if more && turns.is_some() {
            self.recalled(taken, to.connection());
        }
    }

    /// Has the connection remember the first so many, which it took in their turn.
    #[inline(never)]
    fn recalled(&self, mut taken: usize, connection: &mut Connection) {
        self.each(|from, s, at| {
            if taken > 0 {
                taken -= 1;
                connection.recall(from, s, at);
            }
        });
    }
}
