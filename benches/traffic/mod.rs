//! Traffic made for the benchmarks: the same packets each time.

#![allow(dead_code, unused_imports, reason = "not every benchmark sends everything")]

mod mix;
mod session;
mod tcp;

pub use mix::Mix;
pub use session::Session;
