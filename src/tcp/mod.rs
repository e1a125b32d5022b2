//! TCP connections as the capture shows them: milestones, byte counts, and the control streams.

mod connection;
mod coverage;
mod half;
mod milestones;
mod numbering;
mod prints;
mod reassembler;
mod shift;
#[cfg(test)]
mod tests;

pub use connection::{Connection, ConnectionState, IcmpSeen};
pub use coverage::Coverage;
pub use half::Half;
pub use milestones::{Ahead, OldAcks, Probes, Recovered, Reset, Unanswered, ZeroWindow};
pub use numbering::{Numbering, Skipped};
pub use reassembler::{Chunk, Reassembler};
pub use shift::{Shift, ShiftSeen};
