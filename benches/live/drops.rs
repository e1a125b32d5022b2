//! Packets that the kernel drops: `tcpdump -w` and `ftpscope watch -w` side by side.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ftpscope::capture::{OpenOptions, open};

use super::wire::{INTERFACE, Wire};

/// Packets a second (0 for as many as the sender can), and whether ftpscope writes them as well.
const RUNS: [(u64, bool); 5] =
    [(50_000, true), (100_000, true), (100_000, false), (200_000, true), (0, true)];
const SECONDS: u64 = 10;
/// The kernel's buffer for each of them, in KiB: what ftpscope takes unless it is told otherwise.
const BUFFER: u64 = 32 << 10;

/// A program that captures.
struct Program {
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
    file: Option<PathBuf>,
}

/// What it came to.
#[derive(Debug, Default)]
struct Result {
    name: &'static str,
    /// Packets that it says it captured, and that the kernel dropped for want of room.
    captured: u64,
    dropped: u64,
    /// Packets in its file.
    written: Option<u64>,
    /// Seconds of a processor.
    processor: f64,
    /// What else it said.
    said: Vec<String>,
}

impl Program {
    /// Starts it, and waits until it captures.
    fn start(name: &'static str, words: &[&str], ready: &str, file: Option<PathBuf>) -> Self {
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let (out, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let also = send.clone();
        // The lines of sessions are many; the last one of all is the summary.
        std::thread::spawn(move || {
            if let Some(Ok(last)) = BufReader::new(out).lines().last() {
                let _ = also.send(last);
            }
        });
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines() {
                let _ = send.send(line.unwrap());
            }
        });
        let program = Self { name, child, lines, file };
        while !program.lines.recv_timeout(Duration::from_secs(10)).unwrap().contains(ready) {}
        program
    }

    /// Asks it to end.
    fn end(&mut self) -> Result {
        let id = self.child.id().to_string();
        let processor = processor(&id);
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.child.wait().unwrap();
        let mut result = Result { name: self.name, processor, ..Result::default() };
        for line in self.lines.iter() {
            let number = || line.split(' ').next().and_then(|w| w.parse().ok()).unwrap_or(0);
            if line.ends_with("packets captured") {
                result.captured = number();
            } else if line.ends_with("packets dropped by kernel") {
                result.dropped = number();
            } else if line.starts_with('{') {
                let summary: serde_json::Value = serde_json::from_str(&line).unwrap();
                let capture = &summary["capture"];
                result.captured = capture["packets"].as_u64().unwrap();
                result.dropped = capture["dropped_packets"].as_u64().unwrap();
            } else if !line.ends_with("packets received by filter") {
                result.said.push(line);
            }
        }
        result.written = self.file.as_deref().map(packets);
        result
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seconds that a process spent on a processor.
fn processor(id: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |i: usize| fields[i].parse::<f64>().unwrap();
    // Hundredths, on every Linux.
    (ticks(11) + ticks(12)) / 100.0
}

/// Packets in a file.
fn packets(file: &Path) -> u64 {
    let mut source = open(&[file.to_owned()], &OpenOptions::default()).source;
    let mut count = 0;
    while source.next_packet().is_some() {
        count += 1;
    }
    count
}

/// Both of them on the same interface, at one rate.
fn side_by_side(wire: &Wire, rate: u64, write: bool, folder: &Path) {
    let (theirs, ours) = (folder.join("tcpdump.pcap"), folder.join("ftpscope.pcapng"));
    let (buffer, size) = (BUFFER.to_string(), format!("{BUFFER}K"));
    let file = theirs.to_str().unwrap();
    // As root to the end: its own user can't write here.
    let words = ["tcpdump", "-n", "-i", INTERFACE, "-B", &buffer, "-Z", "root", "-w", file];
    let mut programs = vec![Program::start(
        "tcpdump -w",
        &wire.there(&words),
        "listening on",
        Some(theirs.clone()),
    )];
    let ftpscope = env!("CARGO_BIN_EXE_ftpscope");
    let common = ["watch", "-v", "--format", "ndjson", "-i", INTERFACE, "--buffer-size", &size];
    let saving = ["-w", ours.to_str().unwrap()];
    let (name, saving) =
        if write { ("ftpscope watch -w", &saving[..]) } else { ("ftpscope watch", &[][..]) };
    programs.push(Program::start(
        name,
        &wire.there(&[&[ftpscope], &common[..], saving].concat()),
        "the capture begins",
        write.then(|| ours.clone()),
    ));
    let before = wire.arrived();
    let sent = wire.send(rate, SECONDS).wait();
    std::thread::sleep(Duration::from_secs(2));
    let arrived = wire.arrived() - before;
    let results: Vec<Result> = programs.iter_mut().map(Program::end).collect();
    for r in results {
        println!(
            "| {:.0} | {} | {arrived} | {} | {} | {} | {} | {:.1} |",
            sent.rate,
            sent.sent,
            r.name,
            r.captured,
            r.dropped,
            r.written.map_or("".to_owned(), |n| n.to_string()),
            r.processor,
        );
        for line in r.said.iter().filter(|l| l.contains("packets came")) {
            println!("{}: {line}", r.name);
        }
    }
    let _ = std::fs::remove_file(&theirs);
    let _ = std::fs::remove_file(&ours);
}

/// At one rate after the other.
pub fn run(wire: &Wire) {
    if Command::new("tcpdump").arg("--version").output().is_err() {
        println!("SKIPPED: side by side with tcpdump: it isn't installed");
        return;
    }
    // In memory, where there is such a folder: it isn't the disk that is measured.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    };
    println!("Side by side for {SECONDS} s, {BUFFER} KiB of kernel buffer each:\n");
    println!(
        "| packets/s | sent | arrived | program | captured | dropped | in the file | processor, s |"
    );
    println!("|--:|--:|--:|---|--:|--:|--:|--:|");
    for (rate, write) in RUNS {
        side_by_side(wire, rate, write, folder.path());
    }
}
