//! Where packets come from: files, compressed files, standard input, folders; merged by time.
//!
//! Nothing after this module knows where a packet came from.

mod facts;
mod packet;
mod time;

pub use facts::CaptureFacts;
pub use packet::{FrameRef, LinkType, Moment, Packet, Problem};
pub use time::Timestamp;
