//! Traffic made for the benchmarks: the same packets each time.

mod session;
mod tcp;

pub use session::Session;
