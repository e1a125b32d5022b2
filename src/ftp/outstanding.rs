//! Commands that wait for their final reply.

use std::collections::VecDeque;

use super::command::Verb;
use super::dialogue::ExchangeId;
use crate::pack::packed;

/// A command that waits for its final reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outstanding {
    pub(super) id: ExchangeId,
    pub(super) verb: Verb,
    /// It had a preliminary reply.
    pub(super) started: bool,
}

/// Commands that wait, oldest first. The oldest, which is mostly the only one, has no block of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    front: Option<Outstanding>,
    rest: VecDeque<Outstanding>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        usize::from(self.front.is_some()) + self.rest.len()
    }

    pub(super) fn front(&self) -> Option<&Outstanding> {
        self.front.as_ref()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Outstanding> {
        self.front.as_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Outstanding> {
        self.front.iter().chain(&self.rest)
    }

    pub(super) fn push_back(&mut self, command: Outstanding) {
        if self.front.is_none() {
            self.front = Some(command);
        } else {
            self.rest.push_back(command);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<Outstanding> {
        std::mem::replace(&mut self.front, self.rest.pop_front())
    }

    /// Takes one out of the middle.
    pub(super) fn remove(&mut self, index: usize) -> Option<Outstanding> {
        match index.checked_sub(1) {
            Some(behind) => self.rest.remove(behind),
            None => self.pop_front(),
        }
    }
}

packed!(Outstanding { id, verb, started });
packed!(Queue { front, rest });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out() {
        let mut queue = Queue::default();
        let mut plain = VecDeque::new();
        for id in 0..40 {
            queue.push_back(Outstanding { id, verb: Verb::NOOP, started: false });
            plain.push_back(id);
            if id % 3 == 0 {
                assert_eq!(queue.pop_front().map(|o| o.id), plain.pop_front());
            }
            if id % 5 == 0 {
                let at = id as usize % 4;
                assert_eq!(queue.remove(at).map(|o| o.id), plain.remove(at));
            }
            assert_eq!(queue.front().map(|o| o.id), plain.front().copied());
            assert_eq!(queue.iter().map(|o| o.id).collect::<Vec<_>>(), Vec::from(plain.clone()));
            assert_eq!(queue.len(), plain.len());
        }
    }
}
