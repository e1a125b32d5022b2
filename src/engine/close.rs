//! Closing points: when a session is judged, and its number.

use std::time::Duration;

use super::attach::AFTER_CONTROL;
use super::closed::{Closed, Given};
use super::control::{Control, Standing};
use super::data::Data;
use super::dialogue::Dialogue;
use super::flows::{FlowKey, Slot};
use super::sequential::Engine;
use super::table::Table;
use crate::capture::{Moment, Timestamp};
use crate::session::ClosingPoint;
use crate::tcp::{Connection, ConnectionState};

/// Sessions followed at once; beyond it the one silent for longest is judged as it stands.
const MAX_SESSIONS: usize = 4_000_000;
/// Who stays this long without a word has waited for a greeting.
const WAITED: Duration = Duration::from_secs(5);
/// A dial that never worked is over after this silence.
const DIAL_OVER: Duration = Duration::from_secs(10);

/// Whether what sessions expected is left over that were closed at the end of the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LeftOver {
    #[default]
    None,
    Some,
    /// None any more: it was asked for once, and may be again.
    Asked,
}

impl Engine {
    /// A flow turned out to be FTP.
    pub(super) fn confirm(&mut self, key: usize) {
        if let Some(c) = self.controls.get_mut(key)
            && c.standing != Standing::Session
        {
            c.standing = Standing::Session;
            self.numbering.add(c.first().order, key);
        }
    }

    /// A flow turned out not to be FTP: forgets it, unless its port says it is a session.
    pub(super) fn reject(&mut self, key: usize) {
        let Some(c) = self.controls.get_mut(key) else { return };
        if c.standing == Standing::Greeted {
            let flow = FlowKey::new(c.client(), c.server());
            self.controls.take(key);
            self.flows.remove(flow, Slot::Control(key));
        }
    }

    /// The control connection ended; `replaced` by a new one on its 4-tuple.
    pub(super) fn control_over(&mut self, key: usize, replaced: bool) {
        let Some(c) = self.controls.get_mut(key) else { return };
        let due = self.now.time.plus(AFTER_CONTROL);
        if replaced {
            let flow = FlowKey::new(c.client(), c.server());
            self.flows.remove(flow, Slot::Control(key));
        }
        if c.ending {
            return;
        }
        c.ending = true;
        self.expectations.expire(key, &c.listening, due);
        self.closing.add(due, c.serial, key);
        self.due_at(due);
    }

    /// A session may have come to its closing point by then.
    #[inline]
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        // One time to compare with for all that is to be done; it is seldom past.
        let is_due = || self.closing.next_due().is_some_and(|due| due < now);
        debug_assert!(self.due_before(now) || !is_due());
        self.due_before(now) && is_due()
    }

    /// Closes up to `most` of the sessions that have come to their closing point at `at`, as
    /// [`Engine::advance`] does with all of them.
    pub(super) fn close_due(&mut self, at: Moment, most: usize) {
        self.set_now(at);
        while self.is_due(self.now.time) && self.finished.len() < most {
            self.judge_next();
        }
    }

    /// Judges the sessions whose closing point has come.
    pub(super) fn judge_due(&mut self) {
        while self.is_due(self.now.time) {
            self.judge_next();
        }
        if self.is_full()
            && let Some(key) =
                self.controls.heads().min_by_key(|(_, head)| head.last).map(|(key, _)| key)
        {
            self.close(key, ClosingPoint::Evicted);
        }
    }

    /// More sessions are followed than may be.
    pub(super) fn is_full(&self) -> bool {
        self.controls.len() > MAX_SESSIONS
    }

    fn judge_next(&mut self) {
        self.fetch_next_closing();
        if let Some((serial, key)) = self.closing.take() {
            let Some(c) = self.controls.get_mut(key).filter(|c| c.serial == serial) else {
                return;
            };
            if channels_over(c, &self.data, self.now.time) {
                self.close(key, ClosingPoint::Closed);
            } else {
                let again = self.now.time.plus(AFTER_CONTROL);
                self.closing.add(again, serial, key);
            }
        }
    }

    /// The capture is over: what is left is at its closing point too.
    pub fn finish(&mut self) {
        for key in self.left() {
            self.close_last(key);
        }
    }

    /// The connections that are left, in the order in which they are to be closed.
    pub(super) fn left(&self) -> Vec<usize> {
        let mut left: Vec<(u64, usize)> =
            self.controls.heads().map(|(key, head)| (head.first, key)).collect();
        left.sort_unstable();
        left.into_iter().map(|(_, key)| key).collect()
    }

    /// The capture is over: this connection is at its closing point.
    pub(super) fn close_last(&mut self, key: usize) {
        self.close(key, ClosingPoint::EndOfInput);
    }

    pub(super) fn close(&mut self, key: usize, point: ClosingPoint) {
        let mut effects = Vec::new();
        if let Some(c) = self.controls.get_mut(key) {
            c.finish(&mut effects);
        }
        if !effects.is_empty() {
            self.forget_left_over();
        }
        self.apply(key, effects);
        let Some(c) = self.controls.get_mut(key) else { return };
        if !is_session(c) {
            let flow = FlowKey::new(c.client(), c.server());
            self.controls.take(key);
            self.flows.remove(flow, Slot::Control(key));
            return;
        }
        self.confirm(key);
        self.number_up_to(key);
        self.tls_ended(key);
        let Some(mut control) = self.controls.take(key) else { return };
        let flow = FlowKey::new(control.client(), control.server());
        // No packet comes any more that could be of a flow that has ended, or that is expected.
        let is_last = point == ClosingPoint::EndOfInput;
        if is_last && self.left_over != LeftOver::Asked {
            self.left_over = LeftOver::Some;
        } else {
            self.expectations.forget(key, &control.listening);
        }
        if !is_last {
            self.flows.end(flow, Slot::Control(key), self.now.time);
        }
        let data = self.take_data(key, &control.data, is_last);
        self.finished.push(Closed {
            id: self.numbering.take(key),
            ident: control.ident(&self.idents),
            other_traffic: self.other_traffic,
            losses: self.losses_since(control.first().time),
            control,
            data,
            point,
            now: self.now,
        });
    }

    /// Forgets what sessions expected that were closed at the end of the capture: somebody may ask.
    #[cold]
    fn forget_left_over(&mut self) {
        if self.left_over == LeftOver::Some {
            let controls = &self.controls;
            self.expectations.retain(|session| controls.head(session).is_some());
            self.left_over = LeftOver::Asked;
        }
    }

    /// The connections of a session's channels; copied when another session has a share in them.
    fn take_data(&mut self, control: usize, keys: &[(usize, usize)], is_last: bool) -> Vec<Given> {
        let mut taken = Vec::with_capacity(keys.len());
        for &(channel, k) in keys {
            let Some(d) = self.data.get_mut(k) else { continue };
            if d.owners.lose(control) {
                let Some(d) = self.data.take(k) else { continue };
                if !is_last {
                    let [initiator, responder] = d.ends();
                    let flow = FlowKey::new(initiator, responder);
                    self.flows.end(flow, Slot::Data(k), self.now.time);
                }
                taken.push(Given::Whole(channel, d));
            } else {
                taken.push(Given::Copy(d.as_it_stands(channel)));
            }
        }
        taken
    }

    /// Gives numbers to all sessions that began no later than this one. Every session that began
    /// earlier is known by now: a closing point is at least 2 s after the first packet.
    pub(super) fn number_up_to(&mut self, key: usize) {
        let Some(order) = self.controls.head(key).map(|head| head.first) else { return };
        self.numbering.up_to(order);
    }
}

fn channels_over(control: &Control, data: &Table<Data>, now: Timestamp) -> bool {
    control.data.iter().filter_map(|d| data.head(d.1)).all(|d| {
        let silence = now.since(d.last.time);
        match d.state {
            ConnectionState::Closed | ConnectionState::Reset | ConnectionState::Refused => true,
            ConnectionState::Unanswered
            | ConnectionState::Unreachable
            | ConnectionState::HandshakeIncomplete => silence > DIAL_OVER,
            ConnectionState::Established | ConnectionState::HalfClosed => false,
        }
    })
}

/// Connected, and for long enough to have waited for a greeting nobody spoke before the close.
fn waited_in_vain(c: &Connection) -> bool {
    let halves = [&c.from_initiator, &c.from_responder];
    let closed = halves.iter().flat_map(|h| [h.fin, h.rst.map(|r| r.at)]).flatten().min();
    let (Some(open), Some(closed)) = (c.established, closed) else { return false };
    closed.time.since(open.time) >= WAITED && c.first_byte().is_none_or(|b| b > closed)
}

/// On 990: a SYN without an answer is a session all the same, and so is a ClientHello, or a client
/// that waited for a greeting.
pub(super) fn is_session(c: &Control) -> bool {
    match c.standing {
        Standing::Session => true,
        Standing::ImplicitPort => {
            let dial = matches!(
                c.state(),
                ConnectionState::Unanswered
                    | ConnectionState::Unreachable
                    | ConnectionState::Refused
            );
            let tells =
                |d: &Dialogue| d.builder.says_client_hello() || waited_in_vain(&d.connection);
            dial || c.taken().is_some_and(tells)
        }
        Standing::Greeted => false,
    }
}
