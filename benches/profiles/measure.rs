//! Time and peak memory of whole processes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The word that makes this program run one thing and tell what it took.
pub const INNER: &str = "--measured";

/// What a process took.
#[derive(Clone, Copy)]
pub struct Measured {
    pub seconds: f64,
    pub megabytes: f64,
}

/// The fastest of some runs: what else the machine does only adds.
pub fn best(runs: usize, run: impl Fn() -> Measured) -> Measured {
    let all = (0..runs.max(1)).map(|_| run());
    all.min_by(|a, b| a.seconds.total_cmp(&b.seconds)).unwrap()
}

/// A program with its output thrown away.
pub fn command(program: &str, arguments: &[&str]) -> Measured {
    let mut words = vec![INNER, "command", program];
    words.extend(arguments);
    outer(&words)
}

/// `cat` or `walk` over a file.
pub fn inside(what: &str, path: &Path) -> Measured {
    outer(&[INNER, what, path.to_str().unwrap()])
}

pub fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|p| p.join(program).exists())
}

/// Peak memory is known of all children together, so each run has a process of its own.
fn outer(words: &[&str]) -> Measured {
    let me = std::env::current_exe().unwrap();
    let out = Command::new(me).args(words).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|n| n.parse::<f64>().unwrap());
    Measured { seconds: numbers.next().unwrap(), megabytes: numbers.next().unwrap() }
}

/// Runs one thing, prints seconds and megabytes, and leaves.
pub fn inner(mut words: impl Iterator<Item = String>) -> ! {
    let what = words.next().unwrap();
    let began = Instant::now();
    match what.as_str() {
        "command" => {
            let program = words.next().unwrap();
            let null = || Stdio::null();
            let status =
                Command::new(program).args(words).stdout(null()).stderr(null()).status().unwrap();
            assert!(matches!(status.code(), Some(0 | 1)), "{status}");
        }
        "cat" => drop(crate::walk::cat(Path::new(&words.next().unwrap())).unwrap()),
        _ => drop(crate::walk::walk(Path::new(&words.next().unwrap())).unwrap()),
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{seconds} {}", peak());
    std::process::exit(0)
}

/// Peak memory of the children, in megabytes.
#[cfg(unix)]
fn peak() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0.0, |u| u.max_rss() as f64 / 1000.0)
}

#[cfg(not(unix))]
fn peak() -> f64 {
    0.0
}
