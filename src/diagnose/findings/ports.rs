//! What became of the passive ports of a server.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::ids::Ids;
use super::records::{Hosts, Record, Records};
use super::widen;
use crate::capture::{Moment, Timestamp};
use crate::diagnose::Judged;
use crate::session::{AnnouncementKind, Channel, Connection, VantagePoint};

/// A dial, or an announcement that nobody dialled.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The first packet of the dial, or the announcement.
    pub at: Moment,
    /// Which session.
    pub session: u64,
    /// Whose.
    pub client: IpAddr,
    /// A dial, not an announcement alone.
    pub dialled: bool,
}

/// How often a port worked and how often it didn't.
///
/// Small, for of thousands of ports each session asks for another one.
#[derive(Clone, Debug, Default)]
pub struct Port {
    /// Dials that worked.
    pub worked: u32,
    /// The first and the last of them.
    pub working: Option<(Seen, Seen)>,
    failures: Option<Box<Failures>>,
}

/// Of dials that were dropped or rejected on the way, and of announcements that no dial reached.
#[derive(Clone, Debug)]
struct Failures {
    times: u32,
    /// The first and the last of them.
    seen: (Seen, Seen),
    /// After which kinds of announcement.
    kinds: u16,
}

impl Port {
    /// Dials that were dropped or rejected on the way, and announcements that no dial reached.
    pub fn failed(&self) -> u32 {
        self.failures.as_ref().map_or(0, |f| f.times)
    }

    /// The first and the last of them.
    pub fn failing(&self) -> Option<(Seen, Seen)> {
        self.failures.as_ref().map(|f| f.seen)
    }

    /// After which kinds of announcement it failed.
    fn kinds(&self) -> u16 {
        self.failures.as_ref().map_or(0, |f| f.kinds)
    }

    fn fail(&mut self, seen: Seen, kind: u16) {
        let new = || Box::new(Failures { times: 0, seen: (seen, seen), kinds: 0 });
        let failures = self.failures.get_or_insert_with(new);
        failures.times += 1;
        extend(&mut failures.seen, seen);
        failures.kinds |= kind;
    }
}

/// From when to when a port was taken: announced and waiting, or connected.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// The port.
    pub port: u16,
    /// Whose.
    pub session: u64,
    /// Announced.
    pub from: Timestamp,
    /// Closed, or given up.
    pub until: Timestamp,
}

/// A request for a passive port that was refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The refusal.
    pub at: Moment,
    /// Whose.
    pub session: u64,
    /// What it said.
    pub text: String,
}

/// Everything about the passive ports of one server.
#[derive(Debug, Default)]
pub struct Ports {
    /// By number.
    pub ports: Records<u16, Port>,
    /// Announcements of passive ports.
    pub announced: u64,
    /// The first and the last of them.
    pub announcements: Option<(Moment, Moment)>,
    /// Sessions in which a port failed.
    pub failing: Ids,
    /// Sessions with announcements.
    pub sessions: Ids,
    /// Clients for which a port worked, and those for which one failed.
    pub served: Hosts,
    /// See `served`.
    pub denied: Hosts,
    /// The latest uses.
    pub uses: VecDeque<Use>,
    /// The first refusals.
    pub refusals: Vec<Refusal>,
    /// Sessions with refusals.
    pub refused: Ids,
    /// Software, as it says.
    pub software: Option<String>,
    worked_kinds: u16,
}

/// What is kept for all servers together.
#[derive(Debug)]
pub struct Room {
    ports: usize,
    uses: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { ports: 100_000, uses: 200_000 }
    }
}

/// Diagnoses of a dial that something on the way, or the server's own firewall, kept from a port.
const KEPT_OUT: [&str; 4] =
    ["data-syn-unanswered", "data-rejected", "tls-data-blocked", "epsv-blocked-pasv-works"];

/// Clients remembered for a server, refusals, and uses.
const CLIENTS: usize = 1000;
const REFUSALS: usize = 100;
const USES: usize = 2000;

fn kind_bit(kind: Option<AnnouncementKind>) -> u16 {
    match kind {
        None => 1,
        Some(AnnouncementKind::Epsv) => 2,
        Some(_) => 4,
    }
}

impl Ports {
    /// Reads what is remembered of a port.
    pub(super) fn read(&self, number: u16) -> usize {
        let Some(port) = self.ports.get(number) else { return 0 };
        // It takes several cache lines.
        let seen = port.working.as_ref().map_or(0, |(a, b)| a.at.order ^ b.at.order);
        port.worked as usize ^ seen as usize
    }

    /// Takes note of a passive channel and what became of it.
    pub(super) fn channel(&mut self, judged: &Judged, channel: &Channel, room: &mut Room) {
        let s = &judged.session;
        let Some(number) = channel.listening().map(|e| e.port) else { return };
        let new = || {
            room.ports = room.ports.checked_sub(1)?;
            Some(Port::default())
        };
        let Some(port) = self.ports.record(number, new).map(Record::either) else { return };
        if let Some(a) = channel.announcement.as_ref().filter(|a| a.accepted == Some(true)) {
            self.announced += 1;
            self.sessions.add(s.id);
            widen(&mut self.announcements, a.at);
            let used = how_long(judged, channel, number, a.at.time);
            remember_use(&mut self.uses, used, room);
        }
        let kind = kind_bit(channel.announcement.as_ref().map(|a| a.kind));
        let connection = channel.connection.as_deref();
        let about = |code: &str| {
            judged.diagnoses.iter().any(|d| d.code == code && d.channels.contains(&channel.id))
        };
        // At the client nobody's firewall keeps a client from trying.
        let unreached = || about("data-never-attempted") && s.vantage.point != VantagePoint::Client;
        let seen = |at| Seen {
            at,
            session: s.id,
            client: channel.third_party.unwrap_or(s.client.ip),
            dialled: connection.is_some(),
        };
        if let Some(c) = connection.filter(|c| c.worked()) {
            port.worked += 1;
            let seen = seen(c.first);
            extend(port.working.get_or_insert((seen, seen)), seen);
            self.worked_kinds |= kind;
            remember(&mut self.served, s.client.ip);
        } else if unreached() || KEPT_OUT.iter().any(|code| about(code)) {
            let Some(at) = connection.map(|c| c.first).or(channel.began()) else { return };
            port.fail(seen(at), kind);
            self.failing.add(s.id);
            remember(&mut self.denied, s.client.ip);
        }
    }

    /// Takes note of a refused request for a passive port.
    pub(super) fn refusal(&mut self, at: Moment, session: u64, text: &str) {
        self.refused.add(session);
        if self.refusals.len() < REFUSALS {
            self.refusals.push(Refusal { at, session, text: text.to_owned() });
        }
    }

    /// Ports that never worked although the kind of announcement did on others.
    ///
    /// A firewall that reads 227 but not 229 lets all of one kind through and none of the other:
    /// that is no matter of ports.
    pub fn never_worked(&self) -> Vec<(u16, &Port)> {
        let kinds = self.worked_kinds;
        self.of(|p| p.worked == 0 && p.failed() > 0 && p.kinds() & kinds != 0)
    }

    /// Ports that worked whenever they were dialled.
    pub fn always_worked(&self) -> Vec<(u16, &Port)> {
        self.of(|p| p.worked > 0 && p.failed() == 0)
    }

    /// Those of which this is true, by number.
    fn of(&self, is: impl Fn(&Port) -> bool) -> Vec<(u16, &Port)> {
        self.ports.sorted(is)
    }

    /// Their numbers.
    pub fn numbers(&self) -> BTreeSet<u16> {
        self.ports.sorted(|_| true).into_iter().map(|(n, _)| n).collect()
    }

    /// Ports that worked for one dial and not for another.
    pub fn changing(&self) -> usize {
        self.ports.count(|p| p.worked > 0 && p.failed() > 0)
    }

    /// The ports that were taken at `when`, and those that rested after their last connection.
    pub fn taken(&self, when: Timestamp) -> (BTreeSet<u16>, BTreeSet<u16>) {
        /// A closed connection's port rests this long on most systems (TIME-WAIT).
        const REST: Duration = Duration::from_secs(60);
        let begun = || self.uses.iter().filter(move |u| u.from <= when);
        let open: BTreeSet<u16> = begun().filter(|u| when < u.until).map(|u| u.port).collect();
        let resting = begun().filter(|u| when < u.until.plus(REST)).map(|u| u.port);
        let resting = resting.filter(|p| !open.contains(p)).collect();
        (open, resting)
    }
}

/// For how long a channel's port was taken.
fn how_long(j: &Judged, c: &Channel, port: u16, from: Timestamp) -> Use {
    let s = &j.session;
    let next = || s.channels.iter().filter_map(Channel::began).find(|b| b.time > from);
    let gone = match &c.connection {
        // Closed in order, as nearly all are: no need to ask for more.
        Some(d) if d.worked() && both_fins(d).is_some() => both_fins(d),
        Some(d) => d.closed(),
        None => next(),
    };
    Use { port, session: s.id, from, until: gone.map_or(s.last.time, |m| m.time) }
}

/// The later FIN, when both sides sent one.
fn both_fins(d: &Connection) -> Option<Moment> {
    d.from_initiator.fin.zip(d.from_responder.fin).map(|(a, b)| a.max(b))
}

fn remember_use(uses: &mut VecDeque<Use>, one: Use, room: &mut Room) {
    if uses.len() >= USES || room.uses == 0 {
        if uses.pop_front().is_none() {
            return;
        }
    } else {
        room.uses -= 1;
    }
    uses.push_back(one);
}

/// The first and the last of what was seen, whatever order it is told in.
fn extend((first, last): &mut (Seen, Seen), new: Seen) {
    if new.at < first.at {
        *first = new;
    }
    if new.at > last.at {
        *last = new;
    }
}

fn remember(clients: &mut Hosts, ip: IpAddr) {
    if clients.len() < CLIENTS {
        clients.insert(ip);
    }
}
