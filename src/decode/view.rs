//! The bytes of one layer, and how many there were on the wire.

/// The captured bytes of a layer with the length it had on the wire, which is longer when the
/// snap length cut the packet. Numbers are read in network byte order.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// What was captured.
    pub data: &'a [u8],
    /// Length on the wire in bytes, as far as the headers outside tell; never below `data.len()`.
    pub wire: usize,
}

impl<'a> View<'a> {
    pub fn new(data: &'a [u8], wire: usize) -> Self {
        Self { data, wire: wire.max(data.len()) }
    }

    /// What follows the first `n` bytes; `None` when they weren't all captured.
    pub fn skip(self, n: usize) -> Option<Self> {
        Some(Self { data: self.data.get(n..)?, wire: self.wire.checked_sub(n)? })
    }

    /// The first `len` bytes by a length field. The field is believed beyond the bytes that are
    /// there, because some tools that cut packets also shorten the record's original length.
    pub fn limit(self, len: usize) -> Self {
        Self { data: self.data.get(..len).unwrap_or(self.data), wire: len }
    }

    pub fn u8(self, at: usize) -> Option<u8> {
        self.data.get(at).copied()
    }

    pub fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// `N` bytes from `at` on.
    pub fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.data.get(at..)?.first_chunk::<N>().copied()
    }
}
