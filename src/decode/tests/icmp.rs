//! ICMP errors and what they quote.

use super::*;
use crate::decode::IcmpKind;

/// An IPv4 packet of ICMP `head`, quoting `quote`.
fn v4_error(head: [u8; 8], quote: &[u8]) -> Vec<u8> {
    ip_packet(4, 1, &join(&head, quote))
}

fn ip_packet(version: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let head = if version == 4 {
        let mut head = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 55, protocol, 0, 0];
        head[2..4].copy_from_slice(&(len + 20).to_be_bytes());
        head.extend([192, 0, 2, 254, 10, 0, 0, 1]);
        head
    } else {
        let mut head = vec![0x60, 0, 0, 0, 0, 0, protocol, 55];
        head[4..6].copy_from_slice(&len.to_be_bytes());
        head.extend(V6_DST);
        head.extend(V6_SRC);
        head
    };
    join(&head, payload)
}

fn assert_error(bytes: &[u8], version: u8, kind: IcmpKind) {
    let check = |found: Decoded<'_>| match found {
        Decoded::Icmp(error) => {
            assert_eq!((error.src, error.dst), endpoints(version));
            assert_eq!((error.seq.0, error.ttl, error.kind), (SEQ, 55, kind));
            true
        }
        Decoded::Segment(segment) => panic!("{segment:?}"),
        _ => false,
    };
    assert!(decoded(RAW, bytes, check));
    for len in 0..bytes.len() {
        check(Decoder::new().decode(&packet(RAW, &bytes[..len], bytes.len(), 0)));
        check(Decoder::new().decode(&packet(RAW, &bytes[..len], len, 0)));
    }
}

#[test]
fn kinds_of_v4() {
    use IcmpKind::*;
    let table = [
        (3, 0, NetUnreachable),
        (3, 1, HostUnreachable),
        (3, 2, ProtocolUnreachable),
        (3, 3, PortUnreachable),
        (3, 4, TooBig(1280)),
        (3, 9, Prohibited),
        (3, 10, Prohibited),
        (3, 13, Prohibited),
        (3, 12, Other),
        (4, 0, Other),
        (5, 1, Other),
        (11, 0, TimeExceeded),
        (11, 1, Other),
        (12, 0, Other),
    ];
    for (icmp_type, code, kind) in table {
        let head = [icmp_type, code, 0, 0, 0, 0, 5, 0];
        assert_error(&v4_error(head, &v4()), 4, kind);
        assert_error(&v4_error(head, &v4()[..28]), 4, kind);
    }
}

#[test]
fn kinds_of_v6() {
    use IcmpKind::*;
    let table = [
        (1, 0, NetUnreachable),
        (1, 1, Prohibited),
        (1, 2, Other),
        (1, 3, HostUnreachable),
        (1, 4, PortUnreachable),
        (1, 5, Prohibited),
        (1, 6, Prohibited),
        (2, 0, TooBig(1280)),
        (3, 0, TimeExceeded),
        (3, 1, Other),
        (4, 1, Other),
    ];
    for (icmp_type, code, kind) in table {
        let head = [icmp_type, code, 0, 0, 0, 0, 5, 0];
        assert_error(&ip_packet(6, 58, &join(&head, &v6())), 6, kind);
        assert_error(&ip_packet(6, 58, &join(&head, &v6()[..48])), 6, kind);
    }
}

#[test]
fn quoted_extension_headers() {
    let plain = v6();
    let mut quote = plain[..40].to_vec();
    quote[6] = 60;
    quote.extend([44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 9]);
    quote.extend(&plain[40..48]);
    let head = [3, 0, 0, 0, 0, 0, 0, 0];
    assert_error(&ip_packet(6, 58, &join(&head, &quote)), 6, IcmpKind::TimeExceeded);
    // Not the first fragment: what follows is no TCP header.
    quote[50] = 8;
    decoded(RAW, &ip_packet(6, 58, &join(&head, &quote)), |found| {
        assert!(matches!(found, Decoded::OtherIp(58)), "{found:?}");
    });
}

#[test]
fn no_error_about_tcp() {
    let mut udp = v4();
    udp[9] = 17;
    let mut later_fragment = v4();
    later_fragment[7] = 1;
    for (head, quote) in [
        ([3, 3, 0, 0, 0, 0, 0, 0], &udp[..]),
        ([3, 3, 0, 0, 0, 0, 0, 0], &later_fragment[..]),
        ([3, 3, 0, 0, 0, 0, 0, 0], &v4()[..27]),
        ([8, 0, 0, 0, 0, 0, 0, 0], &v4()[..]),
    ] {
        decoded(RAW, &v4_error(head, quote), |found| {
            assert!(matches!(found, Decoded::OtherIp(1)), "{found:?}");
        });
    }
}

#[test]
fn sender_of_the_error() {
    decoded(RAW, &v4_error([3, 1, 0, 0, 0, 0, 0, 0], &v4()), |found| match found {
        Decoded::Icmp(error) => assert_eq!(error.from, IpAddr::from([192, 0, 2, 254])),
        other => panic!("{other:?}"),
    });
}
