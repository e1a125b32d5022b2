//! A program in a pseudo-terminal: keys in, screens out.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// Rows of the screen at first.
pub const ROWS: u16 = 30;
/// Columns.
pub const COLUMNS: u16 = 110;

fn nonzero(n: u16) -> std::num::NonZero<u16> {
    n.try_into().unwrap()
}

/// A program in a pseudo-terminal.
pub struct Terminal {
    /// The program.
    pub child: Box<dyn Child + Send + Sync>,
    keys: Option<Box<dyn Write + Send>>,
    /// What it draws on.
    pub screen: Arc<Mutex<vt100::Parser>>,
    /// Everything it wrote.
    #[allow(dead_code, reason = "not every test looks at it")]
    pub raw: Arc<Mutex<Vec<u8>>>,
    master: Option<Box<dyn portable_pty::MasterPty + Send>>,
    reader: Option<std::thread::JoinHandle<()>>,
    /// Nobody looks at the screen any more.
    gone: Arc<AtomicBool>,
}

impl Terminal {
    /// Runs a program in this folder.
    pub fn open(program: &[&str], folder: &Path) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program[0]);
        command.args(&program[1..]);
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        // The program's is the only one: its end is the end of what can be read.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(nonzero(ROWS), nonzero(COLUMNS), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let (parser, all) = (screen.clone(), raw.clone());
        let gone = Arc::new(AtomicBool::new(false));
        let stopped = gone.clone();
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 || stopped.load(Ordering::Acquire) {
                    break;
                }
                parser.lock().unwrap().process(&bytes[..n]);
                all.lock().unwrap().extend(&bytes[..n]);
            }
        });
        let (keys, master, reader) = (Some(keys), Some(pair.master), Some(reader));
        Self { child, keys, screen, raw, master, reader, gone }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        let out = self.keys.as_mut().unwrap();
        out.write_all(keys.as_bytes()).unwrap();
        out.flush().unwrap();
        self
    }

    /// The terminal goes away.
    #[allow(dead_code, reason = "not every test does it")]
    pub fn hang_up(&mut self) {
        self.gone.store(true, Ordering::Release);
        // Something to read, so that the reader looks up.
        self.press("?");
        drop((self.keys.take(), self.master.take(), self.reader.take()));
    }

    /// The screen.
    pub fn shown(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows `text`.
    pub fn shows(&mut self, text: &str) -> &mut Self {
        let began = Instant::now();
        while !self.shown().contains(text) {
            let waited = began.elapsed();
            assert!(waited < Duration::from_secs(15), "no {text:?} on:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
        self
    }

    /// Waits until the screen no longer shows `text`. An Esc is to be followed by this: with the
    /// next key in the same read it would be Alt and that key.
    #[allow(dead_code, reason = "not every test does it")]
    pub fn hides(&mut self, text: &str) -> &mut Self {
        let began = Instant::now();
        while self.shown().contains(text) {
            let waited = began.elapsed();
            assert!(waited < Duration::from_secs(15), "{text:?} stays on:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
        self
    }

    /// Waits until the program wrote these bytes.
    #[allow(dead_code, reason = "not every test does it")]
    pub fn wrote(&mut self, bytes: &[u8]) -> &mut Self {
        let began = Instant::now();
        while !self.raw.lock().unwrap().windows(bytes.len()).any(|w| w == bytes) {
            assert!(began.elapsed() < Duration::from_secs(15), "{bytes:?} was not written");
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// Gives the terminal another size.
    #[allow(dead_code, reason = "not every test does it")]
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.screen.lock().unwrap().screen_mut().set_size(nonzero(rows), nonzero(columns));
        self.master.as_ref().unwrap().resize(size).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        self
    }

    /// Waits for the program's end, and until all is read that it wrote.
    pub fn ends(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                if let Some(reader) = self.reader.take() {
                    reader.join().unwrap();
                }
                return status.exit_code();
            }
            assert!(began.elapsed() < Duration::from_secs(15), "it goes on:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
