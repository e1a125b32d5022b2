//! The program, while it captures.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What it says last before it captures.
pub const BEGINS: &str = "the capture begins";

/// The program; its lines can be waited for.
pub struct Program {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
    readers: Vec<JoinHandle<()>>,
}

/// What is left of it.
pub struct Ended {
    /// Lines of standard output that nobody waited for.
    pub out: Vec<String>,
    /// The same of standard error.
    pub err: Vec<String>,
    /// Its exit status.
    pub status: Option<i32>,
}

impl Program {
    /// Starts it on a host; returns when it captures.
    pub fn on(host: &str, arguments: &[&str]) -> Self {
        let program = Self::with(host, &[], arguments);
        program.says(BEGINS);
        program
    }

    /// Starts it on a host, with something in its environment.
    pub fn with(host: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", host, env!("CARGO_BIN_EXE_ftpscope"), "-v"])
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, a) = lines(child.stdout.take().unwrap());
        let (err, b) = lines(child.stderr.take().unwrap());
        Self { child, out, err, readers: vec![a, b] }
    }

    /// Waits for a line of standard error with this in it.
    pub fn says(&self, text: &str) -> String {
        wait(&self.err, text)
    }

    /// Waits for a line of standard output with this in it.
    pub fn prints(&self, text: &str) -> String {
        wait(&self.out, text)
    }

    /// A field of /proc/PID/status.
    pub fn status(&self, field: &str) -> String {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap().trim().to_owned()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits until it ends.
    pub fn ends(mut self) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("it doesn't end");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let (out, err) = (self.out.try_iter().collect(), self.err.try_iter().collect());
        Ended { out, err, status: status.code() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> (Receiver<String>, JoinHandle<()>) {
    let (send, lines) = channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    (lines, reader)
}

fn wait(lines: &Receiver<String>, text: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut passed = Vec::new();
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains(text) => return line,
            Ok(line) => passed.push(line),
            Err(e) => panic!("no line with `{text}` ({e}); instead:\n{}", passed.join("\n")),
        }
    }
}
