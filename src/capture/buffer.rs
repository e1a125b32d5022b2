//! A window over a stream: what has been read and not yet used.

use std::io::{ErrorKind, Read};

use super::feed::Feed;
use super::pieces::{HEADROOM, PIECE, Pieces, Used};
use super::scout::{Found, Scouting, Seen};
use crate::ahead::Ahead;

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
    /// Other buffers, when those that are left are kept.
    kept: Option<Kept>,
    /// What others saw of the current buffer.
    seen: Option<(Seen, Found)>,
}

/// Buffers beside the current one.
#[derive(Default)]
struct Kept {
    /// The one that was left first since somebody asked.
    left: Option<Vec<u8>>,
    spare: Vec<Vec<u8>>,
}

impl Kept {
    fn leave(&mut self, bytes: Vec<u8>) {
        match self.left {
            None => self.left = Some(bytes),
            Some(_) => self.spare.push(bytes),
        }
    }
}

enum Input<R> {
    /// Read when something is asked for.
    Here(R),
    /// Read by others meanwhile.
    Ahead(Ahead<Pieces>),
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
            kept: None,
            seen: None,
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
        self.make_room();
        let Input::Here(input) = &mut self.input else { return };
        while self.end - self.start < need {
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

    /// Moves what is left to the front of the buffer, or of another one.
    fn make_room(&mut self) {
        let rest = self.end - self.start;
        match &mut self.kept {
            None => self.bytes.copy_within(self.start..self.end, 0),
            Some(kept) => {
                let mut other = match kept.spare.pop() {
                    Some(spare) if spare.len() >= 2 * rest => spare,
                    _ => vec![0; (HEADROOM + PIECE).max(2 * rest)],
                };
                other[..rest].copy_from_slice(&self.bytes[self.start..self.end]);
                kept.leave(std::mem::replace(&mut self.bytes, other));
            }
        }
        (self.start, self.end) = (0, rest);
    }

    /// Takes the next piece that was read ahead.
    fn next_piece(&mut self) {
        let Input::Ahead(ahead) = &mut self.input else { return };
        let mut piece = ahead.next();
        let rest = self.end - self.start;
        let left = &self.bytes[self.start..self.end];
        let used = if rest <= HEADROOM {
            // The piece becomes the buffer, behind the few bytes that are left.
            let start = HEADROOM - rest;
            piece.bytes[start..HEADROOM].copy_from_slice(left);
            (self.start, self.end) = (start, piece.end);
            self.seen = piece.seen;
            std::mem::replace(&mut self.bytes, piece.bytes)
        } else {
            let more = &piece.bytes[HEADROOM..piece.end];
            let whole = [left, more].concat();
            (self.start, self.end) = (0, whole.len());
            ahead.give_back(piece.bytes.into());
            self.seen = None;
            std::mem::replace(&mut self.bytes, whole)
        };
        match &mut self.kept {
            Some(kept) => kept.leave(used),
            None => ahead.give_back(used.into()),
        }
        (self.ended, self.error) = (piece.last, piece.error);
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
            Input::Here(feed) if !self.ended => Input::Ahead(Pieces::ahead(feed, None)),
            other => other,
        };
    }

    /// From now on, buffers are kept when they are left. `false`, and they aren't, when reading may
    /// have to wait.
    pub(super) fn keep_windows(&mut self) -> bool {
        let waits = match &self.input {
            Input::Here(feed) => feed.waits(),
            Input::Ahead(ahead) => ahead.waits(),
            Input::Ended => false,
        };
        if !waits {
            self.kept = Some(Kept::default());
        }
        !waits
    }

    /// The buffer that was current when this was asked last, if another one is now.
    pub(super) fn left_window(&mut self) -> Option<Vec<u8>> {
        self.kept.as_mut()?.left.take()
    }

    /// The same, or the current one; `None` if none are kept.
    pub(super) fn last_window(&mut self) -> Option<Vec<u8>> {
        self.kept.as_ref()?;
        self.left_window().or_else(|| Some(std::mem::take(&mut self.bytes)))
    }

    /// The whole of the current buffer.
    #[inline]
    pub(super) fn window(&self) -> &[u8] {
        &self.bytes
    }

    /// It reads a file, any part of which may be read before those in front of it.
    pub(super) fn can_be_scouted(&self) -> bool {
        matches!(&self.input, Input::Here(Feed::File(_)))
    }

    /// From now on, others walk pieces ahead, and buffers are kept when they are left.
    pub(super) fn scout(&mut self, scouting: Scouting) {
        self.input = match std::mem::replace(&mut self.input, Input::Ended) {
            Input::Here(feed) if !self.ended => Input::Ahead(Pieces::ahead(feed, Some(scouting))),
            other => other,
        };
        self.kept = Some(Kept::default());
    }

    /// What others saw so many bytes behind the current position, and what they made of it.
    pub(super) fn seen_at(&self, behind: usize) -> Option<&(Seen, Found)> {
        self.seen.as_ref().filter(|(seen, _)| seen.place.start == self.start + behind)
    }

    /// Moves on behind what others saw, and leaves the buffer to it.
    pub(super) fn leave_seen(&mut self) -> Option<(Seen, Found, Vec<u8>)> {
        let (seen, found) = self.seen.take()?;
        let left = self.bytes.get(seen.place.end..self.end)?.to_vec();
        self.offset += (seen.place.end - self.start) as u64;
        (self.start, self.end) = (0, left.len());
        let window = std::mem::replace(&mut self.bytes, left);
        Some((seen, found, window))
    }

    /// A buffer that is used up, and what was made of it.
    pub(super) fn give_back(&mut self, window: Vec<u8>, found: Option<Found>) {
        if window.len() != HEADROOM + PIECE {
            return;
        }
        match (&mut self.input, &mut self.kept) {
            (Input::Ahead(ahead), _) => ahead.give_back(Used { bytes: window, found }),
            (_, Some(kept)) => kept.spare.push(window),
            _ => {}
        }
    }
}
