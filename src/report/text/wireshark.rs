//! The Wireshark display filter that shows what a diagnosis is about.

use std::net::IpAddr;

use crate::decode::Endpoint;
use crate::session::{Channel, Session};

/// A display filter for the control connection and these channels.
///
/// Both ports of every connection are named where they are known: Wireshark's own `ftp-data`
/// needs an announcement that it could read. ICMP errors match too, by the header they quote.
pub fn filter(session: &Session, channels: &[&Channel]) -> String {
    let mut terms = vec![connection(session.client, session.server)];
    for channel in channels {
        let dials: Vec<_> = channel.attempts.iter().chain(&channel.connection).collect();
        for dial in &dials {
            terms.push(connection(dial.initiator, dial.responder));
        }
        let announced = channel.announcement.as_ref().and_then(|a| a.advertised);
        if let Some(end) = announced.filter(|_| dials.is_empty()) {
            terms.push(format!("{} && tcp.port == {}", host(end.ip), end.port));
        }
    }
    terms.dedup();
    match terms.as_slice() {
        [only] => only.clone(),
        several => several.iter().map(|t| format!("({t})")).collect::<Vec<_>>().join(" || "),
    }
}

fn connection(a: Endpoint, b: Endpoint) -> String {
    format!("{} && {} && tcp.port == {} && tcp.port == {}", host(a.ip), host(b.ip), a.port, b.port)
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("ip.addr == {ip}"),
        IpAddr::V6(ip) => format!("ipv6.addr == {ip}"),
    }
}
