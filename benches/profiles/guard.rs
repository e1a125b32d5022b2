//! Instructions for each packet, which hardly depend on the machine: a guard for every change.
//!
//! They do depend on the compiler, so the committed figures name theirs and mean nothing under
//! another; `--bless` makes them anew.

use std::path::Path;
use std::process::Command;

use crate::SEED;
use crate::profile::{PROFILES, make};

/// The committed figures.
const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/profiles/instructions.txt");
/// By what part a figure may be off.
const TOLERANCE: f64 = 0.05;
/// Packets of each capture, about.
const PACKETS: f64 = 40_000.0;
/// Packets of each capture at scale 1, in the order of the profiles.
const WHOLE: [f64; 5] = [2_532_000.0, 10_000_000.0, 1_870_000.0, 4_853_000.0, 29_000_000.0];

/// Compares the figures with those committed, or commits them. Whether all is well.
pub fn guard(folder: &Path, bless: bool) -> bool {
    let compiler = compiler();
    let committed = std::fs::read_to_string(FIGURES).unwrap_or_default();
    if !bless && committed.lines().next() != Some(compiler.as_str()) {
        let theirs = committed.lines().next().unwrap_or("another compiler");
        println!("not compared: the figures are of {theirs}, this is {compiler}");
        return true;
    }
    let mut figures = compiler + "\n";
    let mut well = true;
    for (profile, whole) in PROFILES.iter().zip(WHOLE) {
        let path = folder.join(format!("guard-{}", profile.name));
        let made = make(profile, PACKETS / whole, SEED, &path).unwrap();
        let now = instructions(&path) / made.packets as f64;
        std::fs::remove_file(&path).unwrap();
        figures += &format!("{} {now:.0}\n", profile.name);
        let then = committed.lines().filter_map(|l| l.split_once(' '));
        let then = then.filter(|(name, _)| *name == profile.name).find_map(|l| l.1.parse().ok());
        let off = then.map(|then: f64| now / then - 1.0);
        let kept = bless || off.is_some_and(|off| off.abs() <= TOLERANCE);
        well &= kept;
        let off = off.map_or("not committed".to_owned(), |off| format!("{:+.1} %", off * 100.0));
        let verdict = if kept { "" } else { ": not within 5 %" };
        println!("{}: {now:.0} instructions a packet, {off}{verdict}", profile.name);
    }
    if bless {
        std::fs::write(FIGURES, figures).unwrap();
    } else if !well {
        println!(
            "slower: see where (callgrind_annotate). Meant, or faster: make them anew, --bless"
        );
    }
    well
}

fn compiler() -> String {
    let out = Command::new("rustc").arg("--version").output().unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Instructions of the whole process with verdicts of all sessions and a summary.
fn instructions(path: &Path) -> f64 {
    let out = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            env!("CARGO_BIN_EXE_ftpscope"),
        ])
        .args(["report", "--format", "ndjson", "--only-problems", "--threads", "1"])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stderr);
    let line = text.lines().find(|l| l.contains("Collected")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
