//! Look-alikes of what goes wrong while data flows.

use super::super::scene::{ACK, SYN, SYN_ACK, Scene, Tcp};
use super::nothing;

const CLIENT: &str = "192.0.2.1:41000";
const PASSIVE: &str = "203.0.113.5:50000";
const PSH: u8 = 0x18;

/// PASV, its connection, RETR and 150.
fn retrieving(s: &mut Scene) -> Tcp {
    s.pasv(50000);
    let data = s.open(CLIENT, PASSIVE);
    s.asks("RETR a", "150 Here.");
    data
}

/// The server sends `len` bytes, and the client acknowledges them.
fn arrives(s: &mut Scene, data: &mut Tcp, len: usize) {
    s.send(data, false, PSH, &vec![b'x'; len]);
    s.send(data, true, ACK, b"");
}

/// The server sends `len` bytes and sends them again, five times, in vain; the control connection
/// still answers.
fn in_vain(s: &mut Scene, data: &mut Tcp, len: u32) {
    s.send(data, false, PSH, &vec![b'x'; len as usize]);
    s.again(data, false, PSH, len, 5);
    s.asks("NOOP", "200 Fine.");
}

#[test]
fn only_full_size_segments_from_the_first_on_are_a_matter_of_size() {
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    in_vain(&mut s, &mut data, 1448);
    assert_eq!(s.quits().says(), ["critical data-mtu-blackhole"]);
    // Small ones.
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    in_vain(&mut s, &mut data, 300);
    assert_eq!(s.quits().says(), ["critical data-path-dead"]);
    // Others of the same size came through before.
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    arrives(&mut s, &mut data, 1448);
    in_vain(&mut s, &mut data, 1448);
    assert_eq!(s.quits().says(), ["critical data-path-dead"]);
}

#[test]
fn when_control_is_silent_as_well_size_is_not_the_matter() {
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.send(&mut data, false, PSH, &[b'x'; 1448]);
    s.again(&data, false, PSH, 1448, 5);
    assert_eq!(s.wait(20_000).says(), ["critical data-path-dead"]);
}

#[test]
fn a_sender_that_finds_a_size_which_passes() {
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    let (seq, ack) = (5001, 1001);
    s.send(&mut data, false, PSH, &[b'x'; 1448]);
    s.again(&data, false, PSH, 1448, 3);
    s.send_at(&data, false, PSH, seq, ack, &[b'x'; 1024], None);
    s.send_at(&data, true, ACK, ack, seq + 1024, b"", None);
    s.send_at(&data, false, PSH, seq + 1024, ack, &[b'x'; 424], None);
    s.send(&mut data, true, ACK, b"");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), ["warning data-mtu-blackhole"]);
    // The same size again and again until it came through: losses.
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.send(&mut data, false, PSH, &[b'x'; 1448]);
    s.again(&data, false, PSH, 1448, 3);
    s.send(&mut data, true, ACK, b"");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), nothing());
}

/// The server asks on the data connection whether the client is still there, `times`, each a
/// second after the one before.
fn keep_alives(s: &mut Scene, data: &Tcp, times: u32, answered: bool) {
    let (client, server) = (1001, 5001);
    for _ in 0..times {
        s.wait(1000).send_at(data, false, ACK, server - 1, client, b"", None);
        if answered {
            s.send_at(data, true, ACK, client, server, b"", None);
        }
    }
}

#[test]
fn keep_alives_answered_and_not() {
    let mut s = Scene::at_server();
    let data = retrieving(&mut s);
    keep_alives(&mut s, &data, 6, false);
    assert_eq!(s.quits().says(), ["critical data-peer-vanished"]);
    // Answered: nothing moves, that is all.
    let mut s = Scene::at_server();
    let data = retrieving(&mut s);
    keep_alives(&mut s, &data, 12, true);
    assert_eq!(s.quits().says(), ["critical data-silent"]);
    // Asked twice in a second.
    let mut s = Scene::at_server();
    let data = retrieving(&mut s);
    keep_alives(&mut s, &data, 2, false);
    assert_eq!(s.says(), nothing());
}

#[test]
fn a_pause_is_one_only_when_nothing_was_outstanding_and_it_went_on() {
    let paused = |s: &mut Scene, ms: i64| {
        let mut data = retrieving(s);
        arrives(s, &mut data, 1000);
        s.wait(ms);
        arrives(s, &mut data, 1000);
        s.close(&mut data, false);
        s.server("226 Done.").quits().says()
    };
    assert_eq!(paused(&mut Scene::at_server(), 6000), ["info data-paused"]);
    assert_eq!(paused(&mut Scene::at_server(), 4000), nothing());
    // What was sent before didn't get through for so long.
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.send(&mut data, false, PSH, &[b'x'; 1000]);
    s.again(&data, false, PSH, 1000, 6);
    s.send(&mut data, true, ACK, b"");
    arrives(&mut s, &mut data, 1000);
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), ["warning data-lossy"]);
    // It never went on.
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    arrives(&mut s, &mut data, 1000);
    s.wait(12_000).close(&mut data, true);
    assert_eq!(s.quits().says(), ["critical data-silent"]);
}

#[test]
fn losses_count_from_a_share_on() {
    let sent = |segments: usize, again: usize| {
        let mut s = Scene::at_server();
        let mut data = retrieving(&mut s);
        for i in 0..segments {
            s.send(&mut data, false, PSH, &[b'x'; 1000]);
            if i < again {
                s.wait(300);
                s.again(&data, false, PSH, 1000, 1);
            }
            s.send(&mut data, true, ACK, b"");
        }
        s.close(&mut data, false);
        s.server("226 Done.").quits().says()
    };
    assert_eq!(sent(20, 5), ["warning data-lossy"]);
    assert_eq!(sent(20, 4), nothing());
    assert_eq!(sent(300, 6), nothing());
}

#[test]
fn beyond_the_loss_a_hole_is_filled_late_and_one_merely_overtaken_soon() {
    let holes = |late: i64| {
        let mut s = Scene::new();
        let mut data = retrieving(&mut s);
        for i in 0..6 {
            let (seq, ack) = (5001 + 2000 * i, 1001);
            s.send_at(&data, false, PSH, seq + 1000, ack, &[b'x'; 1000], None);
            s.wait(late);
            s.send_at(&data, false, PSH, seq, ack, &[b'x'; 1000], None);
            s.send_at(&data, true, ACK, ack, seq + 2000, b"", None);
        }
        s.advance(&mut data, false, 12_000);
        s.close(&mut data, false);
        s.server("226 Done.").quits().says()
    };
    assert_eq!(holes(20), ["warning data-lossy"]);
    assert_eq!(holes(0), ["info data-reordered"]);
}

/// PASV, RETR, half of the 2000 bytes that the size is, FINs, 226.
fn half_of_it(s: &mut Scene, client_first: bool) -> Vec<String> {
    s.pasv(50000);
    let mut data = s.open(CLIENT, PASSIVE);
    s.asks("RETR a", "150 Here.");
    arrives(s, &mut data, 1000);
    s.close(&mut data, client_first);
    s.server("226 Done.").quits().says()
}

#[test]
fn fewer_bytes_than_were_promised_and_good_reasons_for_it() {
    let mut s = Scene::new();
    s.asks("SIZE a", "213 2000");
    assert_eq!(half_of_it(&mut s, false), ["critical transfer-short"]);
    // The client asked for the rest only.
    let mut s = Scene::new();
    s.asks("SIZE a", "213 2000").asks("REST 1000", "350 Ok.");
    assert_eq!(half_of_it(&mut s, false), nothing());
    // The file was written anew.
    let mut s = Scene::new();
    s.asks("SIZE a", "213 2000").pasv(50001);
    let mut data = s.open("192.0.2.1:41001", "203.0.113.5:50001");
    s.asks("STOR a", "150 Send.");
    s.send(&mut data, true, PSH, &[b'x'; 1000]);
    s.close(&mut data, true);
    s.server("226 Done.");
    assert_eq!(half_of_it(&mut s, false), nothing());
    // Text, whose line ends change on the way.
    let mut s = Scene::new();
    s.asks("SIZE a", "213 2000").asks("TYPE A", "200 Ok.");
    assert_eq!(half_of_it(&mut s, false), nothing());
    // The client wanted no more.
    let mut s = Scene::new();
    s.asks("SIZE a", "213 2000");
    assert_eq!(half_of_it(&mut s, true), nothing());
}

#[test]
fn what_was_missing_came_later() {
    let mut s = Scene::new();
    s.asks("SIZE a", "213 2000").pasv(50000);
    let mut data = s.open(CLIENT, PASSIVE);
    s.asks("RETR a", "150 Here.");
    arrives(&mut s, &mut data, 1000);
    s.close(&mut data, false);
    s.server("226 Done.").asks("REST 1000", "350 Ok.").pasv(50001);
    let mut data = s.open("192.0.2.1:41001", "203.0.113.5:50001");
    s.asks("RETR a", "150 Here.");
    arrives(&mut s, &mut data, 1000);
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), ["warning transfer-short"]);
}

#[test]
fn an_abort_answered_swallowed_and_ignored() {
    let aborting = || {
        let mut s = Scene::new();
        let mut data = retrieving(&mut s);
        arrives(&mut s, &mut data, 1000);
        s.client("ABOR");
        (s, data)
    };
    let info = "info transfer-aborted";
    let (mut s, mut data) = aborting();
    s.close(&mut data, false);
    s.server("426 Aborted.").server("226 Done.").asks("NOOP", "200 Fine.");
    assert_eq!(s.quits().says(), [info]);
    // The next command is lost with it, and what comes after is answered in order.
    let (mut s, mut data) = aborting();
    s.close(&mut data, false);
    s.server("426 Aborted.").asks("TYPE A", "500 'ABOR TYPE A' not understood");
    assert_eq!(s.lists(50001).quits().says(), ["warning abort-unanswered", info]);
    // Nobody waits for a second reply.
    let (mut s, mut data) = aborting();
    s.close(&mut data, false);
    s.server("426 Aborted.").wait(1000);
    assert_eq!(s.leaves().says(), [info]);
    // Neither the transfer nor ABOR is answered for some seconds; for long, that is a stall.
    let (mut s, _) = aborting();
    assert_eq!(s.wait(7000).leaves().says(), ["warning abort-unanswered", info]);
    let (mut s, _) = aborting();
    assert_eq!(s.wait(12_000).leaves().says(), ["critical data-silent"]);
}

#[test]
fn a_window_that_is_always_full_and_one_that_never_is() {
    let sending = |bytes: usize| {
        let mut s = Scene::at_server();
        s.pasv(50000);
        let mut data = s.tcp(CLIENT, PASSIVE);
        s.send(&mut data, true, SYN, b"");
        s.send(&mut data, false, SYN_ACK, b"");
        s.wait(97).send(&mut data, true, ACK, b"");
        s.asks("RETR a", "150 Here.");
        for _ in 0..40 {
            for _ in 0..bytes / 1000 {
                s.send(&mut data, false, PSH, &[b'x'; 1000]);
            }
            s.wait(97).send(&mut data, true, ACK, b"");
        }
        s.close(&mut data, false);
        s.server("226 Done.").quits().says()
    };
    assert_eq!(sending(5000), ["warning data-window-limited"]);
    assert_eq!(sending(3000), nothing());
}
