//! The command line: arguments in, a report out, an exit status.

mod args;
mod dashboard;
mod output;
mod progress;
mod run;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// Nothing to read, or arguments that make no sense.
const USAGE: u8 = 2;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None if cli.files.is_empty() => {
            use clap::CommandFactory;
            let _ = Cli::command().print_help();
            ExitCode::from(USAGE)
        }
        None if cli.report.is_default() && dashboard::possible(&cli.files) => {
            dashboard::files(&cli.files, &cli.common, cli.save_dir)
        }
        None => run::report(&cli.files, &cli.common, &cli.report),
        Some(Command::Report(r)) => {
            run::report(&r.files, &r.common.after(cli.common), &r.report.after(cli.report))
        }
        Some(Command::Check(c)) => {
            run::check(&c.files, &c.common.after(cli.common), c.each || cli.report.each)
        }
        Some(Command::Explain { code }) => output::explain(code.as_deref()),
        Some(Command::Schema) => output::schema(),
        Some(Command::Interfaces) => output::interfaces(),
    }
}

/// One sentence on standard error.
fn complain(text: &str) {
    eprintln!("ftpscope: {}", ftpscope::report::escape::escape(text));
}
