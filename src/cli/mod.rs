//! The command line: arguments in, a report out, an exit status.

mod args;
mod check;
mod counting;
mod dashboard;
#[cfg(all(feature = "live", unix))]
mod live;
mod live_args;
mod man;
mod masking;
mod output;
mod processors;
mod progress;
mod report;
mod run;
mod turns;

use std::process::ExitCode;

use clap::Parser;

#[cfg(not(all(feature = "live", unix)))]
use args::Common;
use args::{Cli, Command, ReportArgs};
use live_args::LiveArgs;

/// Nothing to read, or arguments that make no sense.
const USAGE: u8 = 2;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        None if !cli.live.interface.is_empty()
            && cli.report.is_default()
            && dashboard::possible(&[]) =>
        {
            live_dashboard(&cli.live, &cli.files, &cli.common, cli.save_dir)
        }
        None if !cli.live.interface.is_empty() => {
            live_report(&cli.live, &cli.files, &cli.common, &cli.report)
        }
        None if cli.files.is_empty() => {
            use clap::CommandFactory;
            let _ = Cli::command().print_help();
            ExitCode::from(USAGE)
        }
        None => without_interface(&cli.live, || {
            if cli.report.is_default() && dashboard::possible(&cli.files) {
                dashboard::files(&cli.files, &cli.common, cli.save_dir)
            } else {
                report::report(&cli.files, &cli.common, &cli.report)
            }
        }),
        Some(Command::Report(r)) => {
            let (common, report) = (r.common.after(cli.common), r.report.after(cli.report));
            let live = r.live.after(cli.live);
            if live.interface.is_empty() && r.files.is_empty() {
                complain("name a capture file, or an interface with --interface");
                ExitCode::from(USAGE)
            } else if live.interface.is_empty() {
                without_interface(&live, || report::report(&r.files, &common, &report))
            } else {
                live_report(&live, &r.files, &common, &report)
            }
        }
        Some(Command::Watch(w)) => {
            let live = w.live.after(cli.live);
            let report = ReportArgs {
                format: w.format,
                only_problems: w.only_problems,
                ..ReportArgs::default()
            };
            live_watch(&live, &w.expression, &w.common.after(cli.common), &report.after(cli.report))
        }
        Some(Command::Check(c)) => {
            check::check(&c.files, &c.common.after(cli.common), c.each || cli.report.each)
        }
        Some(Command::Explain { code }) => output::explain(code.as_deref()),
        Some(Command::Schema) => output::schema(),
        Some(Command::Man) => output::man(),
        Some(Command::Interfaces) => output::interfaces(),
    }
}

/// Options of live capture mean nothing over files.
fn without_interface(live: &LiveArgs, run: impl FnOnce() -> ExitCode) -> ExitCode {
    match live.stray() {
        Some(option) => {
            complain(&format!(
                "{option} is about live capture: name an interface with --interface"
            ));
            ExitCode::from(USAGE)
        }
        None => run(),
    }
}

#[cfg(all(feature = "live", unix))]
use live::{dashboard as live_dashboard, report as live_report, watch as live_watch};

#[cfg(not(all(feature = "live", unix)))]
use without_live as live_report;
#[cfg(not(all(feature = "live", unix)))]
use without_live as live_watch;

#[cfg(not(all(feature = "live", unix)))]
fn live_dashboard(
    live: &LiveArgs,
    expression: &[std::path::PathBuf],
    common: &Common,
    _: std::path::PathBuf,
) -> ExitCode {
    without_live(live, expression, common, &ReportArgs::default())
}

#[cfg(not(all(feature = "live", unix)))]
fn without_live(_: &LiveArgs, _: &[std::path::PathBuf], _: &Common, _: &ReportArgs) -> ExitCode {
    complain(
        "this build was made without libpcap and can't capture; build with the default features",
    );
    ExitCode::from(USAGE)
}

/// One sentence on standard error.
fn complain(text: &str) {
    eprintln!("ftpscope: {}", ftpscope::report::escape::escape(text));
}
