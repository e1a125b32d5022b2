//! Where packets come from: files, compressed files, standard input, folders; merged by time.
//!
//! Nothing after this module knows where a packet came from.

mod bpf;
mod buffer;
mod facts;
mod format;
mod input;
mod link;
mod packet;
mod pcap;
mod pcapng;
mod reader;
mod source;
mod time;

pub use facts::CaptureFacts;
pub use input::{OpenError, Progress, expand};
pub use packet::{FrameRef, LinkType, Moment, Packet, Problem};
pub use source::{OpenOptions, Opened, Source, open};
pub use time::Timestamp;
