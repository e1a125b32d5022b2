//! An input in pieces that are read ahead, see [`crate::ahead`].

use std::io::{self, ErrorKind, Read};
use std::sync::Arc;

use super::decompress::Stream;
use super::feed::{Feed, Plain};
use super::scout::{Found, Scouting, Seen};
use crate::ahead::{Ahead, Maker};

/// How much is read at a time: stays in a core's second-level cache.
pub(super) const PIECE: usize = 256 * 1024;
/// Room in front of a piece for what is left of the one before it.
pub(super) const HEADROOM: usize = 64 * 1024;
/// Pieces of a file that are read at the same time, at most.
const TOGETHER: usize = 2;

/// A part of the input, behind [`HEADROOM`] bytes of room.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// The content is `bytes[HEADROOM..end]`.
    pub(super) end: usize,
    /// Nothing follows.
    pub(super) last: bool,
    /// Why nothing follows, when it isn't the input's end.
    pub(super) error: Option<String>,
    /// What was seen of it, and made of that.
    pub(super) seen: Option<(Seen, Found)>,
}

/// What another piece was made of.
pub(super) struct Used {
    pub(super) bytes: Vec<u8>,
    pub(super) found: Option<Found>,
}

impl From<Vec<u8>> for Used {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, found: None }
    }
}

/// Reads pieces.
pub(super) enum Pieces {
    /// Of a file, of which several are read at the same time.
    Plain { plain: Arc<Plain>, scouting: Option<Box<Scouting>> },
    /// One after the other; as they come, if more may take long to come.
    Stream { stream: Stream, waits: bool },
}

impl Pieces {
    /// Reads ahead from where `feed` stands, and walks what was read of a file if it is told how.
    pub(super) fn ahead(feed: Feed, scouting: Option<Scouting>) -> Ahead<Self> {
        match feed {
            Feed::File(plain) => {
                let (plain, scouting) = (Arc::new(plain), scouting.map(Box::new));
                let one = || Self::Plain { plain: Arc::clone(&plain), scouting: scouting.clone() };
                Ahead::new((0..TOGETHER).map(|_| one()).collect(), false)
            }
            Feed::Stream { stream, waits } => {
                Ahead::new(vec![Self::Stream { stream, waits }], waits)
            }
        }
    }
}

impl Maker for Pieces {
    type Made = Piece;
    type Used = Used;

    fn make(&mut self, number: u64, used: Option<Used>) -> Piece {
        let (bytes, found) = used.map_or((None, None), |used| (Some(used.bytes), used.found));
        let bytes = bytes.filter(|b| b.len() == HEADROOM + PIECE);
        let bytes = bytes.unwrap_or_else(|| vec![0; HEADROOM + PIECE]);
        match self {
            Self::Plain { plain, scouting } => {
                let mut at = plain.at + number * PIECE as u64;
                let mut piece = fill(bytes, false, |buf| {
                    let count = plain.read_at(buf, at)?;
                    at += count as u64;
                    Ok(count)
                });
                if let Some(scouting) = scouting {
                    piece.seen = scouting.look(&piece.bytes, HEADROOM..piece.end, found);
                }
                piece
            }
            Self::Stream { stream, waits } => fill(bytes, *waits, |buf| stream.read(buf)),
        }
    }

    fn is_last(piece: &Piece) -> bool {
        piece.last
    }
}

/// Reads until the piece is full, or once if what is there must be handed on at once.
fn fill(
    mut bytes: Vec<u8>,
    once: bool,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> Piece {
    let (mut end, mut last, mut error) = (HEADROOM, false, None);
    while end < bytes.len() {
        match read(&mut bytes[end..]) {
            Ok(0) => last = true,
            Ok(count) => {
                end = (end + count).min(bytes.len());
                if once {
                    break;
                }
                continue;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => (last, error) = (true, Some(e.to_string())),
        }
        break;
    }
    Piece { bytes, end, last, error, seen: None }
}
