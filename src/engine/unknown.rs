//! Packets of 4-tuples that are in no table: what may begin with them.

use super::control::{Control, Standing};
use super::flows::{FlowKey, Slot};
use super::sequential::{Engine, Matters};
use crate::capture::Moment;
use crate::decode::{Endpoint, Segment};
use crate::tcp::Connection;

impl Engine {
    /// A packet of a 4-tuple that is in no table.
    pub(super) fn unknown(&mut self, key: FlowKey, s: &Segment<'_>, at: Moment) -> Matters {
        let syn = s.flags.syn();
        if s.flags.rst() && !syn {
            // An RST alone, after everything was over or for a connection never seen.
            return Matters::No;
        }
        let control = self.interest.control_end(s);
        if !syn {
            let expected = self.expectations.may_be_at(s.src.port, s.dst.port);
            let greets = || crate::ftp::recognise::looks_like_greeting(s.payload);
            // What isn't FTP's is nothing more than this.
            if !expected && control.is_none() && !greets() {
                self.other_traffic = self.other_traffic || !self.flows.has_ended(key);
                return Matters::No;
            }
            if self.flows.has_ended(key) {
                return Matters::No;
            }
        }
        if self.try_data(key, s, at) {
            self.other_traffic = true;
            return Matters::Data;
        }
        if let Some((server, standing)) = control {
            self.new_control(key, s, at, server, standing);
            return Matters::Control;
        }
        self.other_traffic = true;
        if syn {
            self.new_connection(key, s, at);
            Matters::Data
        } else if crate::ftp::recognise::looks_like_greeting(s.payload) {
            // A greeting later than candidates are kept.
            let connection = Box::new(Connection::new(s, at));
            let candidate = self.new_candidate(key, connection, at);
            self.candidate(candidate, s, at)
        } else {
            Matters::No
        }
    }

    fn new_control(
        &mut self,
        key: FlowKey,
        s: &Segment<'_>,
        at: Moment,
        server: Endpoint,
        standing: Standing,
    ) {
        if self.notes
            && standing == Standing::Session
            && let Some(dialled) = Control::dialled(s, at)
        {
            self.enter(key, dialled);
            return;
        }
        let client = if server == s.dst { s.src } else { s.dst };
        let mut connection = Box::new(Connection::new(s, at));
        if !connection.initiator_known && connection.initiator == server {
            connection.swap();
        }
        let client = if connection.initiator_known { connection.initiator } else { client };
        self.enter_control(key, connection, client, standing);
        if let Some(Slot::Control(k)) = self.flows.get(key) {
            self.control(k, s, at);
        }
    }

    /// Enters a control connection into the tables.
    pub(super) fn enter_control(
        &mut self,
        key: FlowKey,
        connection: Box<Connection>,
        client: Endpoint,
        standing: Standing,
    ) {
        self.enter(key, Control::new(connection, client, standing));
    }

    fn enter(&mut self, key: FlowKey, mut control: Box<Control>) {
        self.serial += 1;
        control.serial = self.serial;
        let (order, standing) = (control.first().order, control.standing);
        let k = self.controls.insert(control);
        self.flows.set(key, Slot::Control(k));
        if self.is_full() {
            self.due_at(self.now.time);
        }
        if standing == Standing::Session {
            self.numbering.add(order, k);
        }
    }

    fn new_connection(&mut self, key: FlowKey, s: &Segment<'_>, at: Moment) {
        let mut connection = Box::new(Connection::new(s, at));
        connection.segment(s, at);
        if let Some((control, channel)) = self.infer(&connection) {
            self.attach(connection, (control, channel), None);
            return;
        }
        self.new_candidate(key, connection, at);
    }

    fn new_candidate(&mut self, key: FlowKey, connection: Box<Connection>, at: Moment) -> usize {
        let candidate = self.candidates.add(connection, at);
        self.flows.set(key, Slot::Candidate(candidate));
        // There may be too many of them now.
        self.due_at(self.candidates.next_due().unwrap_or(at.time));
        candidate
    }

    pub(super) fn candidate(&mut self, key: usize, s: &Segment<'_>, at: Moment) -> Matters {
        let Some(c) = self.candidates.get_mut(key) else { return Matters::No };
        let greeting = crate::ftp::recognise::looks_like_greeting(s.payload)
            && c.connection.bytes() == 0
            && !(c.connection.initiator_known && s.src == c.connection.initiator);
        if !greeting {
            c.connection.segment(s, at);
            // Its data may still become interesting, its first packets are what tells.
            return if s.payload_len == 0 { Matters::Data } else { Matters::No };
        }
        let Some(candidate) = self.candidates.take(key) else { return Matters::No };
        let mut connection = candidate.connection;
        if !connection.initiator_known && connection.initiator == s.src {
            connection.swap();
        }
        let (flow, client) = (FlowKey::of(s), s.dst);
        self.enter_control(flow, connection, client, Standing::Greeted);
        if let Some(Slot::Control(k)) = self.flows.get(flow) {
            self.control(k, s, at);
        }
        Matters::Control
    }
}
