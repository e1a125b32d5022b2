//! A window over a stream: filled in pieces that stay in the processor's cache.

use std::io::Read;

/// Size of the window: small enough for the L2 cache, which is measurably faster than reading in
/// larger pieces or mapping the file.
const WINDOW: usize = 512 * 1024;

/// A window over a stream, with the offset of its first byte.
pub(super) struct Buffer {
    input: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Stream offset of `start`.
    offset: u64,
    eof: bool,
    /// Why reading stopped, if not at the end.
    error: Option<std::io::Error>,
}

impl Buffer {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, bytes: vec![0; WINDOW], start: 0, end: 0, offset: 0, eof: false, error: None }
    }

    /// What is in the window.
    pub(super) fn data(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Stream offset of the window's first byte.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The error that ended the stream, once.
    pub(super) fn take_error(&mut self) -> Option<std::io::Error> {
        self.error.take()
    }

    /// Moves the window on by `n` bytes.
    pub(super) fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.offset += n as u64;
    }

    /// Makes the window hold at least `n` bytes, unless the stream ends sooner; whether it does.
    pub(super) fn fill(&mut self, n: usize) -> bool {
        while self.end - self.start < n && !self.eof {
            if self.bytes.len() - self.start < n || self.end == self.bytes.len() {
                self.bytes.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
                if self.bytes.len() < n {
                    self.bytes.resize(n.next_multiple_of(WINDOW), 0);
                }
            }
            let Some(room) = self.bytes.get_mut(self.end..) else { break };
            match self.input.read(room) {
                Ok(0) => self.eof = true,
                Ok(read) => self.end += read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.error = Some(e);
                    self.eof = true;
                }
            }
        }
        self.end - self.start >= n
    }
}
