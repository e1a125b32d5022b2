//! A window over a stream: what has been read and not yet used.

use std::io::{ErrorKind, Read};

use super::ahead::{Ahead, HEADROOM};
use super::feed::Feed;

/// How much is read at a time: stays in a core's second-level cache, which makes walking a file
/// this way several times faster than mapping it.
const CAPACITY: usize = 512 * 1024;

/// Bytes of a stream from the current position on, read as they are asked for.
///
/// Grows only when a caller asks for more than fits, so callers check lengths before they ask.
pub(super) struct Buffer<R> {
    input: Input<R>,
    bytes: Vec<u8>,
    /// The window is `bytes[start..end]`.
    start: usize,
    end: usize,
    /// Place of `start` in the stream.
    offset: u64,
    ended: bool,
    error: Option<String>,
}

enum Input<R> {
    /// Read when something is asked for.
    Here(R),
    /// Read by others meanwhile.
    Ahead(Ahead),
    Ended,
}

impl<R: Read> Buffer<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: Input::Here(input),
            bytes: vec![0; CAPACITY],
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            error: None,
        }
    }

    /// What has been read from the current position on.
    #[inline]
    pub(super) fn filled(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Byte offset of the current position in the stream.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Moves on by `count` bytes of what has been read.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads until `need` bytes stand in the window; `false` when the stream ends before.
    #[cold]
    pub(super) fn more(&mut self, need: usize) -> bool {
        if self.end - self.start >= need {
            return true;
        }
        if self.ended {
            return false;
        }
        while self.end - self.start < need {
            match &self.input {
                Input::Here(_) => self.read(need),
                Input::Ahead(_) => self.next_piece(),
                Input::Ended => self.ended = true,
            }
            if self.ended {
                return self.end - self.start >= need;
            }
        }
        true
    }

    fn read(&mut self, need: usize) {
        let Input::Here(input) = &mut self.input else { return };
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end < need {
            if self.end == self.bytes.len() {
                // By doubling: what a length claims is allocated only as far as bytes arrive.
                self.bytes.resize(2 * self.bytes.len(), 0);
            }
            match input.read(&mut self.bytes[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return;
                }
                Ok(count) => self.end = (self.end + count).min(self.bytes.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error.to_string());
                    self.ended = true;
                    return;
                }
            }
        }
    }

    /// Takes the next piece that was read ahead.
    fn next_piece(&mut self) {
        let Input::Ahead(ahead) = &mut self.input else { return };
        let rest = self.end - self.start;
        if rest <= HEADROOM {
            // The piece becomes the buffer, behind the few bytes that are left.
            let (start, left) = (HEADROOM - rest, self.start..self.end);
            let mut piece = ahead.next();
            piece.bytes[start..HEADROOM].copy_from_slice(&self.bytes[left]);
            ahead.give_back(std::mem::replace(&mut self.bytes, piece.bytes));
            (self.start, self.end) = (start, piece.end);
            (self.ended, self.error) = (piece.last, piece.error);
        } else {
            let piece = ahead.next();
            self.bytes.copy_within(self.start..self.end, 0);
            self.bytes.truncate(rest);
            self.bytes.extend_from_slice(&piece.bytes[HEADROOM..piece.end]);
            (self.start, self.end) = (0, self.bytes.len());
            (self.ended, self.error) = (piece.last, piece.error);
            ahead.give_back(piece.bytes);
        }
    }

    /// Why the stream ended, when it wasn't its end.
    pub(super) fn take_error(&mut self) -> Option<String> {
        self.error.take()
    }
}

impl Buffer<Feed> {
    /// From now on, others read ahead.
    pub(super) fn read_ahead(&mut self) {
        self.input = match std::mem::replace(&mut self.input, Input::Ended) {
            Input::Here(feed) if !self.ended => Input::Ahead(Ahead::new(feed)),
            other => other,
        };
    }
}
