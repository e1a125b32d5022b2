//! What is expected at one endpoint.

use std::net::{IpAddr, Ipv4Addr};

use super::{Expectation, Owner};
use crate::capture::{Moment, Timestamp};
use crate::session::Mode;

/// An expectation in few bytes: of an IPv4 address that is to dial, as nearly all are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    at: Moment,
    /// The end of all time if it isn't known.
    until: Timestamp,
    session: u32,
    channel: u32,
    dialler: Ipv4Addr,
    mode: Mode,
}

impl Short {
    fn of(e: &Expectation) -> Option<Self> {
        let IpAddr::V4(dialler) = e.dialler else { return None };
        Some(Self {
            at: e.at,
            until: e.until.unwrap_or(Timestamp::MAX),
            session: u32::try_from(e.session).ok()?,
            channel: u32::try_from(e.channel).ok()?,
            dialler,
            mode: e.mode,
        })
    }

    #[inline]
    fn whole(&self) -> Expectation {
        Expectation {
            session: self.session as usize,
            channel: self.channel as usize,
            at: self.at,
            mode: self.mode,
            dialler: self.dialler.into(),
            until: Some(self.until),
        }
    }
}

/// What is expected at one endpoint. Mostly that is one thing, which stands in the table itself.
#[derive(Debug)]
pub(super) enum Expected {
    One(Short),
    /// In the order in which they were added.
    Several(Vec<Expectation>),
}

impl Expected {
    /// Expectations kept for one endpoint: a server that reuses a port for each of thousands of
    /// sessions has one that is alive, seldom two.
    pub(super) const MOST: usize = 64;

    pub(super) fn new(e: Expectation) -> Self {
        Short::of(&e).map_or_else(|| Self::Several(vec![e]), Self::One)
    }

    pub(super) fn add(&mut self, e: Expectation) {
        match self {
            Self::One(one) => *self = Self::Several(vec![one.whole(), e]),
            Self::Several(list) => {
                if list.len() >= Self::MOST {
                    list.remove(0);
                }
                list.push(e);
            }
        }
    }

    pub(super) fn expire(&mut self, session: usize, until: Timestamp) {
        match self {
            Self::One(one) if one.session as usize == session => one.until = until,
            Self::One(_) => {}
            Self::Several(list) => {
                for e in list.iter_mut().filter(|e| e.session == session) {
                    e.until = Some(until);
                }
            }
        }
    }

    /// Whether nothing is left.
    pub(super) fn forget(&mut self, session: usize) -> bool {
        match self {
            Self::One(one) => one.session as usize == session,
            Self::Several(list) => {
                list.retain(|e| e.session != session);
                list.is_empty()
            }
        }
    }

    pub(super) fn find(&self, dialler: IpAddr, began: Moment) -> Option<(Owner, Option<Owner>)> {
        let list = match self {
            Self::One(one) => {
                let e = one.whole();
                return e.fit(dialler, began).map(|_| (e.owner(), None));
            }
            Self::Several(list) => list,
        };
        let fitting = |e: &&Expectation| e.fit(dialler, began).is_some();
        let best = list.iter().filter(fitting).min_by_key(|e| e.fit(dialler, began))?;
        let other = list
            .iter()
            .filter(fitting)
            .filter(|e| e.session != best.session && e.mode != best.mode)
            .min_by_key(|e| e.fit(dialler, began));
        Some((best.owner(), other.map(Expectation::owner)))
    }

    pub(super) fn counterpart(&self, of: &Expectation) -> Option<Expectation> {
        match self {
            Self::One(one) => Some(one.whole()).filter(|e| e.is_counterpart(of)),
            Self::Several(list) => {
                list.iter().filter(|e| e.is_counterpart(of)).max_by_key(|e| e.at).copied()
            }
        }
    }
}
