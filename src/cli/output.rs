//! Small outputs, and what to do when standard output is closed.

use std::io::{self, BufWriter, Stdout, Write};
use std::process::ExitCode;

use ftpscope::report::{explain as catalogue, schema as contract};

use super::{USAGE, complain};

/// Standard output, buffered.
pub fn stdout() -> BufWriter<Stdout> {
    BufWriter::with_capacity(64 * 1024, io::stdout())
}

/// A closed standard output ends quietly; anything else is said. Whether all was written.
pub fn written(result: io::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => true,
        Err(e) => {
            complain(&format!("standard output: {e}; is the disk full?"));
            false
        }
    }
}

fn status(result: io::Result<()>) -> ExitCode {
    if written(result) { ExitCode::SUCCESS } else { ExitCode::from(USAGE) }
}

/// `ftpscope explain`.
pub fn explain(code: Option<&str>) -> ExitCode {
    let mut out = stdout();
    let Some(code) = code else {
        return status(catalogue::list(&mut out).and_then(|()| out.flush()));
    };
    match ftpscope::diagnose::catalogue().find(|rule| rule.code == code) {
        Some(rule) => status(catalogue::one(&rule, &mut out).and_then(|()| out.flush())),
        None => {
            complain(&catalogue::unknown(code));
            ExitCode::from(USAGE)
        }
    }
}

/// `ftpscope man`.
pub fn man() -> ExitCode {
    let mut out = stdout();
    status(super::man::page(&mut out).and_then(|()| out.flush()))
}

/// `ftpscope schema`.
pub fn schema() -> ExitCode {
    let mut out = stdout();
    let text = serde_json::to_string_pretty(&contract::schema()).unwrap_or_default();
    status(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// `ftpscope interfaces`.
#[cfg(feature = "live")]
pub fn interfaces() -> ExitCode {
    let list = match pcap::Device::list() {
        Ok(list) => list,
        Err(e) => {
            complain(&format!("interfaces can't be listed: {e}; try as root"));
            return ExitCode::from(USAGE);
        }
    };
    let mut out = stdout();
    let mut lines = || {
        let width = list.iter().map(|d| d.name.chars().count()).max().unwrap_or(0);
        for device in &list {
            let addresses = device.addresses.iter().map(|a| a.addr.to_string());
            let mut facts: Vec<String> = addresses.collect();
            if !device.flags.is_up() {
                facts.push("down".to_owned());
            }
            facts.extend(device.desc.clone());
            let line = format!("{:<width$}  {}", device.name, facts.join("  "));
            writeln!(out, "{}", ftpscope::report::escape::escape(line.trim_end()))?;
        }
        out.flush()
    };
    status(lines())
}

/// `ftpscope interfaces`.
#[cfg(not(feature = "live"))]
pub fn interfaces() -> ExitCode {
    complain(
        "this build was made without libpcap and can't list interfaces; build with the default features",
    );
    ExitCode::from(USAGE)
}
