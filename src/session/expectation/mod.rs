//! Where data connections are expected, and which of the expectations a connection fulfils.

mod expected;
#[cfg(test)]
mod tests;

use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use self::expected::Expected;
use super::{Mode, PortCounts};
use crate::capture::{Moment, Timestamp};
use crate::decode::Endpoint;

/// A connection may begin this long before its announcement is seen: packets out of order in the
/// capture, and servers that dial before they reply.
pub const BACKWARDS: Duration = Duration::from_secs(1);

/// A data connection that a session waits for.
#[derive(Clone, Copy, Debug)]
pub struct Expectation {
    /// The session's key in the engine.
    pub session: usize,
    /// Index of the channel in that session.
    pub channel: usize,
    /// The packet that announced it.
    pub at: Moment,
    /// Who is to dial.
    pub mode: Mode,
    /// Address that is expected to dial: the other end of the control connection.
    pub dialler: IpAddr,
    /// Nothing new is expected from this time on: the control connection ended 2 s before.
    pub until: Option<Timestamp>,
}

impl Expectation {
    /// How well a connection that `began` there fits, best first; `None` when it can't be its.
    ///
    /// A dial by the expected peer beats a third party's; an earlier announcement beats a later
    /// one; among earlier ones the newest wins, among later ones the first.
    fn fit(&self, dialler: IpAddr, began: Moment) -> Option<(bool, bool, u64)> {
        let stranger = dialler != self.dialler;
        if self.at < began {
            let alive = self.until.is_none_or(|until| began.time <= until);
            return alive.then_some((stranger, false, u64::MAX - self.at.order));
        }
        let lead = self.at.time.since(began.time);
        (self.at > began && lead <= BACKWARDS).then_some((stranger, true, self.at.order))
    }

    fn owner(&self) -> Owner {
        (self.session, self.channel)
    }

    /// It is another session's and still alive, there to be dialled and here to dial, or the other way
    /// round.
    fn is_counterpart(&self, of: &Self) -> bool {
        let both = matches!(
            (self.mode, of.mode),
            (Mode::Passive, Mode::Active) | (Mode::Active, Mode::Passive)
        );
        both && self.session != of.session && self.until.is_none_or(|until| of.at.time <= until)
    }
}

/// A session's key in the engine, and the index of a channel in it.
pub type Owner = (usize, usize);

/// All expectations of the sessions that are open, by the endpoint that listens.
///
/// By the *listening* endpoint, so that any originator matches: NAT, a client that dials the
/// control peer instead of the advertised address, FXP, theft.
#[derive(Debug, Default)]
pub struct Expectations {
    /// By address and port as one number.
    v4: HashMap<u64, Expected, RandomState>,
    v6: HashMap<(Ipv6Addr, u16), Expected, RandomState>,
    /// How many endpoints there are whose ports end in the same bits: nearly every packet of a mixed
    /// capture is told from those expected by this alone. Ports that are always of interest count too.
    ports: PortCounts,
}

fn v4(ip: Ipv4Addr, port: u16) -> u64 {
    u64::from(ip.to_bits()) << 16 | u64::from(port)
}

/// Enters an expectation; the counterpart it has there, and whether it is the first one there.
fn enter<K: Eq + Hash>(
    table: &mut HashMap<K, Expected, RandomState>,
    key: K,
    e: &Expectation,
) -> (Option<Expectation>, bool) {
    match table.entry(key) {
        Entry::Vacant(place) => {
            (None, Expected::new(e).map(|expected| place.insert(expected)).is_some())
        }
        Entry::Occupied(mut known) => {
            let counterpart = known.get().counterpart(e);
            known.get_mut().add(e);
            (counterpart, false)
        }
    }
}

/// Forgets an expectation of a session in one place; whether none are left there now.
fn forget<K: Eq + Hash>(
    table: &mut HashMap<K, Expected, RandomState>,
    key: K,
    session: usize,
) -> bool {
    match table.entry(key) {
        Entry::Occupied(mut known) => {
            let none_left = known.get_mut().forget(session);
            if none_left {
                known.remove();
            }
            none_left
        }
        Entry::Vacant(_) => false,
    }
}

impl Expectations {
    #[inline(always)]
    fn at(&self, listening: &Endpoint) -> Option<&Expected> {
        match listening.ip {
            IpAddr::V4(ip) => self.v4.get(&v4(ip, listening.port)),
            IpAddr::V6(ip) => self.v6.get(&(ip, listening.port)),
        }
    }

    /// Adds an expectation at `listening`. Returns the newest one of another session at the same
    /// endpoint, there to be dialled and here to dial, or the other way round.
    pub fn add(&mut self, listening: Endpoint, expectation: Expectation) -> Option<Expectation> {
        let port = listening.port;
        let (counterpart, is_first) = match listening.ip {
            IpAddr::V4(ip) => enter(&mut self.v4, v4(ip, port), &expectation),
            IpAddr::V6(ip) => enter(&mut self.v6, (ip, port), &expectation),
        };
        if is_first {
            self.ports.add(port);
        }
        counterpart
    }

    /// From now on, [`Expectations::may_be_at`] is true of this port.
    pub fn always(&mut self, port: u16) {
        self.ports.add(port);
    }

    /// A connection may be expected at an endpoint with one of these ports.
    #[inline]
    pub fn may_be_at(&self, a: u16, b: u16) -> bool {
        self.ports.has(a) | self.ports.has(b)
    }

    /// Begins to fetch what [`Expectations::find`] will ask for at one of these endpoints.
    #[inline]
    pub fn fetch(&self, ends: [Endpoint; 2]) {
        let known = ends.iter().filter(|end| self.may_be_at(end.port, end.port));
        known.filter_map(|end| self.at(end)).for_each(Expected::fetch);
    }

    /// Begins to fetch what [`Expectations::forget`] will ask for.
    pub fn fetch_to_forget(&self, at: &[Endpoint]) {
        at.iter().filter_map(|end| self.at(end)).for_each(Expected::fetch_to_forget);
    }

    /// Nothing is expected anywhere.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whose expectation a connection to `listening`, dialled by `dialler`, fulfils, and a
    /// second one when two sessions announced the same endpoint, one passive and one active: FXP,
    /// where the connection belongs to both.
    pub fn find(
        &self,
        listening: &Endpoint,
        dialler: IpAddr,
        began: Moment,
    ) -> Option<(Owner, Option<Owner>)> {
        self.at(listening)?.find(dialler, began)
    }

    /// The session's control connection ended: new connections are its only until `until`.
    pub fn expire(&mut self, session: usize, at: &[Endpoint], until: Timestamp) {
        for endpoint in at {
            let expected = match endpoint.ip {
                IpAddr::V4(ip) => self.v4.get_mut(&v4(ip, endpoint.port)),
                IpAddr::V6(ip) => self.v6.get_mut(&(ip, endpoint.port)),
            };
            if let Some(expected) = expected {
                expected.expire(session, until);
            }
        }
    }

    /// Forgets a session's expectations; `at` are their endpoints, each as often as it was added.
    pub fn forget(&mut self, session: usize, at: &[Endpoint]) {
        for &Endpoint { ip, port } in at {
            let none_left = match ip {
                IpAddr::V4(ip) => forget(&mut self.v4, v4(ip, port), session),
                IpAddr::V6(ip) => forget(&mut self.v6, (ip, port), session),
            };
            if none_left {
                self.ports.remove(port);
            }
        }
    }

    /// Forgets the expectations of all sessions but these.
    pub fn retain(&mut self, is: impl Fn(usize) -> bool) {
        let ports = &mut self.ports;
        let mut left = |port: u16, expected: &mut Expected| {
            let none_left = expected.retain(&is);
            if none_left {
                ports.remove(port);
            }
            !none_left
        };
        // The port is the lowest bits.
        self.v4.retain(|key, expected| left(*key as u16, expected));
        self.v6.retain(|(_, port), expected| left(*port, expected));
    }
}
