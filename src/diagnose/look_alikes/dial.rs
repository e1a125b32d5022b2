//! Look-alikes of who dials, from where, and when the answer comes.

use super::super::scene::{ACK, FIN, RST, SYN, SYN_ACK, Scene, Tcp};
use super::nothing;

const CLIENT: &str = "192.0.2.1:41000";
const STRANGER: &str = "198.51.100.77:41000";
const PASSIVE: &str = "203.0.113.5:50000";

/// PASV, and a connection from `from` to its port.
fn dialled(s: &mut Scene, from: &str) -> Tcp {
    s.pasv(50000);
    s.open(from, PASSIVE)
}

fn says_of(s: &mut Scene, code: &str) -> bool {
    s.says().iter().any(|d| d.contains(code))
}

#[test]
fn a_stranger_turned_away_with_and_without_a_word() {
    let mut s = Scene::at_server();
    let mut data = dialled(&mut s, STRANGER);
    s.client("RETR a");
    s.close(&mut data, false);
    s.server("425 Security: Bad IP connecting.");
    assert_eq!(s.quits().says(), ["critical data-wrong-peer"]);
    let mut s = Scene::at_server();
    let mut data = dialled(&mut s, STRANGER);
    s.client("RETR a");
    s.close(&mut data, false);
    assert_eq!(s.wait(12_000).leaves().says(), ["critical data-wrong-peer"]);
}

#[test]
fn a_stranger_who_is_served() {
    // As far away as the client: a NAT pool at a server that doesn't mind. From elsewhere: perhaps
    // one leg of an FXP.
    let fxp = vec!["info fxp".to_owned()];
    for (server_ttl, said) in [(60, nothing()), (64, fxp)] {
        let mut s = Scene::between("192.0.2.1:40000", "203.0.113.5:21", 60, server_ttl);
        let mut data = dialled(&mut s, STRANGER);
        s.asks("RETR a", "150 Here.");
        s.send(&mut data, false, 0x18, b"all of it");
        s.close(&mut data, false);
        assert_eq!(s.server("226 Done.").quits().says(), said);
    }
    // An empty file: the server closes before a byte, and says 226.
    let mut s = Scene::at_server();
    let mut data = dialled(&mut s, STRANGER);
    s.asks("RETR a", "150 Here.");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), nothing());
}

#[test]
fn the_clients_own_connection_closed_at_once_is_no_wrong_peer() {
    let mut s = Scene::new();
    let mut data = dialled(&mut s, CLIENT);
    s.client("RETR a");
    s.close(&mut data, false);
    s.server("425 No such luck.");
    assert_eq!(s.quits().says(), ["critical transfer-refused"]);
}

#[test]
fn a_stranger_who_hangs_up_is_no_wrong_peer() {
    let mut s = Scene::at_server();
    let mut data = dialled(&mut s, STRANGER);
    s.client("RETR a");
    s.close(&mut data, true);
    s.server("425 It went away.");
    assert!(!says_of(s.quits(), "wrong-peer"));
}

#[test]
fn a_server_that_dials_from_another_address() {
    // lftp (ftp:verify-address) closes before a byte; the 226 only says that all was sent.
    let mut s = Scene::new();
    s.asks("PORT 192,0,2,1,160,0", "200 Ok.").client("LIST");
    let mut data = s.open("203.0.113.6:20", "192.0.2.1:40960");
    s.server("150 Here it comes.");
    s.send(&mut data, false, FIN, b"");
    s.send(&mut data, true, 0x18, b"a\r\n");
    s.send(&mut data, false, RST, b"");
    s.server("226 Done.");
    assert_eq!(s.quits().says(), ["critical data-wrong-peer"]);
    // A client that doesn't mind.
    let mut s = Scene::new();
    s.asks("PORT 192,0,2,1,160,0", "200 Ok.").client("LIST");
    let mut data = s.open("203.0.113.6:20", "192.0.2.1:40960");
    s.server("150 Here it comes.");
    s.send(&mut data, true, 0x18, b"a\r\n");
    s.close(&mut data, true);
    assert_eq!(s.server("226 Done.").quits().says(), nothing());
}

#[test]
fn a_thief_and_a_client_that_comes_too_late() {
    let mut s = Scene::at_server();
    let mut theirs = dialled(&mut s, STRANGER);
    let mut own = s.open(CLIENT, PASSIVE);
    s.asks("RETR a", "150 Here.");
    s.send(&mut own, false, RST, b"");
    s.send(&mut theirs, false, 0x18, b"all of it");
    s.close(&mut theirs, false);
    assert_eq!(s.server("226 Done.").quits().says(), ["critical data-port-stolen"]);
    // The client dials again after the transfer: it lost nothing.
    let mut s = Scene::at_server();
    let mut theirs = dialled(&mut s, STRANGER);
    s.asks("RETR a", "150 Here.");
    s.send(&mut theirs, false, 0x18, b"all of it");
    s.close(&mut theirs, false);
    s.server("226 Done.");
    let own = s.dial(CLIENT, PASSIVE, 1);
    s.send_at(&own, false, RST, 0, own_ack(), b"", None);
    assert!(!says_of(s.quits(), "stolen"));
}

fn own_ack() -> u32 {
    1001
}

#[test]
fn a_nat_that_changes_its_mind_is_no_thief() {
    // The first SYN is lost, and the client's retry leaves by another address.
    let mut s = Scene::at_server();
    s.pasv(50000).dial(CLIENT, PASSIVE, 2);
    let mut data = s.open(STRANGER, PASSIVE);
    s.asks("RETR a", "150 Here.");
    s.send(&mut data, false, 0x18, b"all of it");
    s.close(&mut data, false);
    assert!(!says_of(s.server("226 Done.").quits(), "stolen"));
}

#[test]
fn syn_acks_that_nobody_acknowledges() {
    let mut s = Scene::at_server();
    let mut dial = s.pasv(50000).dial(CLIENT, PASSIVE, 1);
    for _ in 0..4 {
        s.wait(1000);
        s.send_at(&dial, false, SYN_ACK, 5000, 1001, b"", None);
    }
    assert_eq!(s.leaves().says(), ["critical data-handshake-incomplete"]);
    // A client that no longer wants it says so by an RST.
    let mut s = Scene::at_server();
    dial = s.pasv(50000).dial(CLIENT, PASSIVE, 1);
    s.send_at(&dial, false, SYN_ACK, 5000, 1001, b"", None);
    s.send_at(&dial, true, RST, 1001, 0, b"", None);
    assert!(!says_of(s.wait(4000).leaves(), "handshake"));
    // The capture ends at once.
    let mut s = Scene::at_server();
    dial = s.pasv(50000).dial(CLIENT, PASSIVE, 1);
    s.send_at(&dial, false, SYN_ACK, 5000, 1001, b"", None);
    assert_eq!(s.wait(500).says(), nothing());
}

#[test]
fn a_syn_ack_that_comes_twice_is_no_stall() {
    let mut s = Scene::new();
    s.pasv(50000);
    let mut data = s.open(CLIENT, PASSIVE);
    s.wait(1000);
    s.send_at(&data, false, SYN_ACK, 5000, 1001, b"", None);
    s.send_at(&data, true, ACK, 1001, 5001, b"", None);
    s.asks("RETR a", "150 Here.");
    s.send(&mut data, false, 0x18, b"all of it");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), nothing());
}

/// A listing over a connection whose SYN was sent twice, `ms` apart.
fn lists_late(s: &mut Scene, to: &str, ms: i64) {
    let mut data = s.tcp(CLIENT, to);
    s.send_at(&data, true, SYN, 1000, 0, b"", None);
    s.wait(ms);
    s.send(&mut data, true, SYN, b"");
    s.send(&mut data, false, SYN_ACK, b"");
    s.send(&mut data, true, ACK, b"");
    s.asks("LIST", "150 Here it comes.");
    s.send(&mut data, false, 0x18, b"a\r\n");
    s.close(&mut data, false);
    s.server("226 Done.");
}

#[test]
fn a_second_syn_and_a_new_neighbour() {
    let mut s = Scene::new();
    lists_late(s.pasv(50000), PASSIVE, 1000);
    assert_eq!(s.quits().says(), ["warning data-syn-delayed"]);
    // The first packet to a host that isn't on the control connection.
    let mut s = Scene::new();
    s.asks("PASV", "227 Entering Passive Mode (203,0,113,6,195,80).");
    lists_late(&mut s, "203.0.113.6:50000", 1000);
    assert_eq!(s.quits().says(), nothing());
    // Sent twice by the capture's mirror, or by an impatient kernel.
    let mut s = Scene::new();
    lists_late(s.pasv(50000), PASSIVE, 100);
    assert_eq!(s.quits().says(), nothing());
}

#[test]
fn an_old_connection_answers() {
    let mut s = Scene::new();
    let mut data = s.pasv(50000).tcp(CLIENT, PASSIVE);
    for wait in [0, 1000, 1000, 2000] {
        s.wait(wait);
        s.send_at(&data, true, SYN, 1000, 0, b"", None);
        s.send_at(&data, false, ACK, 77_000, 66_000, b"", None);
        s.send_at(&data, true, RST, 66_000, 0, b"", None);
    }
    assert_eq!(s.leaves().says(), ["critical data-port-reused"]);
    // A stray ACK of the connection before, and the SYN is answered as it should be.
    let mut s = Scene::new();
    data = s.pasv(50000).tcp(CLIENT, PASSIVE);
    s.send(&mut data, true, SYN, b"");
    s.send_at(&data, false, ACK, 77_000, 66_000, b"", None);
    s.send(&mut data, false, SYN_ACK, b"");
    s.send(&mut data, true, ACK, b"");
    s.asks("LIST", "150 Here it comes.");
    s.send(&mut data, false, 0x18, b"a\r\n");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), nothing());
}

fn epsv(s: &mut Scene, port: u16) {
    s.asks("EPSV", &format!("229 Entering Extended Passive Mode (|||{port}|)"));
}

#[test]
fn epsv_in_vain_and_pasv_after_it() {
    let blocked = |ports: &[u16], works: u16| {
        let mut s = Scene::new();
        for port in ports {
            epsv(&mut s, *port);
            s.dial(&format!("192.0.2.1:{}", port - 10_000), &format!("203.0.113.5:{port}"), 4);
        }
        s.lists(works).quits().says()
    };
    let stalled = "critical data-syn-unanswered";
    let both = [stalled, "warning epsv-blocked-pasv-works"];
    assert_eq!(blocked(&[50000], 50000), both);
    assert_eq!(blocked(&[50000, 50009], 50005), both);
    // One port, or ports on one side: the range may be open in part.
    assert_eq!(blocked(&[50000], 50009), [stalled]);
    assert_eq!(blocked(&[50000, 50001], 50009), [stalled]);
}

#[test]
fn port_20_or_any_other() {
    for (port, said) in [(20, nothing()), (40020, vec!["info active-source-port".to_owned()])] {
        let mut s = Scene::new();
        s.asks("PORT 192,0,2,1,160,0", "200 Ok.").client("LIST");
        let mut data = s.open(&format!("203.0.113.5:{port}"), "192.0.2.1:40960");
        s.server("150 Here it comes.");
        s.send(&mut data, true, 0x18, b"a\r\n");
        s.send(&mut data, true, FIN, b"");
        s.send(&mut data, false, FIN, b"");
        assert_eq!(s.server("226 Done.").quits().says(), said, "{port}");
    }
}

#[test]
fn a_server_that_dials_at_port_itself() {
    for (wait, reply) in [
        (0, "425 Can't connect to specified address."),
        (30_000, "421 Active data channel timed out."),
    ] {
        let mut s = Scene::new();
        s.client("PORT 192,0,2,1,160,0").wait(wait).server(reply);
        assert_eq!(s.quits().says(), ["critical data-never-attempted"], "{reply}");
    }
}
