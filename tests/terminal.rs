//! The real program in a pseudo-terminal: keys in, screens out.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test waits for a program")]

mod pty;

use pty::Terminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ftpscope");

fn sample(name: &str) -> String {
    format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn from_the_list_to_the_evidence_and_out() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["passive-range-dropped-client.pcap", "login-refused.pcap"].map(sample);
    let mut t = Terminal::open(&[PROGRAM, &files[0], &files[1]], folder.path());
    t.shows("2 sessions").shows("login-refused");
    // Filter, wrongly at first.
    t.press("/sttus:x").shows("did you mean").press("\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f");
    t.press("status:stalled").shows("filter  status:stalled").press("\r").shows("1 matches");
    // The stalled session: at its stall.
    t.press("\r").shows("SYNs unanswered").shows("1 ladder");
    // From the diagnosis to the evidence, back in the ladder; then the packet.
    t.press("3").shows("data-syn-unanswered · critical").press("jj\r").shows("control");
    t.press("\r").shows("on the wire").press("\x1b").hides("on the wire");
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
    t.press("q").shows("1 matches").press("q");
    assert_eq!(t.ends(), 0);
    // The terminal is as it was, once its last bytes are read: no alternate screen, a visible cursor.
    let restored = || {
        let screen = t.screen.lock().unwrap();
        !screen.screen().alternate_screen() && !screen.screen().hide_cursor()
    };
    let mut tries = 0..500;
    while !restored() && tries.next().is_some() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(restored());
}

#[test]
fn ctrl_c_restores_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&[PROGRAM, &sample("mixed-many.pcap")], folder.path());
    t.shows("313 packets").press("\r").shows("1 ladder").press("\x03");
    assert_eq!(t.ends(), 0);
    assert!(!t.screen.lock().unwrap().screen().alternate_screen());
}

/// Not a test of its own: the program that [`a_panic_restores_the_terminal`] runs in a terminal.
#[test]
#[ignore = "run by another test"]
fn a_dashboard_whose_feed_panics() {
    use ftpscope::capture::PacketStore;
    use ftpscope::tui::{App, Publisher, Settings, terminal};
    let feed = std::thread::spawn(|| {
        std::thread::sleep(std::time::Duration::from_secs(1));
        panic!("the feed is broken");
    });
    let app = App::new(Settings::default(), (80, 24)).unwrap();
    let left = terminal::run(app, &Publisher::default(), PacketStore::new(Vec::new())).unwrap();
    assert_eq!(left, terminal::Left::Panicked);
    assert!(feed.join().is_err());
}

#[test]
fn a_panic_restores_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap().display().to_string();
    let one = ["--exact", "a_dashboard_whose_feed_panics", "--ignored", "--nocapture"];
    let mut t = Terminal::open(&[&[this.as_str()][..], &one].concat(), folder.path());
    t.shows("0 sessions");
    assert_eq!(t.ends(), 0, "{}", t.shown());
    let screen = t.screen.lock().unwrap();
    let screen = screen.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
    // What happened can be read.
    assert!(screen.contents().contains("the feed is broken"), "{}", screen.contents());
}

#[test]
fn what_can_not_be_read_is_said_without_a_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&[PROGRAM, "nothing.pcap"], folder.path());
    assert_eq!(t.ends(), 2);
    t.shows("nothing.pcap");
    let raw = t.raw.lock().unwrap().clone();
    assert!(!raw.windows(8).any(|w| w == b"\x1b[?1049h"));
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&[PROGRAM, &sample("mixed-many.pcap")], folder.path());
    t.shows("sessions");
    t.hang_up();
    t.ends();
}

#[test]
fn a_signal_ends_it_and_restores_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&[PROGRAM, &sample("mixed-many.pcap")], folder.path());
    t.shows("sessions");
    let id = t.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(t.ends(), 0);
    let raw = t.raw.lock().unwrap().clone();
    assert!(raw.windows(8).any(|w| w == b"\x1b[?1049l"), "the screen is not given back");
}

/// The program asks for its colours (OSC 10 and 11); this terminal says black on white.
#[test]
fn a_light_background_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&[PROGRAM, &sample("mixed-many.pcap")], folder.path());
    t.wrote(b"\x1b]11;?").press("\x1b]10;rgb:0000/0000/0000\x1b\\");
    t.press("\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;c");
    t.shows("1 stalled");
    let screen = t.screen.lock().unwrap();
    let screen = screen.screen();
    // The sign of the first problem: the light theme's red.
    assert_eq!(screen.cell(2, 0).unwrap().contents(), "✗");
    assert_eq!(screen.cell(2, 0).unwrap().fgcolor(), vt100::Color::Idx(124));
}

/// What can't show pictures gets the report.
#[test]
fn a_dumb_terminal_gets_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = sample("mixed-many.pcap");
    let mut t = Terminal::open(&["env", "TERM=dumb", PROGRAM, &file], folder.path());
    assert_eq!(t.ends(), 1);
    assert!(!t.raw.lock().unwrap().windows(8).any(|w| w == b"\x1b[?1049h"));
}

/// The picture follows the terminal's size, down to nothing and back.
#[test]
fn the_terminal_is_resized() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = Terminal::open(&[PROGRAM, &sample("mixed-many.pcap")], folder.path());
    t.shows("? help").resize(140, 45).shows("waiting for").shows("mode");
    t.resize(1, 1).resize(40, 10).hides("done verdict").shows("8 sessions");
    t.resize(80, 24).shows("└ waiting for 6 SYNs unanswered").press("q");
    assert_eq!(t.ends(), 0);
}
