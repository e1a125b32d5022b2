//! What is expected at one endpoint.

use std::collections::VecDeque;
use std::net::IpAddr;

use prefetch_index::prefetch_index;

use super::{Expectation, Owner};
use crate::capture::{Moment, Timestamp};
use crate::session::Mode;

/// An expectation in one cache line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    at: Moment,
    /// The end of all time if it isn't known.
    until: Timestamp,
    session: u32,
    channel: u32,
    dialler: IpAddr,
    mode: Mode,
}

impl Short {
    /// `None` of a key of more than 32 bits: so many sessions are in no memory.
    fn of(e: &Expectation) -> Option<Self> {
        Some(Self {
            at: e.at,
            until: e.until.unwrap_or(Timestamp::MAX),
            session: u32::try_from(e.session).ok()?,
            channel: u32::try_from(e.channel).ok()?,
            dialler: e.dialler,
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
            dialler: self.dialler,
            until: Some(self.until),
        }
    }

    fn is_of(&self, session: usize) -> bool {
        self.session as usize == session
    }
}

/// Several expectations, in the order in which they were added: of a server with few ports, those of
/// many sessions. Mostly the first or the last is asked for, and no other is looked at.
#[derive(Debug)]
pub(super) struct Several {
    all: VecDeque<Short>,
    /// The lowest bits of where in the capture the latest one was announced, which itself stands in no cache.
    newest: u32,
    /// One bit for each mode that one of them had.
    modes: u8,
    /// Each was announced after those before it.
    in_order: bool,
}

fn bit(mode: Mode) -> u8 {
    1 << mode as u8
}

impl Several {
    /// A server that reuses a port for each of thousands of sessions has one that is alive, seldom two.
    pub(super) const MOST: usize = 64;

    fn of(first: Short) -> Self {
        Self {
            newest: first.at.order as u32,
            all: VecDeque::from([first]),
            modes: bit(first.mode),
            in_order: true,
        }
    }

    fn add(&mut self, e: Short) {
        if self.all.len() >= Self::MOST {
            self.all.pop_front();
        }
        if self.all.len() == self.all.capacity() {
            self.all.reserve_exact(3);
        }
        // Nothing is held back for half as many packets as there are such numbers.
        let order = e.at.order as u32;
        self.in_order &= (1..1 << 31).contains(&order.wrapping_sub(self.newest));
        self.newest = order;
        self.modes |= bit(e.mode);
        self.all.push_back(e);
    }

    fn find(&self, dialler: IpAddr, began: Moment) -> Option<(Owner, Option<Owner>)> {
        let each = || self.all.iter().map(Short::whole);
        let fit = |e: &Expectation| e.fit(dialler, began);
        if self.in_order && self.modes.is_power_of_two() {
            // None is better than the newest earlier one of the expected peer.
            let best = each().rev().find(|e| matches!(fit(e), Some((false, false, _))));
            if let Some(best) = best {
                return Some((best.owner(), None));
            }
        }
        let fitting = || each().filter(|e| fit(e).is_some());
        let best = fitting().min_by_key(fit)?;
        let others = fitting().filter(|e| e.session != best.session && e.mode != best.mode);
        Some((best.owner(), others.min_by_key(fit).map(|e| e.owner())))
    }

    fn counterpart(&self, of: &Expectation) -> Option<Expectation> {
        if self.modes & !bit(of.mode) == 0 {
            return None;
        }
        let each = self.all.iter().map(Short::whole);
        each.filter(|e| e.is_counterpart(of)).max_by_key(|e| e.at)
    }
}

/// What is expected at one endpoint. Mostly that is one thing, which stands in the table itself.
#[derive(Debug)]
pub(super) enum Expected {
    One(Short),
    Several(Several),
}

impl Expected {
    pub(super) fn new(e: &Expectation) -> Option<Self> {
        Short::of(e).map(Self::One)
    }

    pub(super) fn add(&mut self, e: &Expectation) {
        let Some(e) = Short::of(e) else { return };
        if let Self::One(one) = self {
            *self = Self::Several(Several::of(*one));
        }
        if let Self::Several(several) = self {
            several.add(e);
        }
    }

    pub(super) fn expire(&mut self, session: usize, until: Timestamp) {
        match self {
            Self::One(one) if one.is_of(session) => one.until = until,
            Self::One(_) => {}
            Self::Several(several) => {
                for e in several.all.iter_mut().filter(|e| e.is_of(session)) {
                    e.until = until;
                }
            }
        }
    }

    /// Forgets a session's first one; whether nothing is left.
    pub(super) fn forget(&mut self, session: usize) -> bool {
        match self {
            Self::One(one) => one.is_of(session),
            Self::Several(Several { all, .. }) => {
                if let Some(first) = all.iter().position(|e| e.is_of(session)) {
                    all.remove(first);
                }
                all.is_empty()
            }
        }
    }

    /// Forgets those of all sessions but these; whether nothing is left.
    pub(super) fn retain(&mut self, is: impl Fn(usize) -> bool) -> bool {
        match self {
            Self::One(one) => !is(one.session as usize),
            Self::Several(Several { all, .. }) => {
                all.retain(|e| is(e.session as usize));
                all.is_empty()
            }
        }
    }

    pub(super) fn find(&self, dialler: IpAddr, began: Moment) -> Option<(Owner, Option<Owner>)> {
        match self {
            Self::One(one) => {
                let e = one.whole();
                e.fit(dialler, began).map(|_| (e.owner(), None))
            }
            Self::Several(several) => several.find(dialler, began),
        }
    }

    /// Begins to fetch what [`Expected::find`] asks for first.
    pub(super) fn fetch(&self) {
        if let Self::Several(Several { all, .. }) = self {
            let (first, second) = all.as_slices();
            let end = if second.is_empty() { first } else { second };
            prefetch_index(end, end.len().saturating_sub(1));
        }
    }

    /// Begins to fetch what [`Expected::forget`] asks for first.
    pub(super) fn fetch_to_forget(&self) {
        if let Self::Several(Several { all, .. }) = self {
            prefetch_index(all.as_slices().0, 0);
        }
    }

    /// The newest one of another session, there to be dialled and here to dial, or the other way round.
    pub(super) fn counterpart(&self, of: &Expectation) -> Option<Expectation> {
        match self {
            Self::One(one) => Some(one.whole()).filter(|e| e.is_counterpart(of)),
            Self::Several(several) => several.counterpart(of),
        }
    }
}
