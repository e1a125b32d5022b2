//! Where decoded packets come from.

use super::decoding::{Batch, Decoding};
use crate::ahead::{Ahead, Maker};

/// Batches of decoded packets, in their order.
pub(super) enum Batches {
    /// Decoded by other threads.
    Ahead(Ahead<Decoding>),
    /// Decoded when they are asked for.
    Here(Box<Here>),
}

/// Decodes one batch after the other, in what the one before was made of.
pub(super) struct Here {
    decoding: Decoding,
    used: Option<Batch>,
}

impl Batches {
    /// Of a source, decoded when they are asked for.
    pub(super) fn here(decoding: Decoding) -> Self {
        Self::Here(Box::new(Here { decoding, used: None }))
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Batch {
        match self {
            Self::Ahead(ahead) => ahead.next(),
            Self::Here(here) => here.decoding.make(0, here.used.take()),
        }
    }

    /// One that is used up.
    pub(super) fn give_back(&mut self, batch: Batch) {
        match self {
            Self::Ahead(ahead) => ahead.give_back(batch),
            Self::Here(here) => here.used = Some(batch),
        }
    }
}
