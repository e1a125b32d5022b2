//! Data connections: matched to what was announced, or inferred where that can't be read.

use super::control::Standing;
use super::data::{Data, Owners};
use super::dialogue::Dialogue;
use super::flows::{FlowKey, Slot};
use super::sequential::Engine;
use crate::capture::Moment;
use crate::decode::{Endpoint, Segment};
use crate::session::{BACKWARDS, Expectation, Mode, Partner};
use crate::tcp::Connection;

/// How long after its control connection's end a data connection may still begin.
pub(super) const AFTER_CONTROL: std::time::Duration = std::time::Duration::from_secs(2);
/// How recent a client's control record must be to explain a data connection.
const RECENT: std::time::Duration = std::time::Duration::from_secs(2);
/// Endpoints remembered as serving something else.
const MAX_SERVED: usize = 65_536;

impl Engine {
    /// Attaches the connection that `s` belongs to if an announcement explains it.
    pub(super) fn try_data(&mut self, key: FlowKey, s: &Segment<'_>, at: Moment) -> bool {
        if self.expectations.is_empty() {
            return false;
        }
        let find = |listening: &Endpoint, dialler: &Endpoint| {
            self.expectations.find(listening, dialler.ip, at)
        };
        let (found, turn) = match (s.flags.syn(), s.flags.ack()) {
            (true, false) => (find(&s.dst, &s.src), false),
            (true, true) => (find(&s.src, &s.dst), false),
            // No handshake captured: either end may be the one that listened. A FIN alone is the
            // tail of something older.
            _ if s.flags.fin() && s.payload_len == 0 => return false,
            _ => match find(&s.dst, &s.src) {
                Some(found) => (Some(found), false),
                None => (find(&s.src, &s.dst), true),
            },
        };
        let Some((first, other)) = found else { return false };
        if self.notes && !self.controls.get_mut(first.0).is_some_and(|c| c.is_hidden()) {
            let owners = Owners { first, second: other.map(Box::new) };
            if let Some(dialled) = Data::dialled(s, at, owners) {
                self.give(key, dialled, first, other);
                return true;
            }
        }
        let mut connection = Box::new(Connection::new(s, at));
        if turn {
            connection.swap();
        }
        connection.segment(s, at);
        self.attach(connection, first, other);
        debug_assert!(matches!(self.flows.get(key), Some(Slot::Data(_))));
        true
    }

    /// Enters a data connection into the tables and gives it to its channel, or to both of them:
    /// keys of control connections and channel indices.
    pub(super) fn attach(
        &mut self,
        connection: Box<Connection>,
        first: (usize, usize),
        second: Option<(usize, usize)>,
    ) {
        let control = self.controls.get_mut(first.0);
        let tls = control.and_then(|c| c.tls_watch(first.1));
        let owners = Owners { first, second: second.map(Box::new) };
        let flow = FlowKey::new(connection.initiator, connection.responder);
        self.give(flow, Data::new(connection, owners, tls), first, second);
    }

    // The flow by itself: ends that are moved are waited for.
    fn give(
        &mut self,
        flow: FlowKey,
        data: Data,
        first: (usize, usize),
        second: Option<(usize, usize)>,
    ) {
        let key = self.data.insert(data);
        self.flows.set(flow, Slot::Data(key));
        for (control, channel) in std::iter::once(first).chain(second) {
            if let Some(c) = self.controls.get_mut(control) {
                let place = c.data.partition_point(|d| d.0 <= channel);
                c.data.insert(place, (channel, key));
            }
        }
    }

    /// An endpoint was announced: expects connections there, and takes those that came early.
    pub(super) fn expect(
        &mut self,
        key: usize,
        channel: usize,
        listening: [Option<Endpoint>; 2],
        mode: Mode,
        dialler: std::net::IpAddr,
        at: Moment,
    ) {
        let expectation = Expectation { session: key, channel, at, mode, dialler, until: None };
        for endpoint in listening.into_iter().flatten() {
            if let Some(other) = self.expectations.add(endpoint, expectation) {
                self.pair(&expectation, &other);
            }
            if let Some(c) = self.controls.get_mut(key) {
                c.listening.push(endpoint);
            }
            for candidate in self.candidates.to(endpoint) {
                let Some(began) = self.candidates.began(candidate) else { continue };
                let Some(initiator) = self.candidates.initiator(candidate) else { continue };
                // Held back behind a hole, an announcement may be read after connections that
                // came after it, or long after some that came before it.
                if began < at && at.time.since(began.time) > BACKWARDS {
                    continue;
                }
                let found = self.expectations.find(&endpoint, initiator.ip, began);
                let Some((best, other)) = found else { continue };
                if let Some(taken) = self.candidates.take(candidate) {
                    self.attach(taken.connection, best, other);
                }
            }
        }
    }

    /// One client named the same endpoint to two servers: one is to listen there, the other to dial.
    fn pair(&mut self, a: &Expectation, b: &Expectation) {
        let mut partner = |e: &Expectation| {
            let c = self.controls.get_mut(e.session)?;
            Some(Partner { client: c.client(), server: c.server(), at: e.at })
        };
        let (Some(pa), Some(pb)) = (partner(a), partner(b)) else { return };
        if pa.client.ip != pb.client.ip || pa.server == pb.server {
            return;
        }
        for (e, partner) in [(a, pb), (b, pa)] {
            if let Some(c) = self.controls.get_mut(e.session) {
                c.dialogue().builder.paired(e.channel, partner);
            }
        }
    }

    /// The hidden session that explains a new connection which nobody announced in clear, and a
    /// new channel in it.
    ///
    /// Same two addresses; between the start of TLS and the control's end + 2 s; the client dials
    /// (passive, both ports above 1023) or the server does (active); the responder's port wasn't
    /// serving something else.
    pub(super) fn infer(&mut self, connection: &Connection) -> Option<(usize, usize)> {
        let (from, to) = (connection.initiator, connection.responder);
        let pair = (from.ip.min(to.ip), from.ip.max(to.ip));
        let began = connection.first;
        let fits = |engine: &Self, key: usize| {
            let c = engine.controls.awake(key)?;
            // Nothing is noted of TLS.
            let Dialogue { builder: b, connection, .. } = c.taken()?;
            let mode = if from.ip == b.client.ip && from.port > 1023 && to.port > 1023 {
                Mode::Passive
            } else if from.ip == b.server.ip && to.port > 1023 {
                Mode::Active
            } else {
                return None;
            };
            let alive =
                !connection.ended() || began.time <= connection.last.time.plus(AFTER_CONTROL);
            let since = b.tls_since().is_some_and(|t| t <= began);
            (since && alive && c.standing == Standing::Session).then_some(mode)
        };
        let hidden = self.hidden.get(&pair).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<(usize, Mode, Option<Moment>)> = hidden
            .iter()
            .filter_map(|k| {
                let record = self.controls.awake(*k)?.taken()?.builder.last_client_record();
                Some((*k, fits(self, *k)?, record))
            })
            .collect();
        let other_service = self.interest.is_control(to.port) || self.served.contains(&to);
        if found.is_empty() || other_service {
            if self.served.len() < MAX_SERVED {
                self.served.insert(to);
            }
            return None;
        }
        found.sort_by_key(|f| std::cmp::Reverse(f.2));
        let recent = |f: &&(usize, Mode, Option<Moment>)| {
            f.2.is_some_and(|r| began.time.since(r.time) <= RECENT)
        };
        let recents = found.iter().filter(recent).count();
        let (key, mode, _) = *found.first()?;
        // Two sessions whose clients both just spoke: the later one is likelier, not certain.
        let tie = found.len() > 1 && recents != 1;
        let channel = self.controls.get_mut(key)?.dialogue().builder.infer_channel(mode, tie);
        Some((key, channel))
    }

    /// From now on this session's announcements can't be read.
    pub(super) fn tls_began(&mut self, key: usize) {
        self.confirm(key);
        if let Some(c) = self.controls.get_mut(key) {
            let (a, b) = (c.client().ip, c.server().ip);
            let list = self.hidden.entry((a.min(b), a.max(b))).or_default();
            if !list.contains(&key) {
                list.push(key);
            }
        }
    }

    /// The control channel is in clear again (CCC).
    pub(super) fn tls_ended(&mut self, key: usize) {
        if let Some(c) = self.controls.get_mut(key) {
            let (a, b) = (c.client().ip, c.server().ip);
            let pair = (a.min(b), a.max(b));
            if let Some(list) = self.hidden.get_mut(&pair) {
                list.retain(|k| *k != key);
                if list.is_empty() {
                    self.hidden.remove(&pair);
                }
            }
        }
    }
}
