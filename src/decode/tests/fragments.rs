//! IP fragments: in order, out of order, overlapping, cut, missing, too many.

use super::*;

/// A TCP segment with `len` bytes of payload in an IP packet.
fn long(version: u8, len: usize) -> Vec<u8> {
    let payload = body(len);
    let mut bytes = Vec::new();
    let builder = match version {
        4 => PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 61),
        _ => PacketBuilder::ipv6(V6_SRC, V6_DST, 61),
    };
    builder.tcp(SRC, DST, SEQ, 512).write(&mut bytes, &payload).unwrap();
    bytes
}

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

/// The part of `packet`'s payload in `range` as a fragment with identification `id`.
fn part(packet: &[u8], id: u16, range: std::ops::Range<usize>) -> Vec<u8> {
    let version = packet[0] >> 4;
    let header = if version == 4 { 20 } else { 40 };
    let payload = &packet[header..];
    let offset = u16::try_from(range.start).unwrap();
    let more = u16::from(range.end < payload.len());
    let mut bytes = packet[..header].to_vec();
    if version == 4 {
        bytes[4..6].copy_from_slice(&id.to_be_bytes());
        bytes[6..8].copy_from_slice(&((offset / 8) | (more << 13)).to_be_bytes());
        let len = u16::try_from(20 + range.len()).unwrap();
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
    } else {
        let next = std::mem::replace(&mut bytes[6], 44);
        let len = u16::try_from(8 + range.len()).unwrap();
        bytes[4..6].copy_from_slice(&len.to_be_bytes());
        bytes.extend([next, 0]);
        bytes.extend((offset | more).to_be_bytes());
        bytes.extend(u32::from(id).to_be_bytes());
    }
    bytes.extend(&payload[range]);
    bytes
}

fn is_fragment(decoder: &mut Decoder, bytes: &[u8], seconds: i64) -> bool {
    matches!(decoder.decode(&packet(RAW, bytes, bytes.len(), seconds)), Decoded::Fragment)
}

fn assert_whole(decoder: &mut Decoder, bytes: &[u8], seconds: i64, payload: &[u8]) {
    match decoder.decode(&packet(RAW, bytes, bytes.len(), seconds)) {
        Decoded::Segment(segment) => {
            let version = bytes[0] >> 4;
            assert_eq!((segment.src, segment.dst), endpoints(version));
            assert_eq!(segment.payload, payload);
            assert_eq!(segment.payload_len as usize, payload.len());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn any_order() {
    for version in [4, 6] {
        let long = long(version, 3000);
        let parts = [0..1000, 1000..2000, 2000..3020].map(|range| part(&long, 7, range));
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut decoder = Decoder::new();
            assert!(is_fragment(&mut decoder, &parts[order[0]], 0));
            assert!(is_fragment(&mut decoder, &parts[order[1]], 1));
            assert_whole(&mut decoder, &parts[order[2]], 2, &body(3000));
            // Nothing is left of it.
            assert!(is_fragment(&mut decoder, &parts[order[0]], 3));
        }
    }
}

#[test]
fn overlaps_keep_what_came_first() {
    for version in [4, 6] {
        let first = long(version, 1000);
        let mut other = first.clone();
        let header = other.len() - 1020;
        other[header + 20..].fill(0xee);
        let mut decoder = Decoder::new();
        assert!(is_fragment(&mut decoder, &part(&first, 7, 400..600), 0));
        assert!(is_fragment(&mut decoder, &part(&first, 7, 0..200), 0));
        // Before, between and behind; then the same again.
        assert!(is_fragment(&mut decoder, &part(&other, 7, 160..800), 0));
        assert!(is_fragment(&mut decoder, &part(&other, 7, 160..800), 0));
        let mut expected = body(1000);
        expected[180..380].fill(0xee);
        expected[580..780].fill(0xee);
        assert_whole(&mut decoder, &part(&first, 7, 560..1020), 0, &expected);
    }
}

#[test]
fn datagrams_are_told_apart() {
    let long = long(4, 1000);
    let (head, tail) = (part(&long, 7, 0..512), part(&long, 7, 512..1020));
    let mut decoder = Decoder::new();
    assert!(is_fragment(&mut decoder, &head, 0));
    assert!(is_fragment(&mut decoder, &part(&long, 8, 512..1020), 0));
    let mut other_address = tail.clone();
    other_address[19] = 9;
    assert!(is_fragment(&mut decoder, &other_address, 0));
    let mut other_protocol = tail.clone();
    other_protocol[9] = 17;
    assert!(is_fragment(&mut decoder, &other_protocol, 0));
    assert_whole(&mut decoder, &tail, 0, &body(1000));
}

#[test]
fn half_a_minute_and_no_longer() {
    let long = long(4, 1000);
    let (head, tail) = (part(&long, 7, 0..512), part(&long, 7, 512..1020));
    let mut decoder = Decoder::new();
    assert!(is_fragment(&mut decoder, &head, 100));
    assert_whole(&mut decoder, &tail, 130, &body(1000));
    assert!(is_fragment(&mut decoder, &head, 200));
    assert!(is_fragment(&mut decoder, &tail, 231));
    // The late one began a new datagram.
    assert_whole(&mut decoder, &head, 232, &body(1000));
    // A clock set back loses nothing.
    assert!(is_fragment(&mut decoder, &head, 300));
    assert_whole(&mut decoder, &tail, 10, &body(1000));
}

#[test]
fn cut_fragments_keep_their_length() {
    let long = long(4, 1000);
    let (head, tail) = (part(&long, 7, 0..512), part(&long, 7, 512..1020));
    for len in 0..head.len() {
        let mut decoder = Decoder::new();
        let _ = decoder.decode(&packet(RAW, &head[..len], head.len(), 0));
        match decoder.decode(&packet(RAW, &tail, tail.len(), 0)) {
            Decoded::Segment(segment) => {
                assert!(len >= 34);
                assert_eq!((segment.src, segment.dst), endpoints(4));
                assert_eq!(segment.payload, &body(1000)[..len.saturating_sub(40)]);
                assert_eq!(segment.payload_len, 1000);
            }
            Decoded::Fragment => assert!(len < 20, "{len}"),
            other => assert!(matches!(other, Decoded::Malformed) && len < 34, "{len} {other:?}"),
        }
    }
}

#[test]
fn floods_push_out_the_oldest() {
    let long = long(4, 60_000);
    let mut decoder = Decoder::new();
    for id in 0..3000 {
        assert!(is_fragment(&mut decoder, &part(&long, id, 0..30_000), 0));
        let held = &decoder.defragmenter;
        assert!(held.held_bytes() <= 8 << 20, "{id}");
    }
    let tail = |id| part(&long, id, 30_000..60_020);
    assert!(is_fragment(&mut decoder, &tail(0), 0));
    assert_whole(&mut decoder, &tail(2999), 0, &body(60_000));
    // Tiny ones: the count is bounded, too.
    for id in 0..3000 {
        assert!(is_fragment(&mut decoder, &part(&long, id, 0..8), 0));
    }
    assert!(decoder.defragmenter.held_datagrams() <= 1024);
}

#[test]
fn impossible_fragments() {
    let huge = long(4, 60_000);
    let long = long(4, 1000);
    let mut decoder = Decoder::new();
    // Beyond the longest datagram, and of an odd length in the middle.
    let mut beyond = part(&long, 7, 512..1020);
    beyond[6..8].copy_from_slice(&0x1fff_u16.to_be_bytes());
    assert!(is_fragment(&mut decoder, &beyond, 0));
    assert!(is_fragment(&mut decoder, &part(&long, 7, 0..13), 0));
    assert_eq!(decoder.defragmenter.held_datagrams(), 0);
    // Thousands of pieces.
    for start in (0..60_000).step_by(16) {
        assert!(is_fragment(&mut decoder, &part(&huge, 7, start..start + 8), 0));
    }
    assert!(decoder.defragmenter.held_bytes() < 1 << 20);
}

#[test]
fn extension_header_behind_the_fragment_header() {
    let plain = long(6, 1000);
    let mut bytes = plain[..40].to_vec();
    bytes[6] = 60;
    bytes.extend([6, 0, 1, 4, 0, 0, 0, 0]);
    bytes.extend(&plain[40..]);
    let mut decoder = Decoder::new();
    assert!(is_fragment(&mut decoder, &part(&bytes, 7, 512..1028), 0));
    assert_whole(&mut decoder, &part(&bytes, 7, 0..512), 0, &body(1000));
}

#[test]
fn protocols_that_lead_nowhere_are_not_kept() {
    let mut esp = part(&long(4, 1000), 7, 0..512);
    esp[9] = 50;
    decoded(RAW, &esp, |found| assert!(matches!(found, Decoded::OtherIp(50)), "{found:?}"));
}

#[test]
fn fragments_within_fragments() {
    let long = long(4, 1000);
    let outer = |inner: &[u8]| {
        let len = u16::try_from(inner.len() + 20).unwrap();
        let mut bytes = vec![0x45, 0];
        bytes.extend(len.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 64, 4, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        bytes.extend(inner);
        bytes
    };
    let (a, b) = (outer(&part(&long, 7, 0..512)), outer(&part(&long, 7, 512..1020)));
    let mut decoder = Decoder::new();
    assert!(is_fragment(&mut decoder, &part(&a, 1, 0..256), 0));
    assert!(is_fragment(&mut decoder, &part(&a, 1, 256..532), 0));
    assert!(is_fragment(&mut decoder, &part(&b, 2, 256..528), 0));
    match decoder.decode(&packet(RAW, &part(&b, 2, 0..256), 276, 0)) {
        Decoded::Segment(segment) => assert_eq!(segment.payload, body(1000)),
        other => panic!("{other:?}"),
    }
}
