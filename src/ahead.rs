//! Made ahead: a row of things that other threads make before they are asked for.
//!
//! Nobody waits who could make the next one: whoever needs a thing that nobody has begun makes it,
//! and those after it while somebody else is still at it. They are handed out in their order, so
//! what comes out doesn't depend on who made what.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Things that may be made ahead. Few: those that were made last are still in a processor's cache.
const WINDOW: u64 = 6;

/// Makes the things of one row.
pub(crate) trait Maker: Send + 'static {
    /// What is made.
    type Made: Send + 'static;
    /// Where a thing is made of what another was made of.
    type Used: Send + 'static;

    /// Makes the thing with this number, the first of which is 0.
    fn make(&mut self, number: u64, used: Option<Self::Used>) -> Self::Made;

    /// Nothing is to be made after this one.
    fn is_last(made: &Self::Made) -> bool;
}

/// A row of things that are made ahead. No more of them are once it is dropped.
pub(crate) struct Ahead<M: Maker> {
    shared: Arc<Shared<M>>,
}

struct Shared<M: Maker> {
    /// Making one may take long, although others are there.
    waits: bool,
    state: Mutex<State<M>>,
    /// A thing was made.
    made: Condvar,
}

type Result<T> = std::result::Result<T, Box<dyn Any + Send>>;

struct State<M: Maker> {
    /// Those who make nothing now.
    makers: Vec<M>,
    /// Number of the thing that is handed out next.
    next: u64,
    /// Things that somebody has begun to make.
    begun: u64,
    /// Those from `next` on; `None` while they are being made.
    row: VecDeque<Option<Result<M::Made>>>,
    used: Vec<M::Used>,
    /// Another thread is asked to make some.
    helped: bool,
    /// Whoever uses the things waits for one.
    waiting: bool,
    /// Nothing more is to be made.
    over: bool,
}

/// A thing that somebody is about to make.
struct Begun<M: Maker> {
    number: u64,
    maker: M,
    used: Option<M::Used>,
}

impl<M: Maker> Ahead<M> {
    /// A row made by so many at once. `waits`: making one may take long, although others are there.
    pub(crate) fn new(makers: Vec<M>, waits: bool) -> Self {
        let state = State {
            makers,
            next: 0,
            begun: 0,
            row: VecDeque::new(),
            used: Vec::new(),
            helped: false,
            waiting: false,
            over: false,
        };
        Self { shared: Arc::new(Shared { waits, state: Mutex::new(state), made: Condvar::new() }) }
    }

    /// Making one may take long, although others are there.
    pub(crate) fn waits(&self) -> bool {
        self.shared.waits
    }

    /// The next thing. Panics when making it did.
    pub(crate) fn next(&mut self) -> M::Made {
        let mut state = self.shared.state();
        let made = loop {
            if let Some(made) = state.take() {
                break made;
            }
            // What nobody has begun is made here: sooner done than asked for.
            if let Some(begun) = state.begin() {
                drop(state);
                state = self.shared.finish(begun);
                continue;
            }
            drop(state);
            let helped = matches!(rayon::yield_now(), Some(rayon::Yield::Executed));
            state = self.shared.state();
            if !helped && !state.is_ready() {
                state.waiting = true;
                state = self.shared.made.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.waiting = false;
            }
        };
        let ask = !state.over && !state.helped && state.room() >= WINDOW / 2;
        state.helped |= ask;
        drop(state);
        if ask {
            let (shared, here) = (Arc::clone(&self.shared), rayon::current_thread_index());
            rayon::spawn(move || shared.help(here));
        }
        made.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// What a thing was made of that is used up.
    pub(crate) fn give_back(&mut self, used: M::Used) {
        self.shared.state().used.push(used);
    }
}

impl<M: Maker> Drop for Ahead<M> {
    fn drop(&mut self) {
        self.shared.state().over = true;
    }
}

impl<M: Maker> Shared<M> {
    fn state(&self) -> MutexGuard<'_, State<M>> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes as many things ahead as there may be; `asked` is the thread that uses them.
    fn help(&self, asked: Option<usize>) {
        let mut state = self.state();
        // Whoever uses the things doesn't wait for another while there are some.
        let may = !self.waits || asked.is_none() || asked != rayon::current_thread_index();
        // Not for ever: this thread may be the one for which others make something.
        for _ in 0..WINDOW {
            let Some(begun) = may.then(|| state.begin()).flatten() else { break };
            drop(state);
            state = self.finish(begun);
        }
        state.helped = false;
    }

    /// Makes a thing and puts it where it belongs.
    fn finish(&self, begun: Begun<M>) -> MutexGuard<'_, State<M>> {
        let Begun { number, mut maker, used } = begun;
        // A panic belongs to whoever uses the things, not to the thread that happens to make one.
        let made = catch_unwind(AssertUnwindSafe(|| maker.make(number, used)));
        let mut state = self.state();
        state.over |= made.as_ref().map_or(true, M::is_last);
        state.makers.push(maker);
        let place = number.checked_sub(state.next).and_then(|at| usize::try_from(at).ok());
        if let Some(slot) = place.and_then(|at| state.row.get_mut(at)) {
            *slot = Some(made);
        }
        if state.waiting && state.is_ready() {
            self.made.notify_one();
        }
        state
    }
}

impl<M: Maker> State<M> {
    /// Takes on the next thing that nobody has begun, if it may be made now.
    fn begin(&mut self) -> Option<Begun<M>> {
        if self.over || self.room() == 0 {
            return None;
        }
        let maker = self.makers.pop()?;
        let number = self.begun;
        self.begun += 1;
        self.row.push_back(None);
        Some(Begun { number, maker, used: self.used.pop() })
    }

    fn is_ready(&self) -> bool {
        self.row.front().is_some_and(Option::is_some)
    }

    fn take(&mut self) -> Option<Result<M::Made>> {
        let made = self.row.front_mut()?.take()?;
        self.row.pop_front();
        self.next += 1;
        Some(made)
    }

    /// How many things may still be begun.
    fn room(&self) -> u64 {
        WINDOW.saturating_sub(self.begun - self.next)
    }
}
