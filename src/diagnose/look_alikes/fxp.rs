//! Look-alikes of transfers between two servers.

use super::super::scene::Scene;
use super::nothing;

const CLIENT: &str = "192.0.2.1:40001";
const OTHER: &str = "198.51.100.7:21";

/// A session with a second server, whose PASV names port 50000 of it; then back to the first.
fn listening(s: &mut Scene, client: &str) {
    let control = s.open(client, OTHER);
    let first = s.turns_to(control);
    s.server("220 Hello.").asks("USER a", "331 Password.").asks("PASS b", "230 In.");
    s.asks("PASV", "227 Entering Passive Mode (198,51,100,7,195,80).");
    s.turns_to(first);
}

/// What is said of each session.
fn all(s: &mut Scene) -> Vec<Vec<String>> {
    s.all_judged().iter().map(Scene::told).collect()
}

#[test]
fn the_endpoint_of_one_in_the_port_of_the_other() {
    let mut s = Scene::new();
    listening(&mut s, CLIENT);
    s.asks("PORT 198,51,100,7,195,80", "200 Ok.").asks("RETR a", "150 Here.");
    assert_eq!(all(s.wait(100).server("226 Done.").quits()), [["info fxp"], ["info fxp"]]);
    // Refused, and nothing comes of it.
    let mut s = Scene::new();
    listening(&mut s, CLIENT);
    s.asks("PORT 198,51,100,7,195,80", "500 Illegal.").wait(5000).quits();
    let said = all(&mut s);
    assert_eq!(said[0], ["critical port-refused", "info fxp"]);
    assert!(!said[1].iter().any(|d| d.starts_with("critical")), "{said:?}");
}

#[test]
fn another_port_another_client_or_a_port_that_is_dialled_by_the_client() {
    for (client, port) in [
        (CLIENT, "PORT 198,51,100,7,195,81"),
        ("192.0.2.99:40001", "PORT 198,51,100,7,195,80"),
        (CLIENT, "PORT 192,0,2,1,195,80"),
    ] {
        let mut s = Scene::new();
        listening(&mut s, client);
        s.asks(port, "500 Illegal.").wait(100).quits();
        assert!(!all(&mut s).concat().contains(&"info fxp".to_owned()), "{client} {port}");
    }
}

#[test]
fn private_servers_that_the_client_knows_are_no_bounce_and_no_nat() {
    let mut s = Scene::between("10.0.0.9:40000", "203.0.113.5:21", 64, 60);
    let control = s.open("10.0.0.9:40001", "10.0.0.77:21");
    let first = s.turns_to(control);
    s.server("220 Hello.").asks("USER a", "331 Password.").asks("PASS b", "230 In.");
    s.asks("PASV", "227 Entering Passive Mode (10,0,0,77,195,80).");
    s.turns_to(first);
    s.asks("PORT 10,0,0,77,195,80", "500 Illegal.").wait(100).quits();
    assert_eq!(all(&mut s)[0], ["critical port-refused", "info fxp"]);
}

#[test]
fn one_leg_that_a_server_dials() {
    let leg = |done: &str| {
        let mut s = Scene::at_server();
        s.asks("PORT 198,51,100,7,195,80", "200 Ok.").client("RETR a");
        let mut data = s.open("203.0.113.5:20", "198.51.100.7:50000");
        s.server("150 Here.");
        s.send(&mut data, true, 0x18, b"all of it");
        s.close(&mut data, true);
        s.server(done).quits().says()
    };
    assert_eq!(leg("226 Done."), ["info fxp"]);
    assert!(!leg("451 Disk.").contains(&"info fxp".to_owned()));
}

#[test]
fn a_server_that_dials_the_clients_inner_address() {
    let mut s = Scene::at_server();
    s.asks("PORT 10,0,0,9,195,80", "200 Ok.").client("RETR a");
    let mut data = s.open("203.0.113.5:20", "10.0.0.9:50000");
    s.server("150 Here.");
    s.send(&mut data, true, 0x18, b"all of it");
    s.close(&mut data, true);
    assert_eq!(s.server("226 Done.").quits().says(), nothing());
}
