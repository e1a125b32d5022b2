//! Where the texts of a session stand.

use crate::pack::{Pack, Packer, Unpacker};

/// Where a text stands in a [`Script`](super::Script): an offset, a length of 24 bits, and whether it is among those
/// that are never dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span(u64);

impl Span {
    const LEN: u32 = 24;
    const KEPT: u64 = 1 << 63;

    pub(super) fn new(offset: usize, len: usize, kept: bool) -> Self {
        let len = (len as u64).min((1 << Self::LEN) - 1);
        Self((offset as u64) << Self::LEN | len | if kept { Self::KEPT } else { 0 })
    }

    pub(super) fn offset(self) -> usize {
        ((self.0 & !Self::KEPT) >> Self::LEN) as usize
    }

    pub(super) fn len(self) -> usize {
        (self.0 & ((1 << Self::LEN) - 1)) as usize
    }

    pub(super) fn is_kept(self) -> bool {
        self.0 & Self::KEPT != 0
    }

    /// The same text, once so many bytes before it are gone.
    pub(super) fn moved(self, by: usize) -> Self {
        Self::new(self.offset().saturating_sub(by), self.len(), self.is_kept())
    }
}

impl Pack for Span {
    fn pack(&self, to: &mut Packer) {
        (self.is_kept(), self.len(), self.offset()).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (kept, len, offset) = Pack::unpack(from)?;
        Some(Self::new(offset, len, kept))
    }
}
