//! The Wireshark display filter that shows what a diagnosis is about.

use std::net::IpAddr;

use crate::session::{Channel, Session};

/// A display filter for the control connection and these channels.
///
/// The control connection by the client's ephemeral port, data channels by the port that listens,
/// so that every dial of it shows. Wireshark's own `ftp-data` needs an announcement that it could
/// read. ICMP errors match too, by the header they quote.
pub fn filter(session: &Session, channels: &[&Channel]) -> String {
    let mut groups: Vec<([IpAddr; 2], Vec<u16>)> = Vec::new();
    let mut add = |a: IpAddr, b: IpAddr, port: u16| {
        let hosts = [a, b];
        match groups.iter_mut().find(|(h, _)| *h == hosts || *h == [b, a]) {
            Some((_, ports)) if ports.contains(&port) => {}
            Some((_, ports)) => ports.push(port),
            None => groups.push((hosts, vec![port])),
        }
    };
    add(session.client.ip, session.server.ip, session.client.port);
    let mut undialled = Vec::new();
    for channel in channels {
        let mut dialled = false;
        for dial in channel.attempts.iter().chain(channel.connection.as_deref()) {
            dialled = true;
            add(dial.initiator.ip, dial.responder.ip, dial.responder.port);
        }
        undialled
            .extend(channel.announcement.as_ref().and_then(|a| a.advertised).filter(|_| !dialled));
    }
    let mut terms: Vec<String> = groups.iter().map(|(h, p)| between(h, p)).collect();
    terms.extend(undialled.iter().map(|e| format!("{} && tcp.port == {}", host(e.ip), e.port)));
    match terms.as_slice() {
        [only] => only.clone(),
        several => several.iter().map(|t| format!("({t})")).collect::<Vec<_>>().join(" || "),
    }
}

fn between(hosts: &[IpAddr; 2], ports: &[u16]) -> String {
    let [a, b] = hosts;
    let ports: Vec<String> = ports.iter().map(|p| format!("tcp.port == {p}")).collect();
    let ports = match ports.as_slice() {
        [only] => only.clone(),
        several => format!("({})", several.join(" || ")),
    };
    format!("{} && {} && {ports}", host(*a), host(*b))
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("ip.addr == {ip}"),
        IpAddr::V6(ip) => format!("ipv6.addr == {ip}"),
    }
}
