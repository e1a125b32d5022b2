//! The sequential engine: segments in, finished sessions out. It owns its state; files and live
//! capture drive it alike.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::candidates::Candidates;
use super::close::LeftOver;
use super::closed::ClosedSessions;
use super::closing::Closing;
use super::control::{Control, Noted};
use super::data::Data;
use super::fetch::Fetching;
use super::flows::{FlowKey, Flows, Slot};
use super::idents::Idents;
use super::idents::PORT as IDENT;
use super::interest::{FTP, FTPS, Interest};
use super::numbering::Numbering;
use super::table::Table;
use crate::capture::{CaptureLoss, FrameRef, Moment, Timestamp};
use crate::decode::{Endpoint, IcmpError, Segment};
use crate::session::{Effect, Expectations};

/// A SYN that comes again sooner, in another file, is the same one captured at another place: hosts
/// wait a second before they send it again (RFC 6298).
const SAME_SYN: Duration = Duration::from_millis(900);

/// What a packet is to the engine: whoever keeps packets keeps those that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matters {
    /// Of a control connection.
    Control,
    /// Of a data connection, of one that may become one, or an error about either.
    Data,
    /// Of neither.
    No,
}

/// The sequential engine.
#[derive(Debug, Default)]
pub struct Engine {
    pub(super) interest: Interest,
    pub(super) flows: Flows,
    pub(super) controls: Table<Box<Control>>,
    pub(super) data: Table<Data>,
    pub(super) candidates: Candidates,
    pub(super) idents: Idents,
    pub(super) expectations: Expectations,
    /// Control connections under TLS, by their two hosts.
    pub(super) hidden: HashMap<(IpAddr, IpAddr), Vec<usize>, RandomState>,
    /// Endpoints that serve something that no session announced.
    pub(super) served: HashSet<Endpoint, RandomState>,
    pub(super) numbering: Numbering,
    /// When to see whether an ended session can be judged.
    pub(super) closing: Closing,
    /// So many of the first of them are fetched.
    pub(super) fetched: usize,
    /// What closed sessions expected is left over.
    pub(super) left_over: LeftOver,
    pub(super) fetching: Fetching,
    /// Flows beyond which it pays to fetch.
    pub(super) many: Option<usize>,
    pub(super) finished: ClosedSessions,
    pub(super) serial: u64,
    /// When to look for sessions that fell silent.
    pub(super) next_sweep: Option<Timestamp>,
    /// Nothing has to be done before this time.
    due: Timestamp,
    pub(super) now: Moment,
    /// Segments are noted rather than taken, where that is all the same.
    pub(super) notes: bool,
    /// What the capture itself lost, in order of time.
    pub(super) losses: Vec<CaptureLoss>,
    /// Pairs of files that hold the same connection at the same time, with its two ends.
    pub(super) twice: BTreeMap<(u32, u32), (Endpoint, Endpoint)>,
    /// A TCP segment of something else than a control connection was seen.
    pub(super) other_traffic: bool,
    effects: Vec<Effect>,
}

impl Engine {
    /// An engine for these control ports beside 21 and 990.
    pub fn new(ports: &[u16]) -> Self {
        let mut new = Self { interest: Interest::new(ports), ..Self::default() };
        for port in [FTP, FTPS, IDENT].iter().chain(ports) {
            new.expectations.always(*port);
        }
        new
    }

    /// Lets quiet sessions rest when more than `keep` are followed at once: for captures that are
    /// read in one go. Nobody else may look at the sessions while they are open.
    pub fn rest_beyond(&mut self, keep: usize) {
        self.controls.rest_beyond(keep);
        self.data.rest_beyond(keep);
    }

    /// Has other threads of the current pool pack sessions that are to rest, so many at a time.
    pub(super) fn pack_aside(&mut self, batch: usize) {
        self.controls.pack_aside(batch);
        self.data.pack_aside(batch);
    }

    /// Notes segments where nothing follows from them for other sessions, and takes those of a session
    /// together: for captures that are read in one go. Nobody may look at the sessions while they are
    /// open.
    pub fn take_notes(&mut self) {
        self.notes = true;
    }

    /// Takes a segment that may be of interest, and says what it is.
    #[inline(never)]
    pub(super) fn of_interest(
        &mut self,
        s: &Segment<'_>,
        order: u64,
        time: Timestamp,
        frame: FrameRef,
    ) -> Matters {
        let at = Moment { order, time, frame };
        if Idents::concerns(s) {
            self.idents.segment(s, at);
        }
        let key = FlowKey::of(s);
        match self.flows.of_packet(key) {
            Some(slot) if !s.flags.syn() || !self.is_replaced(slot, s, at) => match slot {
                Slot::Control(k) => {
                    self.control_at(k, s, order, time, frame);
                    Matters::Control
                }
                Slot::Data(k) => {
                    self.other_traffic = true;
                    self.data_at(k, s, order, time, frame);
                    Matters::Data
                }
                Slot::Candidate(k) => self.candidate(k, s, at),
            },
            _ => self.unknown(key, s, at),
        }
    }

    /// Takes an ICMP error about a segment, and says whether that one mattered.
    pub fn icmp(&mut self, error: &IcmpError, at: Moment) -> Matters {
        self.advance(at);
        let connection = match self.flows.get(FlowKey::new(error.src, error.dst)) {
            Some(Slot::Control(k)) => {
                self.controls.get_mut(k).map(|c| &mut *c.dialogue().connection)
            }
            Some(Slot::Data(k)) => self.data.get_mut(k).map(Data::connection),
            Some(Slot::Candidate(k)) => self.candidates.get_mut(k).map(|c| &mut *c.connection),
            None => None,
        };
        match connection {
            Some(connection) => {
                connection.icmp(*error, at);
                Matters::Data
            }
            None => Matters::No,
        }
    }

    /// Takes note of the time of a packet that holds nothing of interest.
    #[inline(always)]
    pub fn advance(&mut self, at: Moment) {
        self.set_now(at);
        let now = self.now.time;
        if now >= self.due {
            self.catch_up();
        }
        self.controls.advance(now);
        self.data.advance(now);
    }

    /// Does what has become due.
    #[inline(never)]
    fn catch_up(&mut self) {
        self.judge_due();
        self.judge_silent();
        while let Some(gone) = self.candidates.expired(self.now.time) {
            let c = &gone.connection;
            let key = FlowKey::new(c.initiator, c.responder);
            // Removed whatever its key was: the slot is a candidate's as long as it is in there.
            if let Some(slot @ Slot::Candidate(_)) = self.flows.get(key) {
                self.flows.remove(key, slot);
            }
        }
        let next = [self.next_sweep, self.closing.next_due(), self.candidates.next_due()];
        self.due = next.into_iter().flatten().min().unwrap_or_default();
    }

    /// Something has to be done at this time.
    #[inline]
    pub(super) fn due_at(&mut self, time: Timestamp) {
        self.due = self.due.min(time);
    }

    /// Something may have to be done before `now`.
    #[inline(always)]
    pub(super) fn due_before(&self, now: Timestamp) -> bool {
        self.due < now
    }

    #[inline(always)]
    pub(super) fn set_now(&mut self, at: Moment) {
        // Time never runs back: packets slightly out of order don't reopen what has passed.
        if at.time < self.now.time {
            self.now = Moment { time: self.now.time, ..at };
        } else {
            self.now = at;
        }
    }

    /// Sessions that have come to their closing point, in that order; empties the list.
    pub fn take_finished(&mut self) -> ClosedSessions {
        std::mem::take(&mut self.finished)
    }

    /// The same, behind those in `to`; the list keeps its room.
    pub(super) fn move_finished(&mut self, to: &mut ClosedSessions) {
        to.append(&mut self.finished);
    }

    /// Some sessions have come to their closing point.
    pub fn has_finished(&self) -> bool {
        !self.finished.is_empty()
    }

    /// Pairs of files that hold the same connection at the same time, with its two ends.
    pub fn captured_twice(&self) -> &BTreeMap<(u32, u32), (Endpoint, Endpoint)> {
        &self.twice
    }

    /// Whether a SYN opens another connection on the 4-tuple of this one, which is over then.
    #[inline(never)]
    fn is_replaced(&mut self, slot: Slot, s: &Segment<'_>, at: Moment) -> bool {
        let connection = match slot {
            Slot::Control(key) => match self.controls.get_mut(key) {
                Some(c) if c.expects(s, at) => return false,
                control => control.map(|c| &mut *c.dialogue().connection),
            },
            Slot::Data(key) => match self.data.get_mut(key) {
                Some(d) if d.expects(s, at) => return false,
                data => data.map(Data::connection),
            },
            Slot::Candidate(key) => self.candidates.get_mut(key).map(|c| &mut *c.connection),
        };
        let Some(connection) = connection else { return true };
        if !connection.is_replaced_by(s, at) {
            return false;
        }
        match slot {
            Slot::Control(key) => self.control_over(key, true),
            Slot::Data(_) => {}
            Slot::Candidate(key) => {
                self.candidates.take(key);
            }
        }
        true
    }

    pub(super) fn control(&mut self, key: usize, s: &Segment<'_>, at: Moment) {
        self.control_at(key, s, at.order, at.time, at.frame);
    }

    /// Takes a segment of a control connection.
    #[inline(never)]
    pub(super) fn control_at(
        &mut self,
        key: usize,
        s: &Segment<'_>,
        order: u64,
        time: Timestamp,
        frame: FrameRef,
    ) {
        let Some(c) = self.controls.get_mut(key) else { return };
        if self.notes {
            match c.note(s, Moment { order, time, frame }, self.idents.any()) {
                Noted::Quietly => return,
                Noted::Over => return self.control_over(key, false),
                Noted::Announced(effect) => return self.apply(key, [effect]),
                Noted::Not => {}
            }
        }
        self.control_taken(key, s, Moment { order, time, frame });
    }

    /// Takes a segment of a data connection.
    #[inline(never)]
    pub(super) fn data_at(
        &mut self,
        key: usize,
        s: &Segment<'_>,
        order: u64,
        time: Timestamp,
        frame: FrameRef,
    ) {
        if let Some(d) = self.data.get_mut(key) {
            d.segment(s, Moment { order, time, frame });
        }
    }

    /// Takes a segment of a control connection that can't be noted.
    #[inline(never)]
    fn control_taken(&mut self, key: usize, s: &Segment<'_>, at: Moment) {
        let Some(c) = self.controls.get_mut(key) else { return };
        let dialogue = c.dialogue();
        let half = &dialogue.connection.from_initiator;
        if let Some(first) = half.syn.filter(|_| s.flags.syn() && !s.flags.ack())
            && first.frame.file != at.frame.file
            && half.isn == Some(s.seq)
            && at.time.since(first.time) < SAME_SYN
        {
            let files = (first.frame.file.min(at.frame.file), first.frame.file.max(at.frame.file));
            self.twice.entry(files).or_insert((s.src, s.dst));
        }
        let mut effects = std::mem::take(&mut self.effects);
        if !dialogue.builder.greeted() {
            c.ident = c.asked(&self.idents);
        }
        let dialogue = c.dialogue();
        dialogue.segment(s, at, &mut effects);
        let ended = dialogue.connection.is_marked() && dialogue.connection.ended();
        if self.notes {
            c.resume();
        }
        if !effects.is_empty() {
            self.apply(key, effects.drain(..));
        }
        self.effects = effects;
        if ended {
            self.control_over(key, false);
        }
    }

    pub(super) fn apply(&mut self, key: usize, effects: impl IntoIterator<Item = Effect>) {
        for effect in effects {
            match effect {
                Effect::Announced { channel, listening, mode, dialler, at } => {
                    self.expect(key, channel, listening, mode, dialler, at);
                }
                Effect::TlsBegan => self.tls_began(key),
                Effect::TlsEnded => self.tls_ended(key),
                Effect::OnlyFtpSaysThis => self.confirm(key),
                Effect::NotFtp => self.reject(key),
            }
        }
    }
}
