//! Reading ahead: pieces of an input are read by other threads before they are asked for.
//!
//! Nobody waits who could read: whoever needs a piece that nobody has begun reads it, and the next
//! ones while somebody else is still at it. The pieces are handed out in their order, so what comes
//! out doesn't depend on who read what.

use std::any::Any;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::decompress::Stream;
use super::feed::{Feed, Plain};

/// How much is read at a time: stays in a core's second-level cache.
pub(super) const PIECE: usize = 256 * 1024;
/// Room in front of a piece for what is left of the one before it.
pub(super) const HEADROOM: usize = 64 * 1024;
/// Pieces that may be read ahead.
const WINDOW: u64 = 6;

/// A part of the input, behind [`HEADROOM`] bytes of room.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// The content is `bytes[HEADROOM..end]`.
    pub(super) end: usize,
    /// Nothing follows.
    pub(super) last: bool,
    /// Why nothing follows, when it isn't the input's end.
    pub(super) error: Option<String>,
    panic: Option<Box<dyn Any + Send>>,
}

/// An input of which pieces are read ahead. No more of them are once it is dropped.
pub(super) struct Ahead {
    shared: Arc<Shared>,
}

struct Shared {
    /// A plain file; a stream stands in the state.
    plain: Option<Plain>,
    /// A stream that may wait is handed on as it comes.
    waits: bool,
    state: Mutex<State>,
    /// A piece was read.
    read: Condvar,
}

struct State {
    /// Not there while somebody reads from it.
    stream: Option<Stream>,
    /// Number of the piece that is handed out next.
    next: u64,
    /// Pieces that somebody has begun to read.
    begun: u64,
    /// Those from `next` on; `None` while they are being read.
    pieces: VecDeque<Option<Piece>>,
    free: Vec<Vec<u8>>,
    /// Another thread is asked to read.
    helped: bool,
    /// Whoever uses the pieces waits for one.
    waiting: bool,
    /// Nothing more is to be read.
    over: bool,
}

/// A piece that somebody is about to read.
struct Begun {
    number: u64,
    bytes: Vec<u8>,
    stream: Option<Stream>,
}

impl Ahead {
    /// Reads ahead from where `feed` stands.
    pub(super) fn new(feed: Feed) -> Self {
        let (plain, stream, waits) = match feed {
            Feed::File(plain) => (Some(plain), None, false),
            Feed::Stream { stream, waits } => (None, Some(stream), waits),
        };
        let state = State {
            stream,
            next: 0,
            begun: 0,
            pieces: VecDeque::new(),
            free: Vec::new(),
            helped: false,
            waiting: false,
            over: false,
        };
        let shared = Shared { plain, waits, state: Mutex::new(state), read: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Piece {
        let mut state = self.shared.state();
        let piece = loop {
            if let Some(piece) = state.take() {
                break piece;
            }
            // What nobody has begun is read here: sooner done than asked for.
            if let Some(begun) = self.shared.begin(&mut state) {
                drop(state);
                state = self.shared.finish(begun);
                continue;
            }
            drop(state);
            let helped = matches!(rayon::yield_now(), Some(rayon::Yield::Executed));
            state = self.shared.state();
            if !helped && !state.is_ready() {
                state.waiting = true;
                state = self.shared.read.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.waiting = false;
            }
        };
        if !state.over && !state.helped && state.room() >= WINDOW / 2 {
            state.helped = true;
            let shared = Arc::clone(&self.shared);
            drop(state);
            let here = rayon::current_thread_index();
            rayon::spawn(move || shared.help(here));
        } else {
            drop(state);
        }
        if let Some(panic) = piece.panic {
            resume_unwind(panic);
        }
        piece
    }

    /// The buffer of a piece that is used up.
    pub(super) fn give_back(&mut self, bytes: Vec<u8>) {
        if bytes.len() == HEADROOM + PIECE {
            self.shared.state().free.push(bytes);
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.state().over = true;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads as many pieces ahead as there may be; `asked` is the thread that uses them.
    fn help(&self, asked: Option<usize>) {
        let mut state = self.state();
        // Whoever uses the pieces doesn't wait for a pipe while there are some.
        let may = !self.waits || asked.is_none() || asked != rayon::current_thread_index();
        while may && let Some(begun) = self.begin(&mut state) {
            drop(state);
            state = self.finish(begun);
        }
        state.helped = false;
    }

    /// Takes on the next piece that nobody has begun, if it may be read now.
    fn begin(&self, state: &mut State) -> Option<Begun> {
        if state.over || state.room() == 0 {
            return None;
        }
        let stream = match &self.plain {
            Some(_) => None,
            None => Some(state.stream.take()?),
        };
        let number = state.begun;
        state.begun += 1;
        state.pieces.push_back(None);
        let bytes = state.free.pop().unwrap_or_else(|| vec![0; HEADROOM + PIECE]);
        Some(Begun { number, bytes, stream })
    }

    /// Reads a piece and puts it where it belongs.
    fn finish(&self, begun: Begun) -> MutexGuard<'_, State> {
        let Begun { number, bytes, mut stream } = begun;
        let piece = match (&self.plain, &mut stream) {
            (Some(plain), _) => {
                let mut at = plain.at + number * PIECE as u64;
                let read = |buf: &mut [u8]| {
                    let count = plain.read_at(buf, at)?;
                    at += count as u64;
                    Ok(count)
                };
                fill(bytes, false, read)
            }
            (None, Some(stream)) => fill(bytes, self.waits, |buf| stream.read(buf)),
            (None, None) => fill(bytes, false, |_| Ok(0)),
        };
        let mut state = self.state();
        state.stream = stream;
        state.over |= piece.last;
        let place = number.checked_sub(state.next).and_then(|at| usize::try_from(at).ok());
        if let Some(slot) = place.and_then(|at| state.pieces.get_mut(at)) {
            *slot = Some(piece);
        }
        if state.waiting && state.is_ready() {
            self.read.notify_one();
        }
        state
    }
}

impl State {
    fn is_ready(&self) -> bool {
        self.pieces.front().is_some_and(Option::is_some)
    }

    fn take(&mut self) -> Option<Piece> {
        let piece = self.pieces.front_mut()?.take()?;
        self.pieces.pop_front();
        self.next += 1;
        Some(piece)
    }

    /// How many pieces may still be begun.
    fn room(&self) -> u64 {
        WINDOW.saturating_sub(self.begun - self.next)
    }
}

/// Reads until the piece is full, or once if what is there must be handed on at once.
fn fill(
    mut bytes: Vec<u8>,
    once: bool,
    mut read: impl FnMut(&mut [u8]) -> std::io::Result<usize>,
) -> Piece {
    let (mut end, mut last, mut error, mut panic) = (HEADROOM, false, None, None);
    while end < bytes.len() {
        // A panic belongs to whoever uses the pieces, not to the thread that happens to read one.
        let result = catch_unwind(AssertUnwindSafe(|| read(&mut bytes[end..])));
        match result {
            Ok(Ok(0)) => last = true,
            Ok(Ok(count)) => {
                end = (end + count).min(bytes.len());
                if once {
                    break;
                }
                continue;
            }
            Ok(Err(e)) if e.kind() == ErrorKind::Interrupted => continue,
            Ok(Err(e)) => (last, error) = (true, Some(e.to_string())),
            Err(payload) => (last, panic) = (true, Some(payload)),
        }
        break;
    }
    Piece { bytes, end, last, error, panic }
}
