//! TCP connections as the capture shows them: milestones, byte counts, and the control streams.

mod connection;
mod coverage;
mod half;
mod milestones;
mod order;
mod reassembler;
#[cfg(test)]
mod tests;
mod window;

pub use connection::{Connection, ConnectionState, IcmpSeen};
pub use coverage::Coverage;
pub use half::Half;
pub use milestones::{Ahead, OldAcks, Probes, Recovered, Reset, Unanswered, ZeroWindow};
pub use order::Order;
pub use reassembler::{Chunk, Reassembler};
pub use window::Windows;
