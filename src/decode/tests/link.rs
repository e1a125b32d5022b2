//! Every link type, whole and cut.

use super::*;

#[test]
fn ethernet_frames() {
    assert_sample(ETHERNET, &ethernet(0x0800, &v4()), 4);
    assert_sample(ETHERNET, &ethernet(0x86dd, &v6()), 6);
}

#[test]
fn vlan_tags() {
    let one = join(&[0, 5, 8, 0], &v4());
    assert_sample(ETHERNET, &ethernet(0x8100, &one), 4);
    let two = join(&[0, 6, 0x81, 0], &one);
    assert_sample(ETHERNET, &ethernet(0x88a8, &two), 4);
    let four = join(&[0, 7, 0x91, 0, 0, 8, 0x88, 0xa8], &two);
    assert_sample(ETHERNET, &ethernet(0x9100, &four), 4);
}

#[test]
fn endless_tags_are_malformed() {
    let tags: Vec<u8> = [0, 1, 0x81, 0].repeat(400);
    decoded(ETHERNET, &ethernet(0x8100, &tags), |found| {
        assert!(matches!(found, Decoded::Malformed), "{found:?}");
    });
}

#[test]
fn snap() {
    let snap = join(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &v4());
    let len = u16::try_from(snap.len()).unwrap();
    assert_sample(ETHERNET, &ethernet(len, &snap), 4);
}

#[test]
fn not_ip() {
    decoded(ETHERNET, &ethernet(0x0806, &[0; 28]), |found| {
        assert!(matches!(found, Decoded::NotIp), "{found:?}");
    });
}

#[test]
fn loopback_in_both_byte_orders() {
    for family in [[2, 0, 0, 0], [0, 0, 0, 2]] {
        assert_sample(0, &join(&family, &v4()), 4);
        assert_sample(108, &join(&family, &v4()), 4);
    }
    for number in [10, 23, 24, 28, 30] {
        assert_sample(0, &join(&[number, 0, 0, 0], &v6()), 6);
        assert_sample(0, &join(&[0, 0, 0, number], &v6()), 6);
        assert_sample(108, &join(&[0, 0, 0, number], &v6()), 6);
    }
    decoded(0, &join(&[7, 0, 0, 0], &v4()), |found| {
        assert!(matches!(found, Decoded::NotIp), "{found:?}");
    });
}

#[test]
fn raw_ip() {
    for link in [12, 14, 101, 228] {
        assert_sample(link, &v4(), 4);
    }
    for link in [12, 14, 101, 229] {
        assert_sample(link, &v6(), 6);
    }
}

#[test]
fn cooked() {
    let sll = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    assert_sample(113, &join(&join(&sll, &[8, 0]), &v4()), 4);
    assert_sample(113, &join(&join(&sll, &[0x81, 0, 0, 5, 0x86, 0xdd]), &v6()), 6);
    assert_sample(113, &join(&join(&sll, &[0, 4, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), &v4()), 4);
    let sll2 = [0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    assert_sample(276, &join(&join(&[8, 0], &sll2), &v4()), 4);
    assert_sample(276, &join(&join(&[0x86, 0xdd], &sll2), &v6()), 6);
}

#[test]
fn unknown_link_types_are_named_so() {
    decoded(147, &v4(), |found| assert!(matches!(found, Decoded::UnknownLink), "{found:?}"));
}

#[test]
fn nflog_in_both_byte_orders() {
    for (version, family) in [(4, 2), (6, 10)] {
        let inner = sample(version);
        let numbers: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
        for number in numbers {
            let attribute = |kind: u16, value: &[u8]| {
                let len = u16::try_from(value.len() + 4).unwrap();
                let mut bytes = [number(len), number(kind)].concat();
                bytes.extend(value);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                bytes
            };
            let mut bytes = vec![family, 0, 0, 5];
            bytes.extend(attribute(1, &[8, 0, 1, 0]));
            bytes.extend(attribute(10, b"prefix\0"));
            bytes.extend(attribute(9, &inner));
            assert_sample(239, &bytes, version);
        }
    }
}
