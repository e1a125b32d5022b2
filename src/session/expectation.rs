//! Where data connections are expected, and which of the expectations a connection fulfils.

use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

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
}

/// All expectations of the sessions that are open, by the endpoint that listens.
///
/// By the *listening* endpoint, so that any originator matches: NAT, a client that dials the
/// control peer instead of the advertised address, FXP, theft.
#[derive(Debug, Default)]
pub struct Expectations {
    by_endpoint: HashMap<Endpoint, Vec<Expectation>, RandomState>,
    /// How many endpoints there are whose ports end in the same bits: nearly every packet of a mixed
    /// capture is told from those expected by this alone. Ports that are always of interest count too.
    ports: PortCounts,
}

impl Expectations {
    /// Expectations kept for one endpoint: a server that reuses a port for each of thousands of
    /// sessions has one that is alive, seldom two.
    const MAX_PER_ENDPOINT: usize = 64;

    /// Adds an expectation at `listening`.
    pub fn add(&mut self, listening: Endpoint, expectation: Expectation) {
        let list = self.by_endpoint.entry(listening).or_default();
        if list.is_empty() {
            *self.ports.at_mut(listening.port) += 1;
        }
        if list.len() >= Self::MAX_PER_ENDPOINT {
            list.remove(0);
        }
        // Mostly it stays the only one.
        list.reserve_exact(1);
        list.push(expectation);
    }

    /// From now on, [`Expectations::may_be_at`] is true of this port.
    pub fn always(&mut self, port: u16) {
        *self.ports.at_mut(port) += 1;
    }

    /// A connection may be expected at an endpoint with one of these ports.
    #[inline]
    pub fn may_be_at(&self, a: u16, b: u16) -> bool {
        self.ports.at(a) | self.ports.at(b) != 0
    }

    /// Something is expected there.
    pub fn is_expected(&self, listening: Endpoint) -> bool {
        self.by_endpoint.get(&listening).is_some_and(|list| !list.is_empty())
    }

    /// Nothing is expected anywhere.
    pub fn is_empty(&self) -> bool {
        self.by_endpoint.is_empty()
    }

    /// The expectation that a connection to `listening`, dialled by `dialler`, fulfils, and a
    /// second one when two sessions announced the same endpoint, one passive and one active: FXP,
    /// where the connection belongs to both.
    pub fn find(
        &self,
        listening: &Endpoint,
        dialler: IpAddr,
        began: Moment,
    ) -> Option<(Expectation, Option<Expectation>)> {
        let list = self.by_endpoint.get(listening)?;
        let fitting = |e: &&Expectation| e.fit(dialler, began).is_some();
        let best = list.iter().filter(fitting).min_by_key(|e| e.fit(dialler, began))?;
        let other = list
            .iter()
            .filter(fitting)
            .filter(|e| e.session != best.session && e.mode != best.mode)
            .min_by_key(|e| e.fit(dialler, began));
        Some((*best, other.copied()))
    }

    /// The newest expectation of another session at the same endpoint, there to be dialled and here
    /// to dial, or the other way round.
    pub fn counterpart(&self, listening: Endpoint, of: &Expectation) -> Option<Expectation> {
        let list = self.by_endpoint.get(&listening)?;
        let fits = |e: &&Expectation| {
            let both = matches!(
                (e.mode, of.mode),
                (Mode::Passive, Mode::Active) | (Mode::Active, Mode::Passive)
            );
            both && e.session != of.session && e.until.is_none_or(|until| of.at.time <= until)
        };
        list.iter().filter(fits).max_by_key(|e| e.at).copied()
    }

    /// The session's control connection ended: new connections are its only until `until`.
    pub fn expire(&mut self, session: usize, at: &[Endpoint], until: Timestamp) {
        for endpoint in at {
            for e in self.by_endpoint.get_mut(endpoint).into_iter().flatten() {
                if e.session == session {
                    e.until = Some(until);
                }
            }
        }
    }

    /// Forgets a session's expectations.
    pub fn forget(&mut self, session: usize, at: &[Endpoint]) {
        for endpoint in at {
            if let Some(list) = self.by_endpoint.get_mut(endpoint) {
                list.retain(|e| e.session != session);
                if list.is_empty() {
                    self.by_endpoint.remove(endpoint);
                    *self.ports.at_mut(endpoint.port) -= 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn endpoint() -> Endpoint {
        Endpoint::new(ip("10.0.0.2"), 50000)
    }

    fn at(ms: u64) -> Moment {
        Moment {
            order: ms + 1,
            time: Timestamp::from_nanos(ms as i64 * 1_000_000),
            ..Moment::default()
        }
    }

    fn expectation(session: usize, ms: u64) -> Expectation {
        Expectation {
            session,
            channel: 0,
            at: at(ms),
            mode: Mode::Passive,
            dialler: ip("10.0.0.1"),
            until: None,
        }
    }

    fn found(e: &Expectations, dialler: &str, ms: u64) -> Option<usize> {
        e.find(&endpoint(), ip(dialler), at(ms)).map(|f| f.0.session)
    }

    #[test]
    fn the_newest_earlier_announcement_wins() {
        let mut e = Expectations::default();
        for (session, ms) in [(1, 100), (2, 200), (3, 5000)] {
            e.add(endpoint(), expectation(session, ms));
        }
        assert_eq!(found(&e, "10.0.0.1", 4500), Some(2));
        assert_eq!(found(&e, "10.0.0.1", 150), Some(1));
        assert_eq!(found(&e, "10.0.0.1", 6000), Some(3));
    }

    #[test]
    fn the_counterpart_is_another_session_s_and_goes_the_other_way() {
        let mut e = Expectations::default();
        let active = Expectation { mode: Mode::Active, ..expectation(9, 6000) };
        e.add(endpoint(), expectation(9, 100));
        assert!(e.counterpart(endpoint(), &active).is_none());
        e.add(endpoint(), expectation(1, 200));
        e.add(endpoint(), expectation(2, 300));
        let found = |e: &Expectations| e.counterpart(endpoint(), &active).map(|e| e.session);
        assert_eq!(found(&e), Some(2));
        e.expire(2, &[endpoint()], Timestamp::from_nanos(1_000_000_000));
        assert_eq!(found(&e), Some(1));
        assert!(e.counterpart(endpoint(), &expectation(3, 400)).is_none());
    }

    #[test]
    fn a_connection_may_begin_up_to_a_second_before_its_announcement() {
        let mut e = Expectations::default();
        e.add(endpoint(), expectation(1, 5000));
        assert_eq!(found(&e, "10.0.0.1", 4000), Some(1));
        assert_eq!(found(&e, "10.0.0.1", 3999), None);
    }

    #[test]
    fn the_expected_peer_beats_a_newer_announcement_to_another() {
        let mut e = Expectations::default();
        e.add(endpoint(), expectation(1, 100));
        e.add(endpoint(), Expectation { dialler: ip("10.0.0.9"), ..expectation(2, 200) });
        assert_eq!(found(&e, "10.0.0.1", 300), Some(1));
        assert_eq!(found(&e, "10.0.0.9", 300), Some(2));
        assert_eq!(found(&e, "10.0.0.7", 300), Some(2));
    }

    #[test]
    fn an_ended_session_expects_nothing_new() {
        let mut e = Expectations::default();
        e.add(endpoint(), expectation(1, 100));
        e.expire(1, &[endpoint()], at(1000).time);
        assert_eq!(found(&e, "10.0.0.1", 900), Some(1));
        assert_eq!(found(&e, "10.0.0.1", 1100), None);
        e.add(endpoint(), expectation(2, 200));
        e.forget(1, &[endpoint()]);
        assert!(e.may_be_at(50000, 9) && e.may_be_at(9, 50000) && !e.may_be_at(9, 10));
        e.forget(2, &[endpoint()]);
        assert!(e.is_empty() && !e.may_be_at(50000, 9));
    }

    #[test]
    fn fxp_belongs_to_both_sessions() {
        let mut e = Expectations::default();
        e.add(endpoint(), expectation(1, 100));
        let active =
            Expectation { mode: Mode::Active, dialler: ip("10.0.0.3"), ..expectation(2, 200) };
        e.add(endpoint(), active);
        let (best, other) = e.find(&endpoint(), ip("10.0.0.3"), at(300)).unwrap();
        assert_eq!((best.session, other.map(|o| o.session)), (2, Some(1)));
    }
}
