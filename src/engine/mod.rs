//! Packets in, judged sessions out.

mod analysis;

pub use analysis::{Analysis, Options, Overview};
