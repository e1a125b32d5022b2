//! From a key to the changed screen, while packets arrive.

use std::time::{Duration, Instant};

use super::pty::Terminal;
use super::wire::{INTERFACE, Wire};

/// Keys in all.
const KEYS: usize = 120;
/// Sessions that are listed before the first key.
pub const LISTED: usize = 10_000;
/// How long to wait for the screen; a key that takes longer is lost.
const LOST: Duration = Duration::from_secs(5);
/// What only the list shows, and only an open session.
const LIST: &str = "verdict";
const LADDER: &str = "2 timeline";

/// How long it took, from the key to the screen, for each key.
#[derive(Debug, Default)]
pub struct Waits {
    /// Packets a second meanwhile, and what else the status bar says.
    pub bar: String,
    /// The cursor of the list moves.
    pub moves: Vec<Duration>,
    /// A session is opened or left.
    pub opens: Vec<Duration>,
}

/// The client of the session that the cursor is on.
fn chosen(t: &Terminal) -> Option<String> {
    let parser = t.screen.lock().unwrap();
    let screen = parser.screen();
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let is_cursor = |y: &u16| {
        let inverse = |x| screen.cell(*y, x).is_some_and(vt100::Cell::inverse);
        inverse(4) && inverse(columns / 2)
    };
    let y = (1..rows).find(is_cursor)?;
    let line = screen.rows(0, columns).nth(y.into())?;
    line.split_whitespace().find(|word| word.starts_with("10.16.")).map(str::to_owned)
}

/// Presses a key and waits until the screen shows what it does.
fn time(t: &mut Terminal, key: &str, shown: impl Fn(&Terminal) -> bool) -> Duration {
    let began = Instant::now();
    t.press(key);
    while !shown(t) {
        assert!(began.elapsed() < LOST, "{key:?} did nothing:\n{}", t.shown());
        std::thread::sleep(Duration::from_micros(500));
    }
    began.elapsed()
}

/// Sessions in the dashboard's list.
fn listed(t: &Terminal) -> usize {
    let shown = t.shown();
    let words: Vec<&str> = shown.split_whitespace().collect();
    let pair = words.windows(2).find(|w| w[1].starts_with("sessions"));
    pair.and_then(|w| w[0].replace(',', "").parse().ok()).unwrap_or(0)
}

/// The dashboard while so many packets a second arrive, and then while none do.
pub fn run(wire: &Wire, rate: u64) -> [Waits; 2] {
    let folder = tempfile::tempdir().unwrap();
    let program = wire.there(&[env!("CARGO_BIN_EXE_ftpscope"), "-i", INTERFACE]);
    let mut t = Terminal::open(&program, folder.path());
    t.shows("Waiting for FTP");
    let sender = wire.send(rate, 300);
    let began = Instant::now();
    while listed(&t) < LISTED {
        assert!(began.elapsed() < Duration::from_secs(200), "few sessions:\n{}", t.shown());
        std::thread::sleep(Duration::from_millis(100));
    }
    // By number: in the usual order a session that ends moves out of the picture with the cursor.
    t.press(">gj");
    let busy = keys(&mut t);
    sender.stop();
    std::thread::sleep(Duration::from_secs(3));
    let quiet = keys(&mut t);
    t.press("q");
    t.ends();
    [busy, quiet]
}

fn keys(t: &mut Terminal) -> Waits {
    let mut waits = Waits::default();
    for i in 0..KEYS {
        // At all sorts of times between two snapshots.
        std::thread::sleep(Duration::from_millis(60 + (i as u64 * 37) % 110));
        match i % 6 {
            4 => waits.opens.push(time(t, "\r", |t| t.shown().contains(LADDER))),
            5 => waits.opens.push(time(t, "\x1b", |t| t.shown().contains(LIST))),
            n => {
                let before = chosen(t);
                assert!(before.is_some(), "no cursor:\n{}", t.shown());
                let key = if n == 3 { "k" } else { "j" };
                waits
                    .moves
                    .push(time(t, key, |t| chosen(t).is_some_and(|c| Some(&c) != before.as_ref())));
            }
        }
    }
    waits.bar =
        t.shown().lines().last().unwrap_or_default().replace("? help", "").trim().to_owned();
    waits
}
