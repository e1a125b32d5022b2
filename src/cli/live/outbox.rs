//! Standard output on a thread of its own: a reader that doesn't read must not hold up the engine.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::JoinHandle;

use super::super::output::{stdout, written};

/// Lines that may wait.
const WAITING: usize = 65_536;

/// Lines on their way to standard output.
pub struct Outbox {
    lines: SyncSender<Vec<u8>>,
    thread: JoinHandle<bool>,
    closed: Arc<AtomicBool>,
    left_out: u64,
}

impl Outbox {
    /// Begins to write.
    pub fn new() -> Self {
        let (lines, waiting) = mpsc::sync_channel::<Vec<u8>>(WAITING);
        let closed = Arc::new(AtomicBool::new(false));
        let gone = Arc::clone(&closed);
        let thread = std::thread::spawn(move || {
            let mut out = stdout();
            for line in waiting {
                // Each line at once: somebody is waiting for it.
                let result = out.write_all(&line).and_then(|()| out.flush());
                if let Err(e) = result {
                    gone.store(true, Ordering::Release);
                    return written(Err(e));
                }
            }
            true
        });
        Self { lines, thread, closed, left_out: 0 }
    }

    /// Sends a line. Whether anybody still reads.
    pub fn send(&mut self, line: Vec<u8>) -> bool {
        match self.lines.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.left_out += 1,
            Err(TrySendError::Disconnected(_)) => return false,
        }
        !self.closed.load(Ordering::Acquire)
    }

    /// Sends the last line and waits until all are written. Whether they were, and how many lines
    /// were left out because nobody read.
    pub fn finish(self, last: Vec<u8>) -> (bool, u64) {
        // Blocks until there is room: the capture is over.
        let _ = self.lines.send(last);
        drop(self.lines);
        (self.thread.join().unwrap_or(false), self.left_out)
    }
}
