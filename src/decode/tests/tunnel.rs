//! Tunnels of every kind, over IPv4 and IPv6, with either inside.

use super::*;

/// Checks `head` and the sample behind it as payload of `protocol`, in every mix of versions.
fn assert_tunnel(protocol: u8, head: impl Fn(u8) -> Vec<u8>) {
    for inner in [4, 6] {
        let payload = join(&head(inner), &sample(inner));
        for version in [4, 6] {
            assert_sample(RAW, &outer(version, protocol, &payload), inner);
        }
    }
}

/// The Ethernet header of a frame with the sample of `version`.
fn mac(version: u8) -> Vec<u8> {
    ethernet(u16::from_be_bytes(ethertype(version)), &[])
}

#[test]
fn ip_in_ip() {
    for version in [4, 6] {
        assert_sample(RAW, &outer(version, 4, &v4()), 4);
        assert_sample(RAW, &outer(version, 41, &v6()), 6);
    }
    let deep = (0..10).fold(v4(), |inner, _| outer(4, 4, &inner));
    assert_sample(RAW, &deep, 4);
    let deeper = (0..200).fold(v4(), |inner, _| outer(4, 4, &inner));
    decoded(RAW, &deeper, |found| assert!(matches!(found, Decoded::Malformed), "{found:?}"));
}

#[test]
fn gre() {
    for flags in [0x00, 0x80, 0x20, 0x10, 0xa0, 0x30, 0x90, 0xb0_u8] {
        let options = vec![0; 4 * flags.count_ones() as usize];
        let head = |protocol: &[u8]| join(&join(&[flags, 0], protocol), &options);
        assert_tunnel(47, |version| head(&ethertype(version)));
        assert_tunnel(47, |version| join(&head(&[0x65, 0x58]), &mac(version)));
        assert_tunnel(47, |_| join(&head(&[0x88, 0x47]), &[0, 2, 1, 64]));
    }
}

#[test]
fn pptp() {
    let ppp = |version| [0xff, 3, 0, if version == 4 { 0x21 } else { 0x57 }];
    assert_tunnel(47, |version| join(&[0x20, 1, 0x88, 0x0b, 0, 9, 0, 7], &ppp(version)));
    let head = [0x30, 0x81, 0x88, 0x0b, 0, 9, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2];
    assert_tunnel(47, |version| join(&head, &ppp(version)));
}

#[test]
fn erspan() {
    assert_tunnel(47, |version| join(&[0, 0, 0x88, 0xbe], &mac(version)));
    let second = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0];
    assert_tunnel(47, |version| join(&second, &mac(version)));
    let third = |last: [u8; 2], rest: &[u8]| {
        let mut head = vec![0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0];
        head.extend(last);
        head.extend(rest);
        head
    };
    assert_tunnel(47, |version| third([0, 0], &mac(version)));
    assert_tunnel(47, |version| third([0x80, 1], &join(&[0; 8], &mac(version))));
    assert_tunnel(47, |_| third([0x08, 0], &[]));
}

#[test]
fn gre_without_ip() {
    let source_routed = join(&[0x40, 0, 8, 0, 0, 0, 0, 0], &v4());
    for payload in [&[0, 0, 0, 0][..], &[0, 0, 8, 6, 0, 1], &source_routed, &[0]] {
        decoded(RAW, &outer(4, 47, payload), |found| {
            assert!(matches!(found, Decoded::OtherIp(47)), "{found:?}");
        });
    }
}

/// A UDP header for `port`, then `head`.
fn udp(port: u16, head: &[u8], inner: u8) -> Vec<u8> {
    let len = u16::try_from(8 + head.len() + sample(inner).len()).unwrap();
    let mut bytes = vec![0xc0, 0];
    bytes.extend(port.to_be_bytes());
    bytes.extend(len.to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(head);
    bytes
}

#[test]
fn vxlan() {
    for port in [4789, 8472] {
        let head = |version| join(&[8, 0, 0, 0, 0, 0, 5, 0], &mac(version));
        assert_tunnel(17, |version| udp(port, &head(version), version));
    }
}

#[test]
fn geneve() {
    let bridged = [0, 0, 0x65, 0x58, 0, 0, 5, 0];
    assert_tunnel(17, |version| udp(6081, &join(&bridged, &mac(version)), version));
    let with_options = [2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 1, 1, 1, 2, 2, 2, 2];
    assert_tunnel(17, |version| udp(6081, &join(&with_options, &mac(version)), version));
    let bare = |version| join(&join(&[0, 0], &ethertype(version)), &[0, 0, 5, 0]);
    assert_tunnel(17, |version| udp(6081, &bare(version), version));
}

#[test]
fn udp_on_the_port_of_a_tunnel() {
    for port in [4789, 8472, 6081] {
        for byte in [0x00, 0x08, 0xff] {
            let payload = join(&udp(port, &[byte; 12], 4), &[byte; 76]);
            decoded(RAW, &outer(4, 17, &payload), |found| {
                assert!(matches!(found, Decoded::Udp { src: 0xc000, dst } if dst == port));
            });
        }
    }
}

#[test]
fn errors_inside_tunnels() {
    let error = outer(4, 1, &join(&[3, 3, 0, 0, 0, 0, 0, 0], &v4()[..28]));
    decoded(RAW, &outer(6, 47, &join(&[0, 0, 8, 0], &error)), |found| match found {
        Decoded::Icmp(error) => assert_eq!((error.src, error.dst), endpoints(4)),
        other => panic!("{other:?}"),
    });
}
