//! Packing aside: while the engine goes on, what is to rest is packed by other threads.
//!
//! Nobody waits for what nobody has begun: whoever needs something of a batch that waits packs it itself. What
//! rests changes no result, so neither does when it came to rest.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::table::Rest;
use crate::pack::Packer;

/// Batches that may be on their way.
const MOST: usize = 4;

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::capture::Timestamp;
    use crate::engine::table::Table;
    use crate::pack::{Pack, Unpacker};

    /// Packed or not, it is the same; of some it is said that they can be packed, and of some of these
    /// wrongly.
    #[derive(Clone, Debug, PartialEq)]
    struct Thing {
        number: u64,
        last: Timestamp,
        changed: u64,
    }

    impl Pack for Thing {
        fn pack(&self, to: &mut Packer) {
            assert!(self.number != 666, "on purpose");
            (self.number, self.last.nanos().cast_unsigned(), self.changed).pack(to);
            to.without(&(self.number % 8 == 1).then_some(()));
        }

        fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
            let (number, last, changed): (u64, u64, u64) = Pack::unpack(from)?;
            Some(Self { number, last: Timestamp::from_nanos(last.cast_signed()), changed })
        }
    }

    impl Rest for Thing {
        type Head = u64;

        fn head(&self) -> u64 {
            self.number
        }

        fn last(&self) -> Timestamp {
            self.last
        }

        fn read(&self) -> usize {
            0
        }

        fn fetch(&self) {}

        fn fetch_rest(&self) {}

        fn read_to_pack(&self) -> usize {
            0
        }

        fn is_plain(&self) -> bool {
            self.number % 4 != 0
        }
    }

    /// What one table does is done by the other, and they hold the same.
    struct Both {
        aside: Table<Thing>,
        here: Table<Thing>,
        keys: Vec<usize>,
        now: Timestamp,
        begun: u64,
    }

    impl Both {
        fn new(batch: usize) -> Self {
            let mut new = Self {
                aside: Table::default(),
                here: Table::default(),
                keys: Vec::new(),
                now: Timestamp::default(),
                begun: 0,
            };
            new.aside.rest_beyond(2);
            new.aside.pack_aside(batch);
            new.here.rest_beyond(2);
            new
        }

        fn pass(&mut self, millis: u64) {
            self.now = self.now.plus(Duration::from_millis(millis));
            self.aside.advance(self.now);
            self.here.advance(self.now);
        }

        fn insert(&mut self) {
            self.begun += 1;
            let new = Thing { number: self.begun, last: self.now, changed: 0 };
            let key = self.here.insert(new.clone());
            assert_eq!(self.aside.insert(new), key);
            self.keys.push(key);
        }

        /// The key of one of them, if there are any.
        fn any(&self, which: usize) -> Option<usize> {
            self.keys.get(which % self.keys.len().max(1)).copied()
        }

        fn change(&mut self, which: usize) {
            let Some(key) = self.any(which) else { return };
            let now = self.now;
            for table in [&mut self.aside, &mut self.here] {
                let thing = table.get_mut(key).unwrap();
                (thing.last, thing.changed) = (now, thing.changed + 1);
            }
            assert_eq!(self.aside.awake(key), self.here.awake(key));
        }

        fn take(&mut self, which: usize) {
            let Some(key) = self.any(which) else { return };
            self.keys.retain(|other| *other != key);
            assert_eq!(self.aside.take(key), self.here.take(key));
        }

        fn compare(&mut self) {
            let heads = |table: &Table<Thing>| table.heads().collect::<Vec<_>>();
            assert_eq!(heads(&self.aside), heads(&self.here));
            assert_eq!(self.aside.len(), self.here.len());
            for key in &self.keys {
                assert_eq!(self.aside.head(*key), self.here.head(*key));
            }
        }
    }

    fn pool() -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap()
    }

    proptest! {
        #[test]
        fn a_table_holds_the_same_whoever_packs(
            batch in 1..5_usize,
            steps in prop::collection::vec((0..8_u8, 0..400_usize), 0..300),
        ) {
            pool().install(|| {
                let mut both = Both::new(batch);
                for (step, n) in steps {
                    match step {
                        0..3 => both.insert(),
                        3 => both.change(n),
                        4 => both.take(n),
                        5 => both.compare(),
                        _ => both.pass(n as u64),
                    }
                }
                both.compare();
                while !both.keys.is_empty() {
                    both.take(0);
                }
            });
        }
    }

    #[test]
    fn what_is_on_its_way_is_called_back() {
        // Nobody packs: the one thread of this pool is the one that asks.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| {
            let mut packing = Packing::new(2);
            let thing = |number| Thing { number, last: Timestamp::default(), changed: 0 };
            for number in [3, 5, 7] {
                packing.add(number as usize, thing(number));
            }
            assert!(packing.next_packed().is_none());
            assert_eq!(packing.number(), 1);
            assert_eq!(packing.take_back(3), None);
            assert_eq!(packing.take_back(7), Some(thing(7)));
            let packed = packing.next_until(0).unwrap();
            assert_eq!(packed.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [3, 5]);
            assert!(packed.iter().all(|(_, packed)| packed.is_ok()));
            assert!(packing.next_until(0).is_none());
        });
    }

    #[test]
    fn few_batches_are_on_their_way() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| {
            let mut packing = Packing::new(1);
            for number in 0..MOST {
                packing.add(number, Thing { number: 2, last: Timestamp::default(), changed: 0 });
                assert!(packing.next_packed().is_none());
            }
            packing.add(MOST, Thing { number: 2, last: Timestamp::default(), changed: 0 });
            assert_eq!(packing.next_packed().unwrap()[0].0, 0);
            assert!(packing.next_packed().is_none());
        });
    }

    #[test]
    #[should_panic = "on purpose"]
    fn a_panic_reaches_whoever_asks() {
        pool().install(|| {
            let mut packing = Packing::new(1);
            packing.add(0, Thing { number: 666, last: Timestamp::default(), changed: 0 });
            packing.next_until(0);
        });
    }
}
