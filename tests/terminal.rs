//! The real program in a pseudo-terminal: keys in, screens out.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test waits for a program")]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

const ROWS: u16 = 30;
const COLUMNS: u16 = 110;

fn nonzero(n: u16) -> std::num::NonZero<u16> {
    n.try_into().unwrap()
}

struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    _pair: portable_pty::PtyPair,
}

impl Terminal {
    fn open(arguments: &[&str], folder: &Path) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ftpscope"));
        command.args(arguments);
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(nonzero(ROWS), nonzero(COLUMNS), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let (parser, all) = (screen.clone(), raw.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 {
                    break;
                }
                parser.lock().unwrap().process(&bytes[..n]);
                all.lock().unwrap().extend(&bytes[..n]);
            }
        });
        Self { child, keys, screen, raw, _pair: pair }
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    fn shown(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows `text`.
    fn shows(&mut self, text: &str) -> &mut Self {
        let began = Instant::now();
        while !self.shown().contains(text) {
            let waited = began.elapsed();
            assert!(waited < Duration::from_secs(15), "no {text:?} on:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
        self
    }

    /// Waits for the program's end.
    fn ends(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(began.elapsed() < Duration::from_secs(15), "it goes on:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn sample(name: &str) -> String {
    format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn from_the_list_to_the_evidence_and_out() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["passive-range-dropped-client.pcap", "login-refused.pcap"].map(sample);
    let mut t = Terminal::open(&[&files[0], &files[1]], folder.path());
    t.shows("2 sessions").shows("login-refused");
    // Filter, wrongly at first.
    t.press("/sttus:x").shows("did you mean").press("\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f");
    t.press("status:stalled").shows("filter  status:stalled").press("\r").shows("1 match");
    // The stalled session: at its stall.
    t.press("\r").shows("SYNs unanswered").shows("1 ladder");
    // From the diagnosis to the evidence, back in the ladder; then the packet.
    t.press("3").shows("data-syn-unanswered · critical").press("jj\r").shows("control");
    t.press("\r").shows("on the wire").press("\x1b").shows("control");
    // Copy: OSC 52 with base64 behind it.
    t.press("y").shows("copied: ");
    let raw = t.raw.lock().unwrap().clone();
    assert!(raw.windows(7).any(|w| w == b"\x1b]52;c;"), "nothing went to the clipboard");
    // Save, and see that what was saved is the same session.
    t.press("e").shows("packets saved in");
    let saved = folder.path().join("session-1.pcapng");
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .args(["report", "--format", "json"])
        .arg(&saved)
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&run.stdout).contains("data-syn-unanswered"));
    t.press("q").shows("1 match").press("q");
    assert_eq!(t.ends(), 0);
    // The terminal is as it was: no alternate screen, a visible cursor.
    let screen = t.screen.lock().unwrap();
    assert!(!screen.screen().alternate_screen() && !screen.screen().hide_cursor());
}

#[test]
fn ctrl_c_restores_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&[&sample("mixed-many.pcap")], folder.path());
    t.shows("313 packets").press("\r").shows("1 ladder").press("\x03");
    assert_eq!(t.ends(), 0);
    assert!(!t.screen.lock().unwrap().screen().alternate_screen());
}

#[test]
fn what_can_not_be_read_is_said_without_a_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&["nothing.pcap"], folder.path());
    assert_eq!(t.ends(), 2);
    t.shows("nothing.pcap");
    let raw = t.raw.lock().unwrap().clone();
    assert!(!raw.windows(8).any(|w| w == b"\x1b[?1049h"));
}
