//! The lab, driven by a test.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A server and a client in namespaces.
pub struct Stage {
    lab: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    server: String,
}

impl Stage {
    /// Opens the lab with this server.
    ///
    /// # Errors
    /// Why there can be none here.
    pub fn open(server: &str) -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/stage.py");
        let mut lab = Command::new("python3")
            .arg(script)
            .arg(server)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("python3: {e}"))?;
        let commands = lab.stdin.take();
        let mut answers = BufReader::new(lab.stdout.take().unwrap());
        let mut first = String::new();
        answers.read_line(&mut first).unwrap();
        match first.trim().strip_prefix("ready ") {
            Some(names) => {
                let server = names.split(' ').next().unwrap().to_owned();
                Ok(Self { lab, commands, answers, server })
            }
            None => {
                let status = lab.wait().unwrap();
                assert_eq!(status.code(), Some(77), "the lab failed: {first}");
                Err(first.trim().to_owned())
            }
        }
    }

    /// Has something done.
    pub fn ask(&mut self, command: &str) {
        writeln!(self.commands.as_mut().unwrap(), "{command}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), "done", "{command}");
    }

    /// The program on the server's host.
    pub fn ftpscope<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let program = env!("CARGO_BIN_EXE_ftpscope");
        let mut all = vec!["ip", "netns", "exec", self.server.as_str(), program];
        all.extend(arguments);
        all
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.lab.wait();
    }
}

/// A program whose lines are read while it runs.
pub struct Lines {
    program: Child,
    lines: Receiver<String>,
}

impl Lines {
    /// Starts it.
    pub fn of(command: &[&str]) -> Self {
        let mut program = Command::new(command[0])
            .args(&command[1..])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(program.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines() {
                let _ = send.send(line.unwrap());
            }
        });
        Self { program, lines }
    }

    /// The next line, if it comes in time.
    pub fn next_within(&mut self, time: Duration) -> Option<String> {
        self.lines.recv_timeout(time).ok()
    }

    /// The first line that is wanted, if it comes in 20 s.
    pub fn until(&mut self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        loop {
            let line = self.next_within(Duration::from_secs(20))?;
            if wanted(&line) {
                return Some(line);
            }
        }
    }

    /// Asks it to end; its last lines, what it said on standard error, its exit status.
    pub fn end(mut self) -> (Vec<String>, String, Option<i32>) {
        let id = self.program.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.program.wait().unwrap();
        let mut errors = String::new();
        self.program.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.lines.iter().collect(), errors, status.code())
    }
}
