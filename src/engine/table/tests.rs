//! What rests comes back as it was, whoever packed it.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use super::packing::{MOST, Packing};
use super::{MANY, Rest, Table};
use crate::capture::Timestamp;
use crate::pack::{Pack, Packer, Unpacker};

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
        !self.number.is_multiple_of(4)
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

#[test]
fn who_came_and_went_is_forgotten() {
    let mut table = Table::default();
    table.rest_beyond(100);
    let mut open = VecDeque::new();
    for number in 0..10_000 {
        let last = Timestamp::from_nanos(number as i64 * 1_000_000);
        table.advance(last);
        open.push_back(table.insert(Thing { number, last, changed: 0 }));
        if open.len() > 50 {
            table.take(open.pop_front().unwrap()).unwrap();
        }
        assert!(table.drowsy.len() <= 102);
    }
    // They rest all the same when there are many of them.
    for number in 10_000..10_200 {
        table.insert(Thing { number, last: table.now, changed: 0 });
    }
    table.advance(table.now.plus(Duration::from_secs(1)));
    assert_eq!(table.awake, table.all_awake().count());
    assert_eq!(table.awake, (9_950..10_200).filter(|n| n % 8 == 1).count());
}

#[test]
fn many_grow_in_few_steps() {
    let mut table = Table::default();
    let mut steps = Vec::new();
    for number in 0..3 * MANY as u64 {
        table.insert(Thing { number, last: Timestamp::default(), changed: 0 });
        if steps.last() != Some(&table.slots.capacity()) {
            steps.push(table.slots.capacity());
        }
    }
    assert!(steps.ends_with(&[MANY, 8 * MANY]), "{steps:?}");
    assert!(table.heads().eq((0..3 * MANY).map(|key| (key, key as u64))));
}

#[test]
fn nobody_rests_any_more_at_the_end() {
    let mut table = Table::default();
    table.rest_beyond(0);
    for number in 0..100 {
        table.insert(Thing { number: number * 8, last: table.now, changed: 0 });
    }
    table.advance(table.now.plus(Duration::from_secs(1)));
    assert_eq!((table.awake, table.drowsy.len()), (0, 0));
    table.rest_beyond(usize::MAX);
    for key in 0..100 {
        assert!(table.get_mut(key).is_some());
    }
    assert_eq!((table.awake, table.drowsy.len()), (100, 0));
}
