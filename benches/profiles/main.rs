//! Five captures made from a seed, and how long reading them takes: ours beside `cat`, a bare walk
//! of the record headers, tcpdump, and, if asked, what else is installed of tcptrace, tshark and Suricata, in one run.
//!
//! ```sh
//! cargo bench --bench profiles                         # at a twentieth of the size
//! cargo bench --bench profiles -- --scale 1 chatty     # one of them, whole
//! cargo bench --bench profiles -- --scale 1 --others --runs 5
//! cargo bench --bench profiles -- --program target/guided/…/ftpscope   # of another build
//! cargo bench --bench profiles -- --make --folder /tmp/captures   # only makes them
//! cargo bench --bench profiles -- --guard           # instructions a packet (needs valgrind)
//! cargo bench --bench profiles -- --guard --bless   # commits them
//! cargo bench --bench profiles -- --growth --runs 7 # how cost grows
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

mod growth;
mod guard;
mod measure;
mod play;
mod profile;
mod swap;
mod walk;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use measure::{Measured, best, best_of_each, command};
use play::Truth;
use profile::{Made, PROFILES, Profile, make};

/// The seed of all captures.
const SEED: u64 = 959;

/// What is measured, if it isn't what cargo built for this.
static PROGRAM: OnceLock<String> = OnceLock::new();

fn program() -> &'static str {
    PROGRAM.get().map_or(env!("CARGO_BIN_EXE_ftpscope"), String::as_str)
}

struct Arguments {
    scale: f64,
    runs: usize,
    threads: Vec<usize>,
    others: bool,
    make: bool,
    guard: bool,
    growth: bool,
    bless: bool,
    folder: PathBuf,
    names: Vec<String>,
}

fn arguments() -> Arguments {
    let mut a = Arguments {
        scale: 0.05,
        runs: 3,
        threads: vec![1, 2],
        others: false,
        make: false,
        guard: false,
        growth: false,
        bless: false,
        folder: std::env::temp_dir().join("ftpscope-profiles"),
        names: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--scale" => a.scale = words.next().unwrap().parse().unwrap(),
            "--runs" => a.runs = words.next().unwrap().parse().unwrap(),
            "--threads" => {
                a.threads = words.next().unwrap().split(',').map(|n| n.parse().unwrap()).collect();
            }
            "--folder" => a.folder = words.next().unwrap().into(),
            "--program" => PROGRAM.set(words.next().unwrap()).unwrap(),
            "--others" => a.others = true,
            "--make" => a.make = true,
            "--guard" => a.guard = true,
            "--growth" => a.growth = true,
            "--bless" => a.bless = true,
            "--bench" => {}
            name => a.names.push(name.to_owned()),
        }
    }
    a
}

fn main() {
    if let Some(at) = std::env::args().position(|a| a == measure::INNER) {
        measure::inner(std::env::args().skip(at + 1));
    }
    let a = arguments();
    std::fs::create_dir_all(&a.folder).unwrap();
    if a.guard {
        std::process::exit(i32::from(!guard::guard(&a.folder, a.bless)));
    }
    if a.growth {
        return growth::growth(&a.folder, a.runs, &a.names);
    }
    println!(
        "| capture | | time | × cat | × walk | ns/packet | CPU time | times faster | × CPU | memory |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    for profile in PROFILES {
        if a.names.is_empty() || a.names.iter().any(|n| n == profile.name) {
            run(profile, &a);
        }
    }
}

fn run(profile: &Profile, a: &Arguments) {
    let extension = if profile.pcapng { "pcapng" } else { "pcap" };
    let path = a.folder.join(format!("{}-{}.{extension}", profile.name, a.scale));
    let made = make(profile, a.scale, SEED, &path).unwrap();
    if a.make {
        let (name, packets, sessions) = (path.display(), made.packets, made.truth.sessions);
        println!("{name}: {packets} packets, {sessions} sessions");
        return;
    }
    let truth = ours_says(&path);
    assert_eq!(truth, made.truth, "{} is not reported as it was made", profile.name);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "| **{}** {:.1} MB, {} packets, {} sessions | | | | | | | | | |",
        profile.name,
        bytes as f64 / 1e6,
        made.packets,
        made.truth.sessions
    );
    let cat = best(a.runs, || measure::inside("cat", &path));
    let walk = best(a.runs, || measure::inside("walk", &path));
    let line = |what: &str, m: &Measured| print_line(what, m, None, &cat, &walk, &made);
    line("cat", &cat);
    line("header walk", &walk);
    let ours = program();
    let file = path.to_str().unwrap();
    let on_threads = |what: &str, file: &str| {
        let all = best_of_each(a.runs, &a.threads, |threads| problems(*threads, file));
        for (threads, m) in a.threads.iter().zip(&all) {
            let what = format!("ftpscope, {threads} threads, problems as ndjson{what}");
            print_line(&what, m, all.first().filter(|_| *threads > 1), &cat, &walk, &made);
        }
    };
    on_threads("", file);
    let packed = a.folder.join(format!("{}.gz", profile.name));
    gzip(&path, &packed).unwrap();
    on_threads(", from gzip", packed.to_str().unwrap());
    std::fs::remove_file(&packed).unwrap();
    let ndjson = ["report", "--format", "ndjson", "--threads", "1", file];
    line("ftpscope, 1 thread, all as ndjson", &best(a.runs, || command(ours, &ndjson)));
    let json = ["report", "--format", "json", "--threads", "1", file];
    line("ftpscope, 1 thread, json", &best(a.runs, || command(ours, &json)));
    let other = |what: &str, runs: usize, words: &[&str]| {
        if let Some((program, arguments)) = words.split_first()
            && measure::installed(program)
        {
            line(what, &best(runs, || command(program, arguments)));
        }
    };
    let tcpdump = ["tcpdump", "-r", file, "-w", "/dev/null", "tcp port 21"];
    other("tcpdump 'tcp port 21'", a.runs, &tcpdump);
    if a.others {
        // Once each: they take minutes.
        other("tcptrace", 1, &["tcptrace", "-n", file]);
        let tshark =
            ["tshark", "-r", file, "-Y", "ftp", "-T", "fields", "-e", "ftp.request.command"];
        other("tshark -Y ftp", 1, &tshark);
        let folder = a.folder.join("suricata");
        std::fs::create_dir_all(&folder).unwrap();
        // On one thread, which finds more data connections than several do; checksums aside, no rules.
        let begin =
            ["suricata", "--runmode", "single", "-k", "none", "-S", "/dev/null", "-r", file];
        let suricata = [&begin[..], &["-l", folder.to_str().unwrap()]].concat();
        other("Suricata, 1 thread, its own configuration", 1, &suricata);
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::remove_file(&path).unwrap();
}

/// Ours with verdicts of all sessions and a summary.
fn problems(threads: usize, file: &str) -> Measured {
    let threads = threads.to_string();
    let words = ["report", "--format", "ndjson", "--only-problems", "--threads", &threads, file];
    command(program(), &words)
}

/// `one` is the same on one thread.
fn print_line(
    what: &str,
    m: &Measured,
    one: Option<&Measured>,
    cat: &Measured,
    walk: &Measured,
    made: &Made,
) {
    let ratio = |of: fn(&Measured, &Measured) -> f64| {
        one.map_or_else(String::new, |one| format!("{:.2}", of(one, m)))
    };
    println!(
        "| | {what} | {:.3} s | {:.2} | {:.2} | {:.0} | {:.3} s | {} | {} | {:.1} MB |",
        m.seconds,
        m.seconds / cat.seconds,
        m.seconds / walk.seconds,
        m.seconds * 1e9 / made.packets as f64,
        m.cpu,
        ratio(|one, m| one.seconds / m.seconds),
        ratio(|one, m| m.cpu / one.cpu),
        m.megabytes
    );
}

fn gzip(from: &Path, to: &Path) -> std::io::Result<()> {
    let to = std::fs::File::create(to)?;
    let mut packed = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
    std::io::copy(&mut std::fs::File::open(from)?, &mut packed)?;
    packed.finish().map(drop)
}

/// What our report says, as far as the truth knows it.
fn ours_says(path: &Path) -> Truth {
    use std::io::BufRead;
    let mut child = std::process::Command::new(program())
        .args(["report", "--format", "ndjson"])
        .arg(path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut truth = Truth::default();
    for line in std::io::BufReader::new(child.stdout.take().unwrap()).lines() {
        let s: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        if s["type"] != "session" {
            continue;
        }
        truth.sessions += 1;
        for c in s["channels"].as_array().unwrap() {
            truth.announcements += u64::from(!c["announcement"].is_null());
            let connection = &c["connection"];
            truth.connections += u64::from(!connection.is_null());
            truth.bytes += connection["bytes_to_client"].as_u64().unwrap_or(0);
        }
        let says = |code: &str| {
            let all = s["diagnoses"].as_array().unwrap();
            u64::from(all.iter().any(|d| d["code"] == code))
        };
        truth.unanswered += says("data-syn-unanswered");
        truth.refused += says("data-refused");
    }
    child.wait().unwrap();
    truth
}
