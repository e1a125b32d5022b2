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
    /// Of all its threads, in user and in system mode.
    pub cpu: f64,
    pub megabytes: f64,
}

impl Measured {
    /// The least of both: what else the machine does only adds.
    fn best(self, other: Self) -> Self {
        Self {
            seconds: self.seconds.min(other.seconds),
            cpu: self.cpu.min(other.cpu),
            megabytes: self.megabytes.max(other.megabytes),
        }
    }
}

/// The best of some runs.
pub fn best(runs: usize, run: impl Fn() -> Measured) -> Measured {
    (0..runs.max(1)).map(|_| run()).reduce(Measured::best).unwrap()
}

/// The best of some runs of each, taken in turns, since they are to be compared.
pub fn best_of_each<T>(runs: usize, all: &[T], run: impl Fn(&T) -> Measured) -> Vec<Measured> {
    let mut best: Vec<Measured> = all.iter().map(&run).collect();
    for _ in 1..runs {
        for (best, one) in best.iter_mut().zip(all) {
            *best = best.best(run(one));
        }
    }
    best
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
    let [seconds, cpu, megabytes] = std::array::from_fn(|_| numbers.next().unwrap());
    Measured { seconds, cpu, megabytes }
}

/// Runs one thing, prints seconds, seconds of processors, and megabytes, and leaves.
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
    let (cpu, megabytes) = used(what == "command");
    println!("{seconds} {cpu} {megabytes}");
    std::process::exit(0)
}

/// Time of processors and peak memory, of the children or of this process.
#[cfg(unix)]
fn used(children: bool) -> (f64, f64) {
    use nix::sys::resource::{UsageWho, getrusage};
    let who = if children { UsageWho::RUSAGE_CHILDREN } else { UsageWho::RUSAGE_SELF };
    getrusage(who).map_or((0.0, 0.0), |u| {
        let cpu =
            [u.user_time(), u.system_time()].map(|t| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6);
        (cpu.iter().sum(), u.max_rss() as f64 / 1000.0)
    })
}

#[cfg(not(unix))]
fn used(_: bool) -> (f64, f64) {
    (0.0, 0.0)
}
