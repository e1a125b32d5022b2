//! Other traffic in between: other hosts, other services of the same hosts, other protocols, and
//! dials that have nothing to do with a session.

use crate::capture::{Capture, ETHERNET, Packet};
use crate::{holds, nothing, verdict};

const SYN: u8 = 2;
const RST_ACK: u8 = 0x14;
const ACK: u8 = 0x10;
const DATA: u8 = 0x18;

struct Host([u8; 4], u16);

fn ethernet(kind: u16, body: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8][..], &kind.to_be_bytes(), body].concat()
}

fn ip(protocol: u8, from: [u8; 4], to: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = ((20 + body.len()) as u16).to_be_bytes();
    let fixed = [0x45, 0, length[0], length[1], 0x12, 0x34, 0x40, 0, 61, protocol, 0, 0];
    ethernet(0x0800, &[&fixed[..], &from, &to, body].concat())
}

fn tcp(from: &Host, to: &Host, seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut body = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
    body.extend(seq.to_be_bytes());
    body.extend(ack.to_be_bytes());
    body.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    body.extend(payload);
    ip(6, from.0, to.0, &body)
}

fn udp(from: &Host, to: &Host, payload: &[u8]) -> Vec<u8> {
    let length = ((8 + payload.len()) as u16).to_be_bytes();
    let header = [from.1.to_be_bytes(), to.1.to_be_bytes(), length, [0, 0]].concat();
    ip(17, from.0, to.0, &[&header, payload].concat())
}

/// An exchange with a service, whole and in order.
fn conversation(client: &Host, server: &Host, asks: &[u8], says: &[u8]) -> Vec<Vec<u8>> {
    let (c, s) = (1_000_000, 9_000_000);
    let (c2, s2) = (c + 1 + asks.len() as u32, s + 1 + says.len() as u32);
    vec![
        tcp(client, server, c, 0, SYN, b""),
        tcp(server, client, s, c + 1, SYN | ACK, b""),
        tcp(client, server, c + 1, s + 1, ACK, b""),
        tcp(client, server, c + 1, s + 1, DATA, asks),
        tcp(server, client, s + 1, c2, DATA, says),
        tcp(server, client, s2, c2, ACK | 1, b""),
        tcp(client, server, c2, s2 + 1, ACK | 1, b""),
        tcp(server, client, s2 + 1, c2 + 1, ACK, b""),
    ]
}

/// Packets of everything else that a network carries; the hosts of the samples take part.
fn others() -> Vec<Vec<u8>> {
    let (client, server) = ([10, 77, 1, 2], [10, 88, 1, 2]);
    let (a, b) = ([10, 77, 1, 50], [192, 168, 9, 9]);
    let http = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let mail = b"220 mail.example ESMTP\r\n";
    let mut lists = vec![
        conversation(&Host(client, 33001), &Host(server, 80), b"GET / HTTP/1.1\r\n\r\n", http),
        conversation(&Host(client, 33002), &Host(server, 22), b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n"),
        conversation(&Host(a, 33003), &Host(b, 50_010), b"anything", b"something else"),
        conversation(&Host(a, 33004), &Host(b, 25), b"EHLO a\r\n", mail),
        conversation(
            &Host(server, 33005),
            &Host(a, 443),
            &[22, 3, 1, 0, 2, 1, 0],
            &[21, 3, 1, 0, 0],
        ),
    ];
    // A dial without an answer and a refused one, of other hosts and to other services.
    let lost = tcp(&Host(a, 33006), &Host(server, 8080), 5, 0, SYN, b"");
    lists.push(vec![lost.clone(), lost.clone(), lost]);
    lists.push(vec![
        tcp(&Host(b, 33007), &Host(a, 50_020), 7, 0, SYN, b""),
        tcp(&Host(a, 50_020), &Host(b, 33007), 0, 8, RST_ACK, b""),
    ]);
    // Text like FTP's where it is none.
    lists.push(vec![
        udp(&Host(client, 5353), &Host(b, 53), b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
        udp(&Host(a, 21), &Host(server, 21), b"227 Entering Passive Mode (10,88,1,2,195,80).\r\n"),
        ethernet(
            0x0806,
            &[
                0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 77, 1, 2, 0, 0, 0, 0, 0, 0, 10, 77,
                1, 1,
            ],
        ),
        ethernet(0x88cc, &[2, 7, 4, 0, 0, 0, 0, 0, 1, 0, 0]),
        ip(1, a, b, &[8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3]),
        ip(47, a, b, &[0, 0, 0x88, 0x0b, 1, 2, 3, 4]),
        ip(6, client, server, &[1, 2, 3]),
        ethernet(0x0800, &[0x45, 0]),
    ]);
    // Round robin, so that conversations overlap.
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|i| lists.iter().filter_map(move |l| l.get(i).cloned())).collect()
}

/// The others spread over the whole capture, some before it and some after.
fn amid(capture: &Capture) -> Capture {
    let others = others();
    let (first, last) = (capture.packets[0].nanos, capture.packets.last().unwrap().nanos);
    let step = (last - first) / others.len() as u64 + 1;
    let mut mixed = capture.clone();
    for (i, data) in others.into_iter().enumerate() {
        let nanos = first + step * i as u64 - 2_000_000;
        mixed.packets.push(Packet { nanos, wire_len: data.len() as u32, data });
    }
    mixed.in_order()
}

#[test]
fn other_traffic() {
    holds("other traffic in between", nothing, |c| {
        (c.link == ETHERNET).then(|| verdict::of(&amid(c)))
    });
}
