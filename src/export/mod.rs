//! Packets out of a capture into a file of their own.

mod pcapng;
#[cfg(all(feature = "live", unix))]
mod saver;
mod session;

pub use pcapng::{Interface, Statistics, Writer};
#[cfg(all(feature = "live", unix))]
pub use saver::Saver;
pub use session::session;
