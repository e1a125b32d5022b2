//! Live capture with a real server and a real client, each in a network namespace of the lab.
//!
//! Needs root and the lab's programs; says so where it can't run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test waits for a program")]

#[cfg(all(unix, feature = "live"))]
mod pty;
#[cfg(all(unix, feature = "live"))]
mod stage;

#[cfg(all(unix, feature = "live"))]
mod tests {
    use std::time::{Duration, Instant};

    use crate::pty::Terminal;
    use crate::stage::{Lines, Stage};

    /// Drops what comes to the server's passive ports.
    const BLOCK: &str = "rule server input tcp dport 50000-50100 drop";
    /// From the first SYN until the verdict.
    const SOON: Duration = Duration::from_secs(5);

    /// A transfer that works, then a passive range that is blocked, then an interface that goes
    /// down and up: as the dashboard shows it.
    pub fn the_dashboard_over_an_interface(stage: &mut Stage) {
        let folder = tempfile::tempdir().unwrap();
        let mut t = Terminal::open(&stage.ftpscope(&["-i", "eth0"]), folder.path());
        t.shows("Waiting for FTP on eth0");
        stage.ask("get readme.txt");
        t.shows("1 healthy").shows("1/1");

        stage.ask(BLOCK);
        let asked = Instant::now();
        stage.ask("get data.bin");
        t.shows("1 stalled").shows("data-syn-unanswered");
        assert!(asked.elapsed() < SOON, "after {:?}", asked.elapsed());
        // The problem is on top; its ladder shows the silence while it lasts.
        t.press("g\r").shows("session 2 stalled").shows("SYNs unanswered").shows("now");
        // A packet that was captured a moment ago, from memory.
        t.press("g\r").shows("on the wire").shows("window").press("\x1b").hides("on the wire");
        t.press("\x1b").shows("verdict");

        stage.ask("ip server link set eth0 down");
        t.shows("eth0 went down");
        // Said for as long as it is true, whatever else is said.
        t.press("j").hides("eth0 went down").shows("eth0 down");
        stage.ask("ip server link set eth0 up");
        t.hides("eth0 down");
        stage.ask("ip server route replace default via 10.88.1.1");
        stage.ask("clear server");
        stage.ask("get readme.txt");
        // The second may get through as well now.
        t.shows("3 sessions").shows(" healthy");

        // Pausing stops the screen, never the capture.
        t.press("p").shows("paused");
        stage.ask("get readme.txt");
        std::thread::sleep(Duration::from_secs(2));
        assert!(t.shown().contains("3 sessions"), "{}", t.shown());
        t.press("p").shows("4 sessions");
        t.press("q");
        assert_eq!(t.ends(), 0);
    }

    /// The same as lines, for services.
    pub fn watch(stage: &mut Stage) {
        let arguments = ["watch", "-i", "eth0", "--format", "ndjson"];
        let mut lines = Lines::of(&stage.ftpscope(&arguments));
        // It says nothing until something happens: the first transfers may come before it listens.
        let began = Instant::now();
        let healthy = loop {
            stage.ask("get readme.txt");
            if let Some(line) = lines.next_within(Duration::from_secs(5)) {
                break line;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "no session was seen");
        };
        assert!(healthy.contains(r#""status":"healthy""#), "{healthy}");
        while lines.next_within(Duration::from_secs(3)).is_some() {}

        stage.ask(BLOCK);
        let asked = Instant::now();
        stage.ask("get data.bin");
        let stall = lines.next_within(SOON).unwrap_or_default();
        assert!(stall.contains("data-syn-unanswered"), "{stall}");
        assert!(asked.elapsed() < SOON, "after {:?}", asked.elapsed());

        stage.ask("ip server link set eth0 down");
        // Looked at every second.
        std::thread::sleep(Duration::from_millis(1500));
        stage.ask("ip server link set eth0 up");
        stage.ask("ip server route replace default via 10.88.1.1");
        stage.ask("clear server");
        stage.ask("get readme.txt");
        let after = lines.until(|line| line.contains(r#""status":"healthy""#));
        assert!(after.is_some(), "nothing was seen after the interface came up");

        // The end: what is open is told, then a summary.
        let (last, errors, status) = lines.end();
        assert!(last.last().unwrap().contains(r#""summary""#), "{last:?}");
        assert!(errors.contains("eth0 went down"), "{errors}");
        // The stalled session may have got through in the end.
        assert!(matches!(status, Some(0 | 1)), "{status:?}: {errors}");
    }
}

#[cfg(all(unix, feature = "live"))]
fn main() {
    type Test = fn(&mut stage::Stage);
    let all: [(&str, Test); 2] = [
        ("the_dashboard_over_an_interface", tests::the_dashboard_over_an_interface),
        ("watch", tests::watch),
    ];
    // As with other tests: words choose.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|a| a == "--list") {
        return;
    }
    let words: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let chosen = |name: &str| words.is_empty() || words.iter().any(|w| name.contains(w.as_str()));
    for (name, test) in all.into_iter().filter(|(name, _)| chosen(name)) {
        match stage::Stage::open("vsftpd") {
            Ok(mut stage) => {
                test(&mut stage);
                println!("test live::{name} ... ok");
            }
            Err(why) => println!("test live::{name} ... SKIPPED: {why}"),
        }
    }
}

#[cfg(not(all(unix, feature = "live")))]
fn main() {
    println!("test live ... SKIPPED: this build can't capture");
}
