//! Packets out of a capture into a file of their own.

mod pcapng;
mod session;

pub use pcapng::Writer;
pub use session::session;
