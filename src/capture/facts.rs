//! What is known of a capture once it has been read.

use super::{LinkType, Problem, Timestamp};

/// What is known of a capture once it has been read.
#[derive(Clone, Debug, Default)]
pub struct CaptureFacts {
    /// Display names of the inputs, in order; `FrameRef::file` indexes it.
    pub files: Vec<String>,
    /// Link types seen, in order of first appearance.
    pub link_types: Vec<LinkType>,
    /// Packets read.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Earliest packet.
    pub first_packet: Option<Timestamp>,
    /// Latest packet.
    pub last_packet: Option<Timestamp>,
    /// Packets cut by the snap length.
    pub truncated_packets: u64,
    /// Packets that the capture itself says it lost.
    pub dropped_packets: Option<u64>,
    /// Comments on packets: frame number and text.
    pub comments: Vec<(u32, String)>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}
