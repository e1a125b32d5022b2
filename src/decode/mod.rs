//! From a packet's bytes to a TCP segment or an ICMP error about one.

mod segment;

pub use segment::{Decoded, Endpoint, Flags, IcmpError, IcmpKind, Segment, Seq, SynOptions};
