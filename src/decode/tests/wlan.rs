//! IEEE 802.11 data frames.

use super::*;

const IEEE802_11: u16 = 105;
const RADIOTAP: u16 = 127;

/// A MAC header of `kind` and `flags` followed by `extra`, and the sample in LLC.
fn frame(kind: u8, flags: u8, extra: &[u8], version: u8) -> Vec<u8> {
    let mut bytes = vec![kind, flags, 0, 0];
    bytes.extend([2; 18]);
    bytes.extend([0x10, 0]);
    bytes.extend(extra);
    bytes.extend([0xaa, 0xaa, 3, 0, 0, 0]);
    bytes.extend(ethertype(version));
    bytes.extend(sample(version));
    bytes
}

#[test]
fn data() {
    for version in [4, 6] {
        assert_sample(IEEE802_11, &frame(0x08, 1, &[], version), version);
        assert_sample(IEEE802_11, &frame(0x08, 2, &[], version), version);
        assert_sample(IEEE802_11, &frame(0x08, 3, &[4; 6], version), version);
        assert_sample(IEEE802_11, &frame(0x88, 1, &[6, 0], version), version);
        assert_sample(IEEE802_11, &frame(0x88, 0x81, &[6, 0, 1, 2, 3, 4], version), version);
        assert_sample(IEEE802_11, &frame(0x88, 3, &[4, 4, 4, 4, 4, 4, 6, 0], version), version);
        // A frame check sequence behind it.
        assert_sample(IEEE802_11, &join(&frame(0x08, 1, &[], version), &[9; 4]), version);
    }
}

#[test]
fn what_is_not_looked_into() {
    let mut later_fragment = frame(0x08, 1, &[], 4);
    later_fragment[22] |= 1;
    for bytes in [
        // Protected, no data, aggregate, beacon, a fragment.
        frame(0x08, 0x41, &[], 4),
        frame(0x48, 1, &[], 4),
        frame(0x88, 1, &[0x80, 0], 4),
        frame(0x80, 0, &[], 4),
        later_fragment,
    ] {
        decoded(IEEE802_11, &bytes, |found| {
            assert!(matches!(found, Decoded::NotIp), "{found:?}");
        });
    }
}

#[test]
fn radiotap() {
    let minimal = [0, 0, 8, 0, 0, 0, 0, 0];
    assert_sample(RADIOTAP, &join(&minimal, &frame(0x88, 1, &[6, 0], 4)), 4);
    // Only flags, one that says that the MAC header is padded.
    let padded = [0, 0, 9, 0, 2, 0, 0, 0, 0x20];
    assert_sample(RADIOTAP, &join(&padded, &frame(0x88, 1, &[6, 0, 0, 0], 4)), 4);
    assert_sample(RADIOTAP, &join(&padded, &frame(0x08, 1, &[], 6)), 6);
    // Two bitmaps and a timestamp before the flags.
    let mut long = vec![0, 0, 26, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];
    long.extend([0xff; 8]);
    long.extend([0x20, 0]);
    assert_sample(RADIOTAP, &join(&long, &frame(0x88, 1, &[6, 0, 0, 0], 4)), 4);
    long[24] = 0x40;
    decoded(RADIOTAP, &join(&long, &frame(0x88, 1, &[6, 0], 4)), |found| {
        assert!(matches!(found, Decoded::Malformed), "{found:?}");
    });
}
