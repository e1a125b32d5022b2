//! A table of what is being followed, in which much of it may be at rest.

mod packing;
mod rest;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use prefetch_index::prefetch_index;

use self::packing::{Packed, Packing};
pub(super) use self::rest::Rest;
use crate::capture::Timestamp;
use crate::pack::Packer;

/// Those that may rest next are fetched so many together.
const DROWSY: usize = 16;

/// So many are many.
const MANY: usize = 1 << 15;

#[derive(Debug)]
enum Slot<T, H> {
    Awake(T),
    Asleep(H, Box<[u8]>),
    /// It is being packed by another thread, in the batch with this number.
    Leaving(H, u64),
    /// Nothing, and the next one like it.
    Free(usize),
}

/// A table with stable keys, of small things: a table that grows moves pointers, not kilobytes. Where many are
/// followed at once, those to which nothing happens are packed, and unpacked when they are next asked for.
#[derive(Debug)]
pub(super) struct Table<T: Rest> {
    slots: Vec<Slot<T, T::Head>>,
    /// The slot to be filled next: the one that was left last, or one more.
    free: usize,
    len: usize,
    /// Those awake, in the order in which to see whether they can rest.
    drowsy: VecDeque<(Timestamp, usize)>,
    /// Until then none of them can, or too few are awake.
    next: Timestamp,
    awake: usize,
    /// So many of the first of them are fetched.
    fetched: usize,
    /// How many are kept awake whatever happens; `usize::MAX` for all.
    keep: usize,
    now: Timestamp,
    packer: Packer,
    /// Other threads pack what can be packed by them.
    packing: Option<Packing<T>>,
}

impl<T: Rest> Default for Table<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: 0,
            len: 0,
            drowsy: VecDeque::new(),
            next: Timestamp::MIN,
            awake: 0,
            fetched: 0,
            keep: usize::MAX,
            now: Timestamp::default(),
            packer: Packer::default(),
            packing: None,
        }
    }
}

impl<T: Rest> Table<T> {
    /// Nothing happened to it for this long: it may rest.
    const QUIET: Duration = Duration::from_millis(250);
    /// When to try again with one that can't be packed.
    const LATER: Duration = Duration::from_secs(10);

    /// Lets what is quiet rest when more than `keep` are awake.
    pub fn rest_beyond(&mut self, keep: usize) {
        self.keep = keep;
    }

    /// Has other threads of the current pool pack what is to rest, so many at a time.
    pub fn pack_aside(&mut self, batch: usize) {
        self.packing = Some(Packing::new(batch));
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn insert(&mut self, value: T) -> usize {
        let key = self.free;
        match self.slots.get_mut(key) {
            Some(slot) => {
                if let Slot::Free(next) = *slot {
                    self.free = next;
                }
                *slot = Slot::Awake(value);
            }
            None => {
                self.make_room();
                self.slots.push(Slot::Awake(value));
                self.free = self.slots.len();
            }
        }
        self.len += 1;
        self.woken(key);
        key
    }

    /// Many grow in few steps, for each step moves all of them. What nothing stands in is no memory yet.
    #[inline]
    fn make_room(&mut self) {
        let len = self.slots.len();
        if len == self.slots.capacity() && len >= MANY {
            // Where the system gives only what it surely has, they grow as any others.
            let _ = self.slots.try_reserve_exact(7 * len);
        }
    }

    fn woken(&mut self, key: usize) {
        self.awake += 1;
        if self.keep < usize::MAX {
            if self.drowsy.len() >= 2 * self.slots.len() {
                self.forget_taken();
            }
            self.drowsy.push_back((self.now.plus(Self::QUIET), key));
        }
        self.look_at_next();
    }

    /// As long as few are awake nobody sees whether they can rest, while many may come and be taken out again.
    #[cold]
    fn forget_taken(&mut self) {
        let mut awake = vec![false; self.slots.len()];
        for (key, _) in self.all_awake() {
            awake[key] = true;
        }
        // Once each: others had the same keys before.
        self.drowsy.retain(|(_, key)| awake.get_mut(*key).is_some_and(std::mem::take));
    }

    fn look_at_next(&mut self) {
        let due = self.drowsy.front().map(|(due, _)| *due);
        self.next = due.filter(|_| self.awake > self.keep).unwrap_or(Timestamp::MAX);
    }

    /// Takes one out.
    pub fn take(&mut self, key: usize) -> Option<T> {
        self.get_mut(key)?;
        match std::mem::replace(self.slots.get_mut(key)?, Slot::Free(self.free)) {
            Slot::Awake(value) => {
                self.awake -= 1;
                self.len -= 1;
                self.free = key;
                Some(value)
            }
            _ => None,
        }
    }

    /// One of them, awake from now on.
    #[inline]
    pub fn get_mut(&mut self, key: usize) -> Option<&mut T> {
        if let Some(Slot::Asleep(..) | Slot::Leaving(..)) = self.slots.get(key) {
            self.wake(key);
        }
        match self.slots.get_mut(key) {
            Some(Slot::Awake(value)) => Some(value),
            _ => None,
        }
    }

    /// One of them, if it is awake.
    #[inline(always)]
    pub fn awake_mut(&mut self, key: usize) -> Option<&mut T> {
        match self.slots.get_mut(key)? {
            Slot::Awake(value) => Some(value),
            _ => None,
        }
    }

    #[cold]
    fn wake(&mut self, key: usize) {
        if let Some(Slot::Leaving(_, number)) = self.slots.get(key) {
            self.call_back(key, *number);
        }
        if let Some(slot) = self.slots.get_mut(key)
            && let Slot::Asleep(_, packed) = slot
            && let Some(value) = self.packer.unpacked(packed)
        {
            *slot = Slot::Awake(value);
            self.woken(key);
        }
    }

    /// Takes back what is being packed.
    fn call_back(&mut self, key: usize, number: u64) {
        let Some(packing) = &mut self.packing else { return };
        if let Some(value) = packing.take_back(key) {
            if let Some(slot) = self.slots.get_mut(key) {
                *slot = Slot::Awake(value);
                self.woken(key);
            }
            return;
        }
        while let Some(packed) = self.packing.as_mut().and_then(|p| p.next_until(number)) {
            self.put_to_rest(packed);
        }
    }

    /// These were packed.
    fn put_to_rest(&mut self, packed: Packed<T>) {
        for (key, packed) in packed {
            let Some(slot) = self.slots.get_mut(key) else { continue };
            let Slot::Leaving(head, _) = *slot else { continue };
            match packed {
                Ok(packed) => *slot = Slot::Asleep(head, packed),
                Err(value) => {
                    *slot = Slot::Awake(value);
                    self.awake += 1;
                    self.drowsy.push_back((self.now.plus(Self::LATER), key));
                }
            }
        }
    }

    /// One of them, if it is awake.
    #[inline]
    pub fn awake(&self, key: usize) -> Option<&T> {
        match self.slots.get(key)? {
            Slot::Awake(value) => Some(value),
            _ => None,
        }
    }

    /// What is known of one, awake or not.
    pub fn head(&self, key: usize) -> Option<T::Head> {
        match self.slots.get(key)? {
            Slot::Awake(value) => Some(value.head()),
            Slot::Asleep(head, _) | Slot::Leaving(head, _) => Some(*head),
            Slot::Free(_) => None,
        }
    }

    /// What is known of all of them, in no order.
    pub fn heads(&self) -> impl Iterator<Item = (usize, T::Head)> + '_ {
        self.slots.iter().enumerate().filter_map(|(key, slot)| match slot {
            Slot::Awake(value) => Some((key, value.head())),
            Slot::Asleep(head, _) | Slot::Leaving(head, _) => Some((key, *head)),
            Slot::Free(_) => None,
        })
    }

    /// Those that are awake, in no order.
    pub fn all_awake(&self) -> impl Iterator<Item = (usize, &T)> + '_ {
        self.slots.iter().enumerate().filter_map(|(key, slot)| match slot {
            Slot::Awake(value) => Some((key, value)),
            _ => None,
        })
    }

    /// Reads what is asked for first of one.
    #[inline]
    pub fn read(&self, key: usize) -> usize {
        match self.slots.get(key) {
            Some(Slot::Awake(value)) => value.read(),
            Some(Slot::Asleep(_, packed)) => {
                packed.iter().step_by(64).fold(0, |read, byte| read ^ usize::from(*byte))
            }
            Some(Slot::Leaving(..) | Slot::Free(_)) | None => 0,
        }
    }

    /// Begins to fetch where one stands.
    #[inline(always)]
    pub fn fetch_place(&self, key: usize) {
        prefetch_index(&self.slots, key);
    }

    /// Begins to fetch what is asked for first of one, when its place is there.
    #[inline(always)]
    pub fn fetch(&self, key: usize) {
        match self.slots.get(key) {
            Some(Slot::Awake(value)) => value.fetch(),
            Some(Slot::Asleep(_, packed)) => {
                (0..packed.len()).step_by(64).for_each(|at| prefetch_index(packed, at));
            }
            Some(Slot::Leaving(..) | Slot::Free(_)) | None => {}
        }
    }

    /// Begins to fetch what is asked for then, when that is there.
    #[inline(always)]
    pub fn fetch_rest(&self, key: usize) {
        if let Some(Slot::Awake(value)) = self.slots.get(key) {
            value.fetch_rest();
        }
    }

    /// Reads those that may rest next.
    fn fetch_drowsy(&mut self) {
        self.fetched = DROWSY.min(self.drowsy.len());
        let next = self.drowsy.iter().take(self.fetched);
        let awake = next.filter_map(|(_, key)| self.awake(*key));
        black_box(awake.fold(0, |read, value| read ^ value.read_to_pack()));
    }

    /// Time passed.
    #[inline]
    pub fn advance(&mut self, now: Timestamp) {
        self.now = now;
        if self.next < now {
            self.rest();
        }
    }

    #[inline(never)]
    fn rest(&mut self) {
        while let Some(packed) = self.packing.as_mut().and_then(Packing::next_packed) {
            self.put_to_rest(packed);
        }
        let enough = self.awake > self.keep;
        while let Some(&(due, key)) = self.drowsy.front()
            && due < self.now
            && enough
        {
            if self.fetched == 0 {
                self.fetch_drowsy();
            }
            self.fetched = self.fetched.saturating_sub(1);
            self.drowsy.pop_front();
            let Some(slot) = self.slots.get_mut(key) else { continue };
            let Slot::Awake(value) = slot else { continue };
            let quiet = value.last().plus(Self::QUIET);
            if quiet >= self.now {
                self.drowsy.push_back((quiet, key));
                continue;
            }
            if let Some(packing) = &mut self.packing
                && value.is_plain()
            {
                let leaving = Slot::Leaving(value.head(), packing.number());
                if let Slot::Awake(value) = std::mem::replace(slot, leaving) {
                    packing.add(key, value);
                    self.awake -= 1;
                }
                continue;
            }
            value.before_rest();
            if let Some(packed) = self.packer.packed(value) {
                *slot = Slot::Asleep(value.head(), packed);
                self.awake -= 1;
            } else {
                self.drowsy.push_back((self.now.plus(Self::LATER), key));
            }
        }
        self.look_at_next();
    }
}
