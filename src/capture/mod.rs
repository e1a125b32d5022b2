//! Where packets come from: files, compressed files, standard input, folders; merged by time.
//!
//! [`open`] gives a [`Source`] of packets over everything that was named, and what could not be
//! opened. Below it: `inputs` finds captures, `decompress` unpacks them, a [`Reader`] walks one
//! over a `buffer`, as `pcap` or `pcapng`. Nothing after this module knows where a packet came
//! from.

mod bpf;
mod buffer;
mod content;
mod decompress;
mod error;
mod facts;
mod feed;
mod inputs;
mod link;
#[cfg(all(feature = "live", unix))]
pub mod live;
mod loss;
mod notes;
mod packet;
mod pcap;
mod pcapng;
mod pieces;
mod progress;
mod reader;
mod recent;
mod scout;
mod shown;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod traffic;

pub use bpf::{BpfError, BpfExpression};
pub use error::OpenError;
pub use facts::CaptureFacts;
pub use inputs::{Expanded, expand, size};
pub use loss::CaptureLoss;
pub use notes::Comment;
pub use packet::{FrameRef, LinkType, Moment, Packet, Problem};
pub use progress::Progress;
pub use reader::{NotACapture, RawPacket, Reader};
pub use recent::{Part, Recent};
pub(crate) use scout::{Found, Scout, Unplaced};
pub use source::{OpenOptions, Opened, Source, Take, open};
pub use store::{PacketStore, Stored};
pub use time::Timestamp;
pub use traffic::{Amount, Traffic};
