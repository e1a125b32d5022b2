//! What only many sessions show: learned over all of them in the order in which they are judged,
//! a compact record for each server and client, and one rule a file that draws the conclusion.

mod backends;
mod chance;
mod client_ports;
mod ids;
mod logins;
mod ports;
mod records;
mod rules;
mod silences;
#[cfg(test)]
mod tests;
mod timers;
mod words;

use std::net::IpAddr;

use super::{Diagnosis, Finding, Judged, Rule, Sign};
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::ftp::command::Verb;
use crate::session::{Channel, Mode, Session};
use backends::Backends;
use client_ports::ClientPorts;
use ids::Ids;
use logins::Logins;
use ports::Ports;
use records::Records;

pub use rules::FINDINGS;
pub use silences::{End, Outstanding, Silence};
pub use timers::Timer;

/// A diagnosis over many sessions: its proof, its look-alikes and its advice stand in one file.
pub type FindingRule = Rule<fn(&Learner, &mut Conclusions)>;

/// Servers and clients that are remembered; later ones are not.
const SERVERS: usize = 10_000;
const CLIENTS: usize = 50_000;
/// Ports of clients that are remembered, of all clients together; and silences.
const CLIENT_PORTS: usize = 200_000;
const SILENCES: usize = 256;
/// Findings of one rule, so that a capture of a whole provider stays readable.
const OF_ONE_RULE: usize = 50;

/// What is remembered of a server.
#[derive(Debug, Default)]
pub struct Server {
    /// Hosts behind its address.
    pub backends: Backends,
    /// Silences that someone ended.
    pub silences: Vec<Silence>,
    /// Software, as it says.
    pub software: Option<String>,
}

/// What is remembered of a client.
#[derive(Debug, Default)]
pub struct Client {
    /// Refused logins.
    pub logins: Logins,
    /// Ports that it dials from.
    pub ports: ClientPorts,
    /// Its sessions.
    pub sessions: Ids,
}

/// Learns from one session after the other and lets each of them go.
///
/// What it holds is bounded, whatever the network sends; what it says depends on the order of
/// sessions alone.
#[derive(Debug)]
pub struct Learner {
    /// By the control connection's end.
    pub servers: Records<Endpoint, Box<Server>>,
    /// Passive ports, by the address that is dialled and the control port.
    pub passive: Records<Endpoint, Box<Ports>>,
    /// By address.
    pub clients: Records<IpAddr, Box<Client>>,
    room: ports::Room,
    client_ports_left: usize,
}

impl Default for Learner {
    fn default() -> Self {
        Self {
            servers: Records::default(),
            passive: Records::default(),
            clients: Records::default(),
            room: ports::Room::default(),
            client_ports_left: CLIENT_PORTS,
        }
    }
}

/// Where rules put what they conclude.
#[derive(Debug, Default)]
pub struct Conclusions {
    all: Vec<(Option<Endpoint>, Finding)>,
}

impl Conclusions {
    /// Adds a finding about a server (its address that is dialled, its control port), or about
    /// something else.
    fn add(&mut self, about: Option<Endpoint>, diagnosis: Diagnosis, sessions: &Ids) {
        self.all.push((about, Finding { diagnosis, sessions: sessions.sorted() }));
    }
}

impl Learner {
    /// Reads what learning from a session will ask for and is in no cache, and does nothing with it: of
    /// several sessions that is waited for at the same time.
    pub fn read(&self, judged: &Judged) -> usize {
        let s = &judged.session;
        let passive = s.channels.iter().filter(|c| c.mode == Mode::Passive);
        passive.fold(0, |read, channel| {
            let ports = self.passive.get(passive_at(s, channel));
            let number = channel.listening().map(|e| e.port);
            read ^ ports.zip(number).map_or(0, |(ports, number)| ports.read(number))
        })
    }

    /// Takes note of a judged session. To be called in the order of closing points.
    pub fn session(&mut self, judged: &Judged) {
        let s = &judged.session;
        if s.not_ftp.is_some() {
            return;
        }
        self.learn_client(judged);
        self.learn_passive(judged);
        if let Some(server) = self.servers.entry(s.server, SERVERS) {
            server.backends.session(judged);
            if server.software.is_none() {
                server.software.clone_from(&s.software);
            }
            if judged.signs.has(Sign::Long) {
                let room = SILENCES.saturating_sub(server.silences.len());
                server.silences.extend(silences::of(s).into_iter().take(room));
            }
            debug_assert!(judged.signs.has(Sign::Long) || silences::of(s).is_empty());
        }
    }

    fn learn_client(&mut self, judged: &Judged) {
        let s = &judged.session;
        let Some(client) = self.clients.entry(s.client.ip, CLIENTS) else { return };
        client.sessions.add(s.id);
        client.logins.session(s, judged.signs);
        let left = &mut self.client_ports_left;
        if s.control.initiator_known {
            client.ports.connection(s.client.port, s.server, s.control.first, left);
        }
        for d in s.channels.iter().filter_map(|c| c.connection.as_deref()) {
            if d.initiator_known && d.initiator.ip == s.client.ip {
                client.ports.connection(d.initiator.port, d.responder, d.first, left);
            }
        }
    }

    fn learn_passive(&mut self, judged: &Judged) {
        let s = &judged.session;
        for channel in s.channels.iter().filter(|c| c.mode == Mode::Passive) {
            let Some(ports) = self.passive.entry(passive_at(s, channel), SERVERS) else { continue };
            if ports.software.is_none() {
                ports.software.clone_from(&s.software);
            }
            ports.channel(judged, channel, &mut self.room);
        }
        if !judged.diagnoses.iter().any(|d| d.code == "passive-unavailable") {
            return;
        }
        let asked = |v: Verb| matches!(v, Verb::PASV | Verb::EPSV);
        let Some(ports) = self.passive.entry(s.server, SERVERS) else { return };
        for e in s.script.exchanges.iter().filter(|e| asked(e.verb)) {
            if let Some((421 | 425 | 500, at)) = e.final_reply {
                ports.refusal(at, s.id, s.script.reply_text(e));
            }
        }
    }

    /// What was learned: the worst first, then in the order of the catalogue, of servers and of
    /// clients.
    pub fn findings(&self) -> Vec<Finding> {
        let mut conclusions = Conclusions::default();
        for rule in FINDINGS {
            let before = conclusions.all.len();
            (rule.check)(self, &mut conclusions);
            conclusions.all.truncate(before + OF_ONE_RULE);
        }
        let all = conclusions.all;
        let explained = |about: Option<Endpoint>, code: &str| {
            about.is_some()
                && all.iter().any(|(cause, f)| {
                    *cause == about
                        && rule_of(&f.diagnosis).is_some_and(|r| r.explains.contains(&code))
                })
        };
        let mut standing: Vec<Finding> = all
            .iter()
            .filter(|(about, f)| !explained(*about, f.diagnosis.code))
            .map(|(_, f)| f.clone())
            .collect();
        for f in &mut standing {
            f.diagnosis.evidence.sort_by_key(|e| e.at);
        }
        standing.sort_by_key(|f| f.diagnosis.severity);
        standing
    }
}

/// Whose passive port a channel is of: the address that is dialled, and the control port.
fn passive_at(s: &Session, channel: &Channel) -> Endpoint {
    let dialled = channel.connection.as_deref().map(|d| d.responder.ip);
    Endpoint::new(dialled.unwrap_or(s.server.ip), s.server.port)
}

fn rule_of(d: &Diagnosis) -> Option<&'static FindingRule> {
    FINDINGS.iter().copied().find(|r| r.code == d.code)
}

/// Makes room for a moment between the first and the last.
fn widen(span: &mut Option<(Moment, Moment)>, at: Moment) {
    let (first, last) = span.get_or_insert((at, at));
    if at < *first {
        *first = at;
    } else if at > *last {
        *last = at;
    }
}
