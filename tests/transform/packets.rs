//! The same packets otherwise captured: twice, padded, tagged, with another control port.

use serde_json::Value;

use crate::capture::{Capture, ETHERNET, Packet, SLL};
use crate::tcp::{Segment, network};
use crate::{holds, nothing, verdict};

/// That it was captured twice may be said.
fn twice_is_said(session: &mut Value) {
    let diagnoses = session["diagnoses"].as_array_mut().unwrap();
    diagnoses.retain(|d| d["code"] != "capture-duplicates");
}

#[test]
fn every_packet_twice() {
    for micros in [0, 7, 100] {
        holds(&format!("twice within {micros} µs"), twice_is_said, |c| {
            Some(verdict::of(
                &c.map(|p| vec![p.clone(), Packet { nanos: p.nanos + micros * 1000, ..p.clone() }])
                    .in_order(),
            ))
        });
    }
}

/// As a router's `-i any` shows them: the second has crossed it.
#[test]
fn every_packet_on_its_way_in_and_on_its_way_out() {
    let vantage = |s: &mut Value| {
        twice_is_said(s);
        s["vantage"] = Value::Null;
    };
    holds("in and out", vantage, |c| {
        Some(verdict::of(
            &c.map(|p| {
                let mut out = Packet { nanos: p.nanos + 5000, ..p.clone() };
                if let Some(ip) = network(c, p) {
                    out.data[ip + if p.data[ip] >> 4 == 4 { 8 } else { 7 }] -= 1;
                }
                vec![p.clone(), out]
            })
            .in_order(),
        ))
    });
}

/// What a link layer adds at the end is no payload.
#[test]
fn trailing_bytes() {
    let whole = |p: &Packet| p.data.len() == p.wire_len as usize;
    holds("padding and a checksum", nothing, |c| {
        Some(verdict::of(&c.map(|p| {
            let mut p = p.clone();
            if whole(&p) {
                p.data.resize(p.data.len().max(60), 0xa5);
                p.data.extend([0xde, 0xad, 0xbe, 0xef]);
                p.wire_len = p.data.len() as u32;
            }
            vec![p]
        })))
    });
}

fn relinked(c: &Capture, link: u32, header: impl Fn(&[u8]) -> Vec<u8>) -> Option<Vec<Value>> {
    (c.link == ETHERNET).then(|| {
        let mut changed = c.map(|p| {
            let header = header(&p.data[..14]);
            let data = [&header, &p.data[14..]].concat();
            vec![Packet { wire_len: p.wire_len - 14 + header.len() as u32, data, ..p.clone() }]
        });
        changed.link = link;
        verdict::of(&changed)
    })
}

#[test]
fn vlan_qinq_and_cooked() {
    holds("VLAN", nothing, |c| {
        relinked(c, ETHERNET, |e| [&e[..12], &[0x81, 0, 0, 77], &e[12..]].concat())
    });
    holds("QinQ", nothing, |c| {
        let tags = [0x88, 0xa8, 0x60, 5, 0x81, 0, 0, 77];
        relinked(c, ETHERNET, |e| [&e[..12], &tags, &e[12..]].concat())
    });
    holds("LINUX_SLL", nothing, |c| {
        relinked(c, SLL, |e| [&[0, 4, 0, 1, 0, 6], &e[6..12], &[0, 0], &e[12..]].concat())
    });
}

/// Port 21 becomes 2121 in every TCP header: what says 220 and then something that only FTP says
/// is a session all the same, with the same verdict.
#[test]
fn another_control_port_is_recognised_by_content() {
    let port = |s: &mut Value| {
        for end in ["client", "server"] {
            s[end]["port"] = Value::Null;
        }
        // Next to 2121, the server's port 20 is not the one that RFC 959 means.
        s["diagnoses"].as_array_mut().unwrap().retain(|d| d["code"] != "active-source-port");
    };
    let compared = holds("control port 2121", port, |c| {
        let after = verdict::of(&c.map(|p| {
            let mut p = p.clone();
            if let Some(s) = Segment::of(c, &p) {
                for (at, port) in [(s.tcp, s.from), (s.tcp + 2, s.to)] {
                    if port == 21 {
                        p.data[at..at + 2].copy_from_slice(&2121u16.to_be_bytes());
                    }
                }
            }
            vec![p]
        }));
        // Without a greeting and a command, or from the middle on, nothing says that it is FTP.
        (after.len() == verdict::of(c).len() && c.name != "ftps-implicit-vsftpd-curl")
            .then_some(after)
    });
    assert!(compared > 60, "only {compared} were recognised");
}
