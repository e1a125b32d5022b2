//! Packets out of a capture into a file of their own.

mod pcapng;
#[cfg(all(feature = "live", unix))]
mod saver;

pub use pcapng::{Interface, Statistics, Writer};
#[cfg(all(feature = "live", unix))]
pub use saver::Saver;
