//! What files and interfaces have in common: packets in, judged sessions out.

use std::sync::Arc;

use rayon::prelude::*;

use super::fetch::Asked;
use super::flows::FlowKey;
use super::{ClosedSessions, Engine, Matters, Options, Overview};
use crate::capture::{CaptureLoss, LinkType, Moment, Packet, Problem, Timestamp};
use crate::decode::{self, Decoded, Decoder, Segment};
use crate::diagnose::{self, Finding, Judged, Learner};

/// Sessions that are still open at the end are fetched so many together.
const TOGETHER: usize = 48;

/// Decodes packets, follows connections and judges sessions.
#[derive(Debug, Default)]
pub struct Analyser {
    engine: Engine,
    decoder: Decoder,
    overview: Overview,
    /// At their closing point, and not judged yet.
    waiting: ClosedSessions,
    learner: Learner,
    /// Of the sessions judged so far.
    missing_segments: u64,
    /// No more packets will come.
    over: bool,
}

impl Analyser {
    /// An analyser that has seen nothing yet.
    pub fn new(options: &Options) -> Self {
        Self { engine: Engine::new(&options.ports), ..Self::default() }
    }

    /// Lets quiet sessions rest, see [`Engine::rest_beyond`].
    pub(super) fn rest_beyond(&mut self, keep: usize) {
        self.engine.rest_beyond(keep);
    }

    /// Has other threads pack sessions that are to rest, see [`Engine::pack_aside`].
    pub(super) fn pack_aside(&mut self, batch: usize) {
        self.engine.pack_aside(batch);
    }

    /// Reads ahead what packets will ask for, see [`Engine::fetch_beyond`].
    pub(super) fn fetch_beyond(&mut self, flows: usize) {
        self.engine.fetch_beyond(flows);
    }

    /// Begins to fetch what packets of these flows will ask for, if it pays, see [`Engine::fetch`].
    #[inline(always)]
    pub(super) fn fetch(&mut self, flows: impl Iterator<Item = Option<FlowKey>>) {
        if self.engine.is_worth_fetching() {
            let ports = &self.overview.tcp_ports;
            let asked = Asked::of(flows);
            asked.iter().for_each(|key| ports.fetch(key.lower_port()));
            self.engine.fetch(asked);
        }
    }

    /// Notes what need not be taken at once, see [`Engine::take_notes`].
    pub fn take_notes(&mut self) {
        self.engine.take_notes();
    }

    /// Takes the next packet, and says what it is.
    pub fn packet(&mut self, packet: &Packet<'_>) -> Matters {
        let matters = self.feed(*packet);
        self.collect();
        matters
    }

    /// The same, and leaves finished sessions where they are.
    #[inline(always)]
    pub(super) fn feed(&mut self, packet: Packet<'_>) -> Matters {
        let Self { decoder, engine, overview, .. } = self;
        // Taken apart, so that it need not stand anywhere unless something unusual is in it.
        let Packet { moment: Moment { order, time, frame }, link, wire_len, data } = packet;
        match decode::plain(link, data, &mut None) {
            Some(s) => segment(engine, overview, s, Moment { order, time, frame }),
            None => {
                let at = Moment { order, time, frame };
                let decoded = &decoder.layer_by_layer(&Packet { moment: at, link, wire_len, data });
                take(engine, overview, decoded, at, link)
            }
        }
    }

    /// Takes the next packet, which holds the segment that `make` makes, and leaves finished sessions where they
    /// are. `greets`: its payload looks like a greeting.
    #[inline(always)]
    pub(super) fn segment<'a>(&mut self, make: impl Fn() -> Segment<'a>, at: Moment, greets: bool) {
        self.overview.segment(&make());
        self.engine.segment_of(make, at, greets);
    }

    /// Takes the next packet, decoded, and leaves finished sessions where they are.
    #[inline]
    pub(super) fn decoded(&mut self, decoded: &Decoded<'_>, at: Moment, link: LinkType) {
        take(&mut self.engine, &mut self.overview, decoded, at, link);
    }

    /// No packet came until this time.
    pub fn tick(&mut self, now: Timestamp) {
        self.engine.advance(Moment { time: now, ..self.engine.now });
        self.collect();
    }

    /// The capture lost packets before the next one.
    pub fn lost(&mut self, loss: CaptureLoss) {
        self.engine.lost(loss);
    }

    /// Sessions are due before this time.
    #[inline]
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.engine.is_due(now)
    }

    /// Brings sessions that are due before `at` to their closing point, up to `most` at a time.
    /// There may be more when this returns true.
    pub(super) fn close_due(&mut self, at: Moment, most: usize) -> bool {
        if !self.engine.is_due(at.time) {
            return false;
        }
        self.engine.close_due(at, most);
        self.collect();
        self.waiting() >= most
    }

    /// Has finished sessions wait to be taken; whether there were any.
    #[inline]
    pub(super) fn collect(&mut self) -> bool {
        let some = self.engine.has_finished();
        if some {
            self.append();
        }
        some
    }

    #[cold]
    fn append(&mut self) {
        self.engine.move_finished(&mut self.waiting);
    }

    /// Sessions at their closing point that have not been taken yet.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// These sessions, to be judged elsewhere. There is room for as many again.
    pub(super) fn take_waiting(&mut self) -> ClosedSessions {
        let room = Vec::with_capacity(self.waiting.len());
        std::mem::replace(&mut self.waiting, room)
    }

    /// Judges the sessions that came to their closing point, and hands them out in that order.
    ///
    /// Rules see one session at a time, so they run on all threads of the current pool.
    pub fn judged(&mut self) -> Vec<Judged> {
        let waiting = std::mem::take(&mut self.waiting);
        let judged: Vec<Judged> =
            waiting.into_par_iter().map(|closed| diagnose::judge(closed.session())).collect();
        for j in &judged {
            self.learner.session(j);
            self.missing_segments += j.session.missing_segments();
        }
        if self.over {
            self.overview.missing_segments = self.missing_segments;
        }
        judged
    }

    /// What the sessions handed out so far show together.
    pub fn findings(&self) -> Vec<Finding> {
        self.learner.findings()
    }

    /// Open sessions as they stand, see [`Engine::open_sessions`].
    pub fn open_sessions(&mut self, most: usize) -> Vec<Arc<Judged>> {
        self.engine.open_sessions(most)
    }

    /// What the packets held so far.
    pub fn overview(&self) -> &Overview {
        &self.overview
    }

    /// What it could not read.
    pub fn problems(&self) -> Vec<Problem> {
        let problem = |(link, count): (&LinkType, &u64)| Problem {
            file: 0,
            offset: None,
            frame: None,
            text: format!(
                "{count} packets of link type {} were left out: it is not one that ftpscope reads",
                link.name()
            ),
        };
        self.overview.unknown_links.iter().map(problem).collect()
    }

    /// No more packets will come: what is open is at its closing point too.
    pub fn finish(&mut self) {
        self.engine.finish();
        self.collect();
        self.over = true;
    }

    /// The same, and hands over the sessions as they come: a million that are still open never stand
    /// finished beside each other.
    pub(super) fn finish_into(&mut self, batch: usize, hand_over: &mut dyn FnMut(ClosedSessions)) {
        // Nobody rests any more: each one is looked at now.
        self.engine.rest_beyond(usize::MAX);
        for next in self.engine.left().chunks(TOGETHER) {
            self.engine.fetch_closing(next);
            for key in next {
                self.engine.close_last(*key);
                self.collect();
                if self.waiting() >= batch {
                    hand_over(self.take_waiting());
                }
            }
        }
        self.finish();
        hand_over(self.take_waiting());
    }

    /// The engine, for what it knows beside sessions.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The overview, given away.
    pub fn into_overview(self) -> Overview {
        self.overview
    }
}

#[inline(always)]
fn segment(engine: &mut Engine, overview: &mut Overview, s: &Segment<'_>, at: Moment) -> Matters {
    overview.segment(s);
    engine.segment(s, at)
}

#[inline]
fn take(
    engine: &mut Engine,
    overview: &mut Overview,
    decoded: &Decoded<'_>,
    at: Moment,
    link: LinkType,
) -> Matters {
    match decoded {
        Decoded::Segment(s) => segment(engine, overview, s, at),
        Decoded::Icmp(error) => {
            overview.icmp_errors += 1;
            engine.icmp(error, at)
        }
        other => {
            overview.other(other, link);
            engine.advance(at);
            Matters::No
        }
    }
}
