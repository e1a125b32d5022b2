//! How far reading has come, for a progress bar on another thread.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of input read, in compressed form where the input is compressed.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
}

impl Progress {
    /// Bytes read so far, of all inputs.
    pub fn bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, count: usize) {
        self.read.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Counts what is read through it.
pub(super) struct Counted<R> {
    input: R,
    progress: Arc<Progress>,
}

impl<R> Counted<R> {
    pub(super) fn new(input: R, progress: Arc<Progress>) -> Self {
        Self { input, progress }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buf)?;
        self.progress.add(count);
        Ok(count)
    }
}
