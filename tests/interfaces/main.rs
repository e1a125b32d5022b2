//! Live capture on interfaces of its own: what the command line promises. Needs root, for network
//! namespaces; says so where it can't run.

#![cfg(all(target_os = "linux", feature = "live"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test waits for a program")]

mod files;
mod ftp;
mod net;
mod program;
mod rights;

use std::time::{Duration, Instant};

use ftp::{dial_in_vain, fetch, serve};
use net::{Net, SERVER, on};
use program::Program;

const LOOPBACK: std::net::Ipv4Addr = std::net::Ipv4Addr::LOCALHOST;

#[test]
fn the_report_comes_when_it_is_over() {
    let Some(net) = Net::new("the_report_comes_when_it_is_over") else { return };
    serve(&net.server);
    // By count, by time, by signals.
    let by_count = Program::on(&net.server, &["-i", "eth0", "-c", "12"]);
    let by_time = Program::on(&net.server, &["report", "-i", "eth0", "--duration", "3s"]);
    let by_signal = Program::on(&net.server, &["-i", "eth0", "--format", "json"]);
    fetch(&net.client, SERVER, 1000);
    let ended = by_count.ends();
    assert!(ended.out.iter().any(|l| l.starts_with("12 packets ")), "{:?}", ended.out);
    let ended = by_time.ends();
    assert!(ended.out.iter().any(|l| l.contains("1 healthy")), "{:?}", ended.out);
    assert_eq!(ended.status, Some(0), "{:?}", ended.err);
    // As timeout(1) does: twice, one right after the other.
    by_signal.signal("TERM");
    by_signal.signal("TERM");
    let ended = by_signal.ends();
    let report: serde_json::Value = serde_json::from_str(&ended.out.join("\n")).unwrap();
    assert_eq!(report["sessions"][0]["status"], "healthy");
    assert_eq!((report["capture"]["dropped_packets"].as_u64(), ended.status), (Some(0), Some(0)));
}

#[test]
fn several_interfaces_are_one_capture() {
    let Some(net) = Net::new("several_interfaces_are_one_capture") else { return };
    serve(&net.server);
    let watch = Program::on(&net.server, &["watch", "-i", "eth0", "-i", "lo"]);
    fetch(&net.client, SERVER, 1000);
    watch.prints(&format!("→ {SERVER}:21 anna · 1 transfer · 1.00 kB"));
    fetch(&net.server, LOOPBACK, 2000);
    watch.prints("→ 127.0.0.1:21 anna · 1 transfer · 2.00 kB");
    watch.signal("INT");
    let ended = watch.ends();
    let last = ended.out.last().unwrap();
    assert!(last.starts_with("2 sessions: ✓ 2 healthy") && last.ends_with("0 dropped"), "{last}");
    assert_eq!(ended.status, Some(0));
}

#[test]
fn a_blocked_port_is_said_while_the_user_waits() {
    let Some(net) = Net::new("a_blocked_port_is_said_while_the_user_waits") else { return };
    serve(&net.server);
    if !net.block() {
        return;
    }
    let watch = Program::on(&net.server, &["watch", "-i", "eth0"]);
    let began = Instant::now();
    dial_in_vain(&net.client, SERVER);
    let line = watch.prints("✗ stall");
    assert!(began.elapsed() < Duration::from_secs(5), "after {:?}", began.elapsed());
    assert!(line.contains("anna · data-syn-unanswered: "), "{line}");
    watch.signal("TERM");
    let ended = watch.ends();
    // What is open at the end is told too.
    assert!(ended.out[0].contains("✗ stalled"), "{:?}", ended.out);
    assert!(ended.out[1].starts_with("1 session: ✗ 1 stalled"), "{:?}", ended.out);
    assert_eq!(ended.status, Some(1));
}

#[test]
fn any_and_an_expression() {
    let Some(net) = Net::new("any_and_an_expression") else { return };
    serve(&net.server);
    let host = SERVER.to_string();
    let watch = Program::on(&net.server, &["watch", "-i", "any", "host", &host]);
    fetch(&net.server, LOOPBACK, 1000);
    fetch(&net.client, SERVER, 2000);
    watch.prints("2.00 kB");
    watch.signal("TERM");
    let last = watch.ends().out.pop().unwrap();
    assert!(last.starts_with("1 session: ✓ 1 healthy"), "{last}");
}

#[test]
fn down_and_up() {
    let Some(net) = Net::new("down_and_up") else { return };
    serve(&net.server);
    let watch = Program::on(&net.server, &["watch", "-i", "eth0", "-i", "lo"]);
    net.link(&["set", "eth0", "down"]);
    watch.says("eth0 went down; when it comes up, the capture goes on");
    fetch(&net.server, LOOPBACK, 1000);
    watch.prints("→ 127.0.0.1:21");
    net.link(&["set", "eth0", "up"]);
    watch.says("eth0 is up again");
    fetch(&net.client, SERVER, 1000);
    watch.prints(&format!("→ {SERVER}:21"));
    watch.signal("TERM");
    assert_eq!(watch.ends().status, Some(0));
}

#[test]
fn removed_and_made_anew() {
    let Some(net) = Net::new("removed_and_made_anew") else { return };
    serve(&net.server);
    let without = Program::on(&net.server, &["watch", "-i", "eth0", "-i", "lo"]);
    let alone = Program::on(&net.server, &["watch", "-i", "eth0"]);
    let with = Program::on(&net.server, &["watch", "-i", "eth0", "--keep-net-raw"]);
    net.link(&["del", "eth0"]);
    without.says("gave away the right to open it again (--keep-net-raw keeps it)");
    with.says("eth0 was removed; when it is made anew, it is opened again");
    let ended = alone.ends();
    assert!(ended.err.iter().any(|l| l.contains("no interface is left")), "{:?}", ended.err);
    assert_eq!(ended.status, Some(2));
    net.wire();
    with.says("eth0 was made anew and is opened again");
    fetch(&net.client, SERVER, 3000);
    with.prints("3.00 kB");
    fetch(&net.server, LOOPBACK, 4000);
    without.prints("4.00 kB");
    for program in [with, without] {
        program.signal("TERM");
        let last = program.ends().out.pop().unwrap();
        assert!(last.starts_with("1 session"), "{last}");
    }
}

/// What the kernel drops is said, and no verdict is built on what could be the own loss.
#[test]
fn the_kernels_drops() {
    let Some(net) = Net::new("the_kernels_drops") else { return };
    serve(&net.server);
    let arguments = ["watch", "-i", "lo", "--buffer-size", "1M", "--format", "ndjson"];
    let watch = Program::on(&net.server, &arguments);
    watch.signal("STOP");
    fetch(&net.server, LOOPBACK, 64 << 20);
    watch.signal("CONT");
    fetch(&net.server, LOOPBACK, 10);
    watch.signal("TERM");
    let ended = watch.ends();
    let last: serde_json::Value = serde_json::from_str(ended.out.last().unwrap()).unwrap();
    assert!(last["capture"]["dropped_packets"].as_u64().unwrap() > 0, "{last}");
    assert_eq!(ended.status, Some(0), "{:?}", ended.out);
}

#[test]
fn a_reader_that_goes_ends_it() {
    let Some(net) = Net::new("a_reader_that_goes_ends_it") else { return };
    serve(&net.server);
    let script = "ip netns exec \"$1\" \"$2\" watch -i lo | head -n 1";
    let program = env!("CARGO_BIN_EXE_ftpscope");
    let head = std::process::Command::new("sh")
        .args(["-c", script, "sh", &net.server, program])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let server = net.server.clone();
    let fetching = on(&net.server, move || {
        for _ in 0..40 {
            fetch(&server, LOOPBACK, 10);
            std::thread::sleep(Duration::from_millis(250));
        }
    });
    let out = head.wait_with_output().unwrap();
    // The first session may have begun before the capture did.
    let line = String::from_utf8(out.stdout).unwrap();
    assert!(line.contains(" #1 ") && line.lines().count() == 1, "{line:?}");
    drop(fetching);
}
