//! TCP connections as the capture shows them: milestones, byte counts, and the control streams.

mod connection;
mod coverage;
mod half;
mod reassembler;

pub use connection::{Connection, ConnectionState, IcmpSeen};
pub use coverage::Coverage;
pub use half::{Half, Reset, Unanswered, ZeroWindow};
pub use reassembler::{Chunk, Reassembler};
