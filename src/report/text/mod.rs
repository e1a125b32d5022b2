//! The report for people: problems first, one screen each.

pub mod clock;
pub mod escape;
pub mod lines;
pub mod palette;
pub mod stages;
pub mod units;

pub use clock::Zone;
