//! What each stage costs by itself: `cargo bench --bench stages`.
//!
//! Where packets are counted, an iteration takes a thousand of them: its microseconds are
//! nanoseconds of a packet. The session benchmarks take one session an iteration.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod data;
mod decoding;
mod dialogue;
mod judging;
mod material;
#[allow(dead_code, reason = "the profiles use more of it")]
#[path = "../profiles/play.rs"]
mod play;
#[allow(dead_code, reason = "the profiles use more of it")]
#[path = "../profiles/profile.rs"]
mod profile;
mod reading;
#[path = "../profiles/swap.rs"]
mod swap;
#[path = "../traffic/mod.rs"]
mod traffic;
#[allow(dead_code, reason = "the profiles use more of it")]
#[path = "../profiles/wire.rs"]
mod wire;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}
