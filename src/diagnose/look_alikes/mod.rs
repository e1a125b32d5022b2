//! Look-alikes of the catalogue, each beside what it is taken for.

mod dial;
mod dialogue;
mod flow;
mod fxp;

use super::scene::{ACK, FIN, RST, Scene, Tcp};
use crate::decode::IcmpKind;

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_healthy_session_says_nothing() {
    assert_eq!(Scene::new().lists(50000).lists(50001).quits().says(), nothing());
}

#[test]
fn syns_without_an_answer() {
    let mut s = Scene::new();
    s.pasv(50000).dial("192.0.2.1:41000", "203.0.113.5:50000", 4);
    assert_eq!(s.leaves().says(), ["critical data-syn-unanswered"]);
    // A single SYN, and the capture ends.
    let mut s = Scene::new();
    s.pasv(50000).dial("192.0.2.1:41000", "203.0.113.5:50000", 1);
    assert_eq!(s.wait(500).says(), nothing());
}

#[test]
fn a_stray_dial_of_a_port_that_was_used_is_no_stall() {
    let mut s = Scene::new();
    s.lists(50000).dial("192.0.2.1:41000", "203.0.113.5:50000", 4);
    assert_eq!(s.lists(50001).quits().says(), nothing());
}

#[test]
fn a_stranger_who_dials_in_vain_is_no_stall() {
    let mut s = Scene::new();
    s.pasv(50000).dial("198.51.100.77:41000", "203.0.113.5:50000", 4);
    let said = s.quits().says();
    assert!(!said.iter().any(|d| d.contains("data-syn-unanswered")), "{said:?}");
}

#[test]
fn an_rst_from_the_host_and_one_from_a_firewall() {
    for (ttl, code) in [
        (60, "critical data-refused"),
        // Some hosts begin at 255 for an RST: four routers away, as the host is.
        (251, "critical data-refused"),
        (61, "critical data-rejected"),
        (253, "critical data-rejected"),
    ] {
        let mut s = Scene::new();
        let dial = s.pasv(50000).dial("192.0.2.1:41000", "203.0.113.5:50000", 1);
        s.refuse(&dial, ttl);
        assert_eq!(s.quits().says(), [code], "TTL {ttl}");
    }
}

#[test]
fn a_refusal_that_a_later_retry_overcame() {
    let mut s = Scene::new();
    let dial = s.pasv(50000).dial("192.0.2.1:41000", "203.0.113.5:50000", 1);
    s.refuse(&dial, 60);
    assert_eq!(s.wait(3000).lists(50001).quits().says(), ["warning data-refused"]);
    // A stall of more than a second stays one.
    let mut s = Scene::new();
    s.pasv(50000).dial("192.0.2.1:41000", "203.0.113.5:50000", 3);
    assert_eq!(s.lists(50001).quits().says(), ["critical data-syn-unanswered"]);
}

#[test]
fn icmp_rejects() {
    let mut s = Scene::new();
    let dial = s.pasv(50000).dial("192.0.2.1:41000", "203.0.113.5:50000", 1);
    s.icmp(&dial, "198.51.100.1", IcmpKind::Prohibited);
    assert_eq!(s.quits().says(), ["critical data-rejected"]);
}

#[test]
fn never_attempted_at_the_server() {
    let mut s = Scene::at_server();
    assert_eq!(s.pasv(50000).wait(5000).leaves().says(), ["critical data-never-attempted"]);
}

#[test]
fn a_port_unused_at_the_end_of_a_session_that_had_its_listing() {
    let mut s = Scene::new();
    let said = s.lists(50000).pasv(50001).quits().says();
    assert_eq!(said, ["info announcement-unused"]);
}

#[test]
fn without_a_transfer_command_the_server_has_nothing_to_dial_for() {
    let mut s = Scene::new();
    s.asks("PORT 192,0,2,1,160,0", "200 Ok.").wait(5000);
    let said = s.quits().says();
    assert!(!said.iter().any(|d| d.starts_with("critical")), "{said:?}");
}

#[test]
fn a_no_about_the_file_says_nothing_of_the_connection() {
    // The capture's filter left the data connections out.
    for (first, last) in [
        (None, "450 Busy."),
        (None, "553 Not here."),
        (Some("150 Here."), "426 Aborted."),
        (Some("150 Here."), "451 Disk."),
    ] {
        let mut s = Scene::new();
        s.pasv(50000).client("RETR a");
        if let Some(first) = first {
            s.server(first);
        }
        let said = s.server(last).wait(4000).quits().says();
        assert!(!said.iter().any(|d| d.contains("never")), "{last}: {said:?}");
    }
}

#[test]
fn port_before_the_login_or_at_the_end_of_service() {
    for reply in ["530 Log in first.", "421 Bye."] {
        let mut s = Scene::new();
        let said = s.asks("PORT 192,0,2,1,160,0", reply).wait(4000).leaves().says();
        assert!(!said.iter().any(|d| d.contains("port-refused")), "{reply}: {said:?}");
    }
    let mut s = Scene::new();
    let said = s.asks("PORT 192,0,2,1,160,0", "500 No.").wait(4000).leaves().says();
    assert_eq!(said, ["critical port-refused"]);
}

#[test]
fn a_last_fin_that_a_firewall_swallows_is_no_dead_path() {
    let mut s = Scene::new();
    s.pasv(50000);
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("RETR a", "150 Here.");
    s.send(&mut data, false, 0x18, b"all of it");
    s.send(&mut data, false, FIN, b"");
    s.send(&mut data, true, FIN, b"");
    s.server("226 Done.");
    s.again(&data, true, FIN, 0, 5);
    assert_eq!(s.quits().says(), nothing());
}

#[test]
fn a_fin_without_an_answer_while_data_is_missing_is_a_dead_path() {
    let mut s = Scene::new();
    s.pasv(50000);
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("RETR a", "150 Here.");
    s.send(&mut data, false, 0x18, b"some of it");
    s.send(&mut data, true, ACK, b"");
    s.wait(15_000);
    s.send(&mut data, true, FIN, b"");
    s.again(&data, true, FIN, 0, 5);
    assert_eq!(s.quits().says(), ["critical data-path-dead"]);
}

#[test]
fn silence_after_it() {
    let mut s = Scene::new();
    s.pasv(50000);
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("RETR a", "150 Here.").wait(15_000);
    s.close(&mut data, true);
    assert_eq!(s.leaves().says(), ["critical data-silent"]);
}

#[test]
fn a_client_that_breaks_off_with_an_rst_and_abor() {
    let mut s = Scene::new();
    s.pasv(50000);
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("RETR a", "150 Here.");
    s.send(&mut data, false, 0x18, b"some of it");
    s.send(&mut data, true, ACK, b"");
    s.client("ABOR");
    s.send(&mut data, true, RST, b"");
    s.server("426 Aborted.").server("226 Abort ok.");
    let said = s.lists(50001).quits().says();
    assert!(!said.iter().any(|d| d.contains("data-reset")), "{said:?}");
}

#[test]
fn an_address_of_another_network_that_a_private_server_names() {
    // At a server behind NAT, its announced address is the outer one.
    let mut s = Scene::between("198.51.100.9:40000", "10.0.0.5:21", 60, 64);
    s.asks("PASV", "227 Entering Passive Mode (203,0,113,5,195,80).").wait(5000);
    assert_eq!(s.leaves().says(), ["critical data-never-attempted"]);
    // Private networks that route to each other: a blocked port, not a wrong address.
    let mut s = Scene::between("10.1.0.9:40000", "10.2.0.5:21", 64, 60);
    s.asks("PASV", "227 Entering Passive Mode (10,2,0,6,195,80).");
    s.dial("10.1.0.9:41000", "10.2.0.6:50000", 4);
    assert_eq!(s.leaves().says(), ["critical data-syn-unanswered"]);
}

#[test]
fn a_private_address_that_fails_and_one_that_is_overridden() {
    let mut s = Scene::new();
    s.asks("PASV", "227 Entering Passive Mode (10,0,0,5,195,80).");
    s.dial("192.0.2.1:41000", "10.0.0.5:50000", 4);
    assert_eq!(s.leaves().says(), ["critical pasv-private-address"]);
    let mut s = Scene::new();
    s.asks("PASV", "227 Entering Passive Mode (10,0,0,5,195,80).");
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("LIST", "150 Here it comes.");
    s.send(&mut data, false, 0x18, b"a\r\n");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), ["info pasv-address-overridden"]);
}

#[test]
fn at_a_server_behind_nat_every_client_arrives_at_the_inner_address() {
    // 227 names another inner address, and the router sends the client here all the same.
    let mut s = Scene::between("198.51.100.9:40000", "10.0.0.5:21", 60, 64);
    s.asks("PASV", "227 Entering Passive Mode (192,168,7,7,195,80).");
    let mut data = s.open("198.51.100.9:41000", "10.0.0.5:50000");
    s.asks("LIST", "150 Here it comes.");
    s.send(&mut data, false, 0x18, b"a\r\n");
    s.close(&mut data, false);
    assert_eq!(s.server("226 Done.").quits().says(), nothing());
}

/// PASV, the data connection, RETR and its 150.
fn retrieving(s: &mut Scene) -> Tcp {
    s.pasv(50000);
    let data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("RETR a", "150 Here.");
    data
}

#[test]
fn a_reset_after_a_no_and_one_in_mid_transfer() {
    let mut s = Scene::new();
    s.pasv(50000);
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("RETR a", "550 No such file.");
    s.send(&mut data, false, RST, b"");
    assert_eq!(s.quits().says(), ["critical transfer-refused"]);
    let mut s = Scene::new();
    let mut data = retrieving(&mut s);
    s.send(&mut data, false, 0x18, b"some of it");
    s.send(&mut data, false, RST, b"");
    assert_eq!(s.server("426 Broken.").quits().says(), ["critical data-reset"]);
}

#[test]
fn what_is_open_at_the_end_is_in_progress() {
    assert_eq!(Scene::new().pasv(50000).says(), nothing());
    let mut s = Scene::new();
    retrieving(&mut s);
    s.wait(4000).server("200 Still here.");
    assert_eq!(s.says(), nothing());
    let mut s = Scene::new();
    assert_eq!(s.asks("EPSV", "500 What?").says(), ["info epsv-refused"]);
}

#[test]
fn the_clients_host_refuses_the_servers_dial() {
    let mut s = Scene::new();
    s.asks("PORT 192,0,2,1,160,0", "200 Ok.").client("LIST");
    let dial = s.dial("203.0.113.5:20", "192.0.2.1:40960", 1);
    s.send_at(&dial, false, RST, 0, 1001, b"", None);
    assert_eq!(s.server("425 Refused.").quits().says(), ["critical data-refused"]);
}

#[test]
fn an_upload_whose_client_is_silent() {
    let mut s = Scene::new();
    s.pasv(50000);
    let mut data = s.open("192.0.2.1:41000", "203.0.113.5:50000");
    s.asks("STOR a", "150 Go on.");
    s.send(&mut data, true, 0x18, b"some of it");
    s.send(&mut data, false, ACK, b"");
    s.wait(13_000);
    s.send(&mut data, true, RST, b"");
    let judged = s.leaves().judged();
    let silent = judged.diagnoses.iter().find(|d| d.code == "data-silent").unwrap();
    assert!(silent.reasoning.contains("client"), "{}", silent.reasoning);
}

#[test]
fn segments_without_an_acknowledgment() {
    let mut s = Scene::at_server();
    let mut data = retrieving(&mut s);
    s.send(&mut data, false, 0x18, &[b'x'; 1000]);
    s.send(&mut data, true, ACK, b"");
    s.send(&mut data, false, 0x18, &[b'x'; 1000]);
    s.again(&data, false, 0x18, 1000, 5);
    s.server("426 Gave up.");
    assert_eq!(s.quits().says(), ["critical data-path-dead"]);
}

#[test]
fn a_private_port_behind_nat_and_a_scan_of_hosts() {
    let mut s = Scene::between("198.51.100.9:40000", "203.0.113.5:21", 60, 64);
    s.asks("PORT 10,0,0,9,160,0", "500 Illegal.").wait(4000);
    assert_eq!(s.quits().says(), ["critical port-private-address"]);
    for (first, second) in [
        ("PORT 10,0,0,9,160,0", "PORT 10,0,0,10,160,0"),
        ("PORT 10,0,0,9,0,22", "PORT 10,0,0,9,0,25"),
    ] {
        let mut s = Scene::between("198.51.100.9:40000", "203.0.113.5:21", 60, 64);
        s.asks(first, "500 Illegal.").asks(second, "500 Illegal.").wait(4000);
        let said = s.quits().says();
        assert!(!said.iter().any(|d| d.contains("private")), "{first}: {said:?}");
    }
}

#[test]
fn a_port_refused_at_once_and_passive_mode_after_it() {
    let mut s = Scene::new();
    s.asks("EPRT |1|192.0.2.1|40960|", "500 What?");
    assert_eq!(s.lists(50000).quits().says(), ["info port-refused"]);
}
