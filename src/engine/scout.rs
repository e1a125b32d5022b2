//! Decodes pieces of a file by whoever has just read them, see [`Scout`].

use super::brief::Bytes;
use super::decoding::{Batch, Filling};
use crate::capture::{Found, Scout, Unplaced};

/// Decodes the packets of a piece into a batch.
pub(super) struct Decodes;

impl Scout for Decodes {
    fn look(&self, piece: &mut Unplaced<'_>, used: Option<Found>) -> Found {
        let used = used.and_then(|found| found.downcast::<Batch>().ok());
        let mut batch = used.unwrap_or_default();
        batch.clear_for_scout();
        let window = Bytes::of(piece.window());
        piece.walk(&mut Filling { decoder: None, batch: &mut batch, window });
        batch
    }
}
