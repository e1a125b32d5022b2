//! TCP connections as the capture shows them: milestones, byte counts, and the control streams.

mod connection;
mod coverage;
mod half;
mod in_turn;
mod milestones;
mod numbering;
mod order;
mod prints;
mod rare;
mod reassembler;
mod shift;
mod steady;
#[cfg(test)]
mod tests;
mod window;

pub use connection::{Connection, ConnectionState, IcmpSeen};
pub use coverage::Coverage;
pub use half::{Half, Payload};
pub use in_turn::InTurn;
pub use milestones::{Ahead, OldAcks, Probes, Recovered, Reset, Unanswered, ZeroWindow};
pub use numbering::{Numbering, Skipped};
pub use order::Order;
pub use rare::Rare;
pub use reassembler::{Chunk, Reassembler};
pub use shift::{Shift, ShiftSeen};
pub use window::Windows;
