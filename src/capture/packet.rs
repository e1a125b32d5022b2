//! A packet as the rest of the program sees it.

use super::Timestamp;

/// A packet's number in its file, as Wireshark shows it, and which file that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameRef {
    /// Index into the list of input files.
    pub file: u32,
    /// 1-based number of the packet in that file.
    pub number: u32,
}

/// When and where in the capture something was seen.
///
/// Ordered by `order` alone: the place in the merged order of all packets, which is the order the
/// engine sees them in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment {
    /// 1-based place in the merged order of packets of all inputs.
    pub order: u64,
    /// Capture time.
    pub time: Timestamp,
    /// The packet's frame number in its own file.
    pub frame: FrameRef,
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

/// A LINKTYPE_ value of the tcpdump.org registry (file values, not a host's DLT values).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkType(pub u16);

/// One captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Its place in the capture.
    pub moment: Moment,
    /// What `data` begins with.
    pub link: LinkType,
    /// Length on the wire in bytes; more than `data.len()` when the snap length cut it.
    pub wire_len: u32,
    /// The captured bytes.
    pub data: &'a [u8],
}

/// Something in an input that could not be read, with what to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Index into the list of input files.
    pub file: u32,
    /// Byte offset in the (decompressed) file, when one is known.
    pub offset: Option<u64>,
    /// Frame number at or after which it happened, when one is known.
    pub frame: Option<u32>,
    /// One sentence.
    pub text: String,
}
