//! From the capture thread to the others: bounded by bytes, and never waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::Batch;

/// Bytes that may wait. At 100,000 packets a second of 1 kB, more than a second.
const LIMIT: usize = 192 << 20;

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offered {
    Taken,
    /// The receiver is too slow.
    Full,
    /// There is no receiver any more.
    Gone,
}

/// The capture thread's end.
#[derive(Debug)]
pub(super) struct Sender {
    queue: mpsc::Sender<Arc<Batch>>,
    waiting: Arc<AtomicUsize>,
    limit: usize,
}

/// The other end: batches in order.
#[derive(Debug)]
pub struct Receiver {
    queue: mpsc::Receiver<Arc<Batch>>,
    waiting: Arc<AtomicUsize>,
}

pub(super) fn queue() -> (Sender, Receiver) {
    bounded(LIMIT)
}

fn bounded(limit: usize) -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (
        Sender { queue: sender, waiting: Arc::clone(&waiting), limit },
        Receiver { queue: receiver, waiting },
    )
}

impl Sender {
    /// There is room for so many bytes more. It stays, for there is one sender only.
    pub(super) fn has_room(&self, size: usize) -> bool {
        self.waiting.load(Ordering::Acquire).saturating_add(size) <= self.limit
    }

    /// Hands on a batch, if there is room.
    pub(super) fn offer(&self, batch: &Arc<Batch>) -> Offered {
        let size = batch.size();
        if !self.has_room(size) {
            return Offered::Full;
        }
        self.waiting.fetch_add(size, Ordering::AcqRel);
        match self.queue.send(Arc::clone(batch)) {
            Ok(()) => Offered::Taken,
            Err(_) => Offered::Gone,
        }
    }
}

impl Receiver {
    /// The next batch; `None` when the capture is over.
    pub fn next_batch(&self) -> Option<Arc<Batch>> {
        let batch = self.queue.recv().ok()?;
        self.waiting.fetch_sub(batch.size(), Ordering::AcqRel);
        Some(batch)
    }

    /// Nothing waits at the moment.
    pub fn is_idle(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{LinkType, Timestamp};

    #[test]
    fn a_slow_receiver_is_not_waited_for() {
        let (sender, receiver) = bounded(10_000);
        let mut batch = Batch::default();
        batch.push(0, LinkType::ETHERNET, Timestamp::default(), 4000, &[0; 4000]);
        let batch = Arc::new(batch);
        let offers: Vec<Offered> = (0..4).map(|_| sender.offer(&batch)).collect();
        assert_eq!(offers, [Offered::Taken, Offered::Taken, Offered::Full, Offered::Full]);
        assert_eq!(receiver.next_batch().unwrap().len(), 1);
        assert_eq!(sender.offer(&batch), Offered::Taken);
        drop(receiver);
        let (sender, receiver) = bounded(10_000);
        drop(receiver);
        assert_eq!(sender.offer(&batch), Offered::Gone);
    }
}
