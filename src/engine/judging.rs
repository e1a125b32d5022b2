//! Judging aside: while the engine goes on, finished sessions are judged by other threads, and
//! handed out in the order in which they came.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::vec::Drain;

use rayon::ScopeFifo;

use super::ClosedSessions;
use super::closed::Closed;
use crate::diagnose::{Judged, Learner};
use crate::session::Session;

/// Batches of each thread that may be on their way: more of them, and whoever hands sessions over
/// judges some of them, or waits.
const BATCHES_PER_THREAD: usize = 4;

/// Sessions put together, and then judged, so many at a time: neither the code of one step nor so few
/// sessions leave the processor's first cache before the next.
const STEP: usize = 4;

/// How a session is judged.
type Judge = fn(Box<Session>) -> Judged;

/// Judges sessions and hands them out in their order.
pub(super) struct Judging<S> {
    threads: usize,
    judge: Judge,
    state: Mutex<State<S>>,
    /// A batch was handed out, or nothing will be any more.
    moved: Condvar,
}

struct State<S> {
    /// Not there while somebody hands sessions out.
    outlet: Option<Outlet<S>>,
    /// Batches that were taken in.
    taken: u64,
    /// Batches that were handed out.
    given: u64,
    /// Judged, and waiting for those before them.
    judged: BTreeMap<u64, Vec<Judged>>,
    /// Whoever hands sessions over waits.
    waiting: bool,
    /// A thread panicked.
    failed: bool,
}

/// Where judged sessions go, one by one.
struct Outlet<S> {
    learner: Learner,
    missing_segments: u64,
    sink: S,
}

impl<S: FnMut(Judged)> Outlet<S> {
    fn take(&mut self, some: Drain<'_, Judged>) {
        // What is remembered of all of them is waited for together, see `fetch.rs`.
        black_box(some.as_slice().iter().fold(0, |read, j| read ^ self.learner.read(j)));
        for judged in some {
            self.learner.session(&judged);
            self.missing_segments += judged.session.missing_segments();
            (self.sink)(judged);
        }
    }
}

impl<S: FnMut(Judged) + Send> Judging<S> {
    /// Hands sessions to `sink`; `threads` of the current pool judge them, with `judge`.
    pub(super) fn new(threads: usize, judge: Judge, sink: S) -> Self {
        let state = State {
            outlet: Some(Outlet { learner: Learner::default(), missing_segments: 0, sink }),
            taken: 0,
            given: 0,
            judged: BTreeMap::new(),
            waiting: false,
            failed: false,
        };
        Self { threads, judge, state: Mutex::new(state), moved: Condvar::new() }
    }

    /// Calls `run`, which is given somewhere to bring finished sessions to. All of them are judged
    /// and handed out when this returns what `run` returned, what was learned from them, and how many
    /// segments of theirs were acknowledged by their receiver yet never captured.
    pub(super) fn over<T: Send>(
        self,
        run: impl FnOnce(&mut dyn FnMut(ClosedSessions)) -> T + Send,
    ) -> (T, Learner, u64) {
        let returned = if self.threads > 1 {
            rayon::in_place_scope_fifo(|scope| run(&mut |sessions| self.aside(scope, sessions)))
        } else {
            run(&mut |sessions| {
                let mut state = self.state();
                let Some(outlet) = &mut state.outlet else { return };
                self.judged_of(sessions, |some| outlet.take(some));
            })
        };
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let learned = state.outlet.map(|outlet| (outlet.learner, outlet.missing_segments));
        let (learner, missing_segments) = learned.unwrap_or_default();
        (returned, learner, missing_segments)
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a batch judged by whichever thread comes to it.
    fn aside<'s>(&'s self, scope: &ScopeFifo<'s>, sessions: ClosedSessions) {
        let Some(number) = self.enter() else { return };
        scope.spawn_fifo(move |_| {
            let failing = Failing(self);
            let mut judged = Vec::with_capacity(sessions.len());
            self.judged_of(sessions, |some| judged.extend(some));
            self.judged(number, judged);
            std::mem::forget(failing);
        });
    }

    /// Judges sessions, and hands them on in their order, some at a time.
    fn judged_of(&self, sessions: ClosedSessions, mut take: impl FnMut(Drain<'_, Judged>)) {
        let (mut whole, mut judged) = (Vec::with_capacity(STEP), Vec::with_capacity(STEP));
        let mut rest = sessions.into_iter();
        while rest.len() > 0 {
            whole.extend(rest.by_ref().take(STEP).map(Closed::session));
            judged.extend(whole.drain(..).map(self.judge));
            take(judged.drain(..));
        }
    }

    /// The number of the next batch, when there is room for it. `None` when all is lost.
    fn enter(&self) -> Option<u64> {
        let most = (BATCHES_PER_THREAD * self.threads) as u64;
        let mut state = self.state();
        while state.taken - state.given >= most && !state.failed {
            drop(state);
            let helped = matches!(rayon::yield_now(), Some(rayon::Yield::Executed));
            state = self.state();
            if !helped && state.taken - state.given >= most && !state.failed {
                state.waiting = true;
                state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.waiting = false;
            }
        }
        let number = state.taken;
        state.taken += 1;
        (!state.failed).then_some(number)
    }

    /// Takes a judged batch, and hands out what is next unless somebody does so already.
    fn judged(&self, number: u64, judged: Vec<Judged>) {
        let mut state = self.state();
        state.judged.insert(number, judged);
        let Some(mut outlet) = state.outlet.take() else { return };
        loop {
            let given = state.given;
            let Some(mut batch) = state.judged.remove(&given) else { break };
            drop(state);
            outlet.take(batch.drain(..));
            state = self.state();
            state.given += 1;
            if state.waiting {
                self.moved.notify_one();
            }
        }
        state.outlet = Some(outlet);
    }
}

/// Dropped by a panic: nobody shall wait for what doesn't come.
struct Failing<'s, S: FnMut(Judged) + Send>(&'s Judging<S>);

impl<S: FnMut(Judged) + Send> Drop for Failing<'_, S> {
    fn drop(&mut self) {
        self.0.state().failed = true;
        self.0.moved.notify_all();
    }
}
