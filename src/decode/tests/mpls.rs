//! MPLS labels and what is guessed beneath them.

use super::*;

/// Two labels above `payload`.
fn labelled(payload: &[u8]) -> Vec<u8> {
    ethernet(0x8847, &join(&[0, 1, 0, 64, 0, 2, 1, 64], payload))
}

#[test]
fn ip() {
    assert_sample(ETHERNET, &labelled(&v4()), 4);
    assert_sample(ETHERNET, &labelled(&v6()), 6);
    // Checksum left to the hardware.
    let mut bytes = v4();
    bytes[10..12].fill(0);
    assert_sample(ETHERNET, &labelled(&bytes), 4);
}

#[test]
fn addresses_that_look_like_an_ethertype() {
    let mut bytes = v6();
    bytes[12..14].copy_from_slice(&[0x81, 0]);
    decoded(ETHERNET, &labelled(&bytes), |found| {
        assert!(matches!(found, Decoded::Segment(_)), "{found:?}");
    });
}

#[test]
fn pseudowires() {
    for version in [4, 6] {
        let frame = ethernet(u16::from_be_bytes(ethertype(version)), &sample(version));
        assert_sample(ETHERNET, &labelled(&frame), version);
        assert_sample(ETHERNET, &labelled(&join(&[0, 0, 0, 9], &frame)), version);
        // Destination addresses that begin like an IP header.
        for first in [0x40, 0x45, 0x60, 0x6e, 0x00] {
            let mut frame = frame.clone();
            frame[0] = first;
            assert_sample(ETHERNET, &labelled(&frame), version);
            let tagged = join(&join(&frame[..12], &[0x81, 0, 0, 5]), &frame[12..]);
            assert_sample(ETHERNET, &labelled(&tagged), version);
        }
    }
}

#[test]
fn endless_labels_are_malformed() {
    decoded(ETHERNET, &ethernet(0x8847, &[0; 4000]), |found| {
        assert!(matches!(found, Decoded::Malformed), "{found:?}");
    });
}

#[test]
fn over_ip() {
    assert_sample(RAW, &outer(4, 137, &join(&[0, 2, 1, 64], &v6())), 6);
}
