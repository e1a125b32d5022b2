//! Packets that the capture itself lost.

use super::Timestamp;

/// Packets that reached the capturing host and never came out of the capture: the kernel had no
/// room for them, or this program had not yet come to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureLoss {
    /// Not before this time.
    pub from: Timestamp,
    /// Not after this time.
    pub to: Timestamp,
    /// How many.
    pub packets: u64,
}

impl CaptureLoss {
    /// Some of it may have happened between `from` and `to`.
    pub fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.from <= to && from <= self.to
    }
}
