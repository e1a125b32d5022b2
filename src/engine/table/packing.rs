//! Packing aside: while the engine goes on, what is to rest is packed by other threads.
//!
//! Nobody waits for what nobody has begun: whoever needs something of a batch that waits packs it itself. What
//! rests changes no result, so neither does when it came to rest.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Rest;
use crate::pack::Packer;

/// Batches that may be on their way.
pub(super) const MOST: usize = 4;

/// A value by its key, packed unless it can't be.
pub(super) type Packed<T> = Vec<(usize, Result<Box<[u8]>, T>)>;

/// Values that are on their way to rest.
#[derive(Debug)]
pub(super) struct Packing<T> {
    /// Those that were handed over, the oldest first.
    row: VecDeque<Arc<Batch<T>>>,
    /// Number of the first of them.
    first: u64,
    /// Those of the next batch, and how many there will be.
    gathered: Vec<(usize, T)>,
    batch: usize,
}

#[derive(Debug)]
struct Batch<T> {
    state: Mutex<State<T>>,
    packed: Condvar,
}

#[derive(Debug)]
enum State<T> {
    Waiting(Vec<(usize, T)>),
    Begun,
    Packed(Result<Packed<T>, Box<dyn Any + Send>>),
}

impl<T: Rest> Packing<T> {
    /// Has other threads of the current pool pack values, so many at a time.
    pub(super) fn new(batch: usize) -> Self {
        Self { row: VecDeque::new(), first: 0, gathered: Vec::new(), batch }
    }

    /// Number of the batch that is gathered.
    pub(super) fn number(&self) -> u64 {
        self.first + self.row.len() as u64
    }

    /// Adds a value to the batch that is gathered.
    pub(super) fn add(&mut self, key: usize, value: T) {
        self.gathered.push((key, value));
        if self.gathered.len() >= self.batch {
            let room = Vec::with_capacity(self.batch);
            let state = Mutex::new(State::Waiting(std::mem::replace(&mut self.gathered, room)));
            let batch = Arc::new(Batch { state, packed: Condvar::new() });
            self.row.push_back(Arc::clone(&batch));
            rayon::spawn(move || batch.pack());
        }
    }

    /// Takes a value back from the batch that is gathered.
    pub(super) fn take_back(&mut self, key: usize) -> Option<T> {
        let place = self.gathered.iter().position(|(gathered, _)| *gathered == key)?;
        Some(self.gathered.swap_remove(place).1)
    }

    /// The oldest batch, if it is packed or too many are on their way.
    pub(super) fn next_packed(&mut self) -> Option<Packed<T>> {
        let oldest = self.row.front()?;
        (self.row.len() > MOST || oldest.is_packed()).then(|| self.next())?
    }

    /// The oldest batch, if that has this number or a lower one.
    pub(super) fn next_until(&mut self, number: u64) -> Option<Packed<T>> {
        (self.first <= number).then(|| self.next())?
    }

    /// The oldest batch. Panics when packing it did.
    fn next(&mut self) -> Option<Packed<T>> {
        let oldest = self.row.pop_front()?;
        self.first += 1;
        oldest.pack();
        Some(oldest.taken())
    }
}

impl<T: Rest> Batch<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_packed(&self) -> bool {
        matches!(*self.state(), State::Packed(_))
    }

    /// Packs the values, unless somebody has begun to.
    fn pack(&self) {
        let mut state = self.state();
        let State::Waiting(values) = &mut *state else { return };
        let values = std::mem::take(values);
        *state = State::Begun;
        drop(state);
        // A panic belongs to whoever asks for the values.
        let packed = catch_unwind(AssertUnwindSafe(|| packed(values)));
        *self.state() = State::Packed(packed);
        self.packed.notify_one();
    }

    /// What was packed, when it is.
    fn taken(&self) -> Packed<T> {
        let mut state = self.state();
        loop {
            if let State::Packed(packed) = &mut *state {
                let packed = std::mem::replace(packed, Ok(Vec::new()));
                return packed.unwrap_or_else(|panic| resume_unwind(panic));
            }
            state = self.packed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn packed<T: Rest>(values: Vec<(usize, T)>) -> Packed<T> {
    let mut packer = Packer::default();
    let packed = |(key, mut value): (usize, T)| {
        value.before_rest();
        (key, packer.packed(&value).ok_or(value))
    };
    values.into_iter().map(packed).collect()
}
