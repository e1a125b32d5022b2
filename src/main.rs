//! Arguments in, exit status out.

mod cli;

use std::process::ExitCode;

/// Sessions are many small blocks: with it, a capture full of them is read in three quarters of the
/// time that the system's allocator takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
