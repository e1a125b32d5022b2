//! Options at the end of a block, read without allocating.
//!
//! `pcap-parser` collects them into a vector for each block and reads numbers in them as little
//! endian, also in big-endian sections.

use super::order::Order;

/// `opt_comment`, in every block.
pub(super) const COMMENT: u16 = 1;

/// Iterates over `(code, value)`; ends at `opt_endofopt` or where the bytes no longer fit.
pub(super) struct Options<'a> {
    order: Order,
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    /// The options in `bytes`, which begin with the first one.
    pub(super) fn new(order: Order, bytes: &'a [u8]) -> Self {
        Self { order, rest: bytes }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = self.order.u16(self.rest, 0)?;
        let len = usize::from(self.order.u16(self.rest, 2)?);
        if code == 0 {
            return None;
        }
        let value = self.rest.get(4..4 + len)?;
        // Padded to 32 bits; a missing padding at the very end does no harm.
        self.rest = self.rest.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}
