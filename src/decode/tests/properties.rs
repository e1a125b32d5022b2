//! Nothing that a packet holds makes the decoder panic.

use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::decode::{Endpoint, Ends, Segment, SynOptions, alone, ends, fast};

/// Every link type that is known, and one that isn't.
const LINKS: [u16; 18] =
    [0, 1, 9, 12, 14, 50, 51, 101, 105, 108, 113, 127, 147, 228, 229, 239, 276, 65535];

/// Packets to damage, with their link types.
fn seeds() -> Vec<(u16, Vec<u8>)> {
    let mut seeds = Vec::new();
    for version in [4, 6] {
        let inner = sample(version);
        let ethertype = ethertype(version);
        let frame = ethernet(u16::from_be_bytes(ethertype), &inner);
        let vxlan = join(&[0xc0, 0, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 5, 0], &frame);
        let icmp = join(&[3, 3, 0, 0, 0, 0, 0, 0], &inner);
        let mut fragment = inner.clone();
        fragment[6] = if version == 4 { 0x20 } else { 44 };
        seeds.push((1, frame.clone()));
        seeds.push((1, ethernet(0x8100, &join(&[0, 1, ethertype[0], ethertype[1]], &inner))));
        seeds.push((1, ethernet(0x8847, &join(&[0, 1, 1, 64, 0, 0, 0, 0], &frame))));
        seeds.push((101, inner.clone()));
        seeds.push((101, fragment));
        seeds.push((101, outer(4, 17, &vxlan)));
        seeds.push((101, outer(6, 47, &join(&[0x30, 0, 0x65, 0x58, 0, 0, 0, 0], &frame))));
        seeds.push((101, outer(version, if version == 4 { 1 } else { 58 }, &icmp)));
        seeds.push((127, join(&[0, 0, 8, 0, 0, 0, 0, 0, 0x88, 1], &frame)));
        seeds.push((239, join(&[2, 0, 0, 0, 88, 0, 9, 0], &inner)));
    }
    seeds
}

/// What must hold of any result.
fn check(found: &Decoded<'_>) {
    if let Decoded::Segment(segment) = found {
        assert!(segment.payload.len() <= segment.payload_len as usize);
    }
}

/// Decodes a packet. What doesn't depend on others is known without them.
fn decode<'a>(decoder: &'a mut Decoder, packet: &Packet<'a>) -> Decoded<'a> {
    let own = alone(packet);
    let found = decoder.decode(packet);
    if !matches!(own, Decoded::Fragment) {
        assert_eq!(format!("{found:?}"), format!("{own:?}"));
    }
    found
}

/// An Ethernet frame: TCP in IPv4 or IPv6, tagged or not, with options or not.
fn frames() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for version in [4, 6] {
        let mut syn = sample(version);
        let tcp = if version == 4 { 20 } else { 40 };
        // The first bytes of the payload become options.
        syn[tcp + 12] = 0x80;
        syn[tcp + 13] = 0x02;
        syn[tcp + 20..tcp + 32].copy_from_slice(&[2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 0, 0]);
        for packet in [sample(version), syn] {
            let tagged = join(&[&[0, 9], &ethertype(version)[..]].concat(), &packet);
            frames.push(ethernet(u16::from_be_bytes(ethertype(version)), &packet));
            frames.push(ethernet(0x8100, &tagged));
        }
    }
    frames
}

fn short_cut(frame: &[u8]) -> Option<Decoded<'_>> {
    fast::frame(frame, &mut None).copied().map(Decoded::Segment)
}

/// The segment of which the headers are left where they are.
fn unread(frame: &[u8]) -> Option<Segment<'_>> {
    let h = fast::headers(frame)?;
    let (src, dst) = h.ports();
    Some(Segment {
        src: Endpoint::new(h.src().into(), src),
        dst: Endpoint::new(h.dst().into(), dst),
        seq: h.seq(),
        ack: h.ack(),
        flags: h.flags(),
        window: h.window(),
        ttl: h.ttl(),
        ip_id: Some(h.ip_id()),
        checksum: h.checksum(),
        syn_options: SynOptions::default(),
        payload: h.payload(),
        payload_len: h.payload_len,
    })
}

#[test]
fn the_short_cut_is_taken() {
    for frame in frames() {
        assert!(short_cut(&frame).is_some());
    }
}

proptest! {
    #[test]
    fn the_short_cut_leads_to_the_same_place(
        frame in prop::sample::select(frames()),
        damage in vec((0_usize..80, any::<u8>()), 0..4),
        len in 0_usize..200,
        more in 0_usize..2000,
    ) {
        let mut frame = frame;
        for (at, value) in damage {
            if let Some(byte) = frame.get_mut(at) {
                *byte = value;
            }
        }
        let cut = &frame[..len.min(frame.len())];
        // Addresses of IPv4 that came in a header of IPv6 are read there alone.
        let is_v4 = |at: usize| cut.get(at..at + 2) == Some(&[8, 0]);
        let v4 = is_v4(12) || cut.get(12..14) == Some(&[0x81, 0]) && is_v4(16);
        let mut segment = None;
        let usual = fast::frame(cut, &mut segment).filter(|s| v4 && !s.flags.syn());
        prop_assert_eq!(format!("{:?}", unread(cut)), format!("{:?}", usual.copied()));
        if let Some(found) = short_cut(cut) {
            let mut decoder = Decoder::new();
            let general = decoder.layer_by_layer(&packet(ETHERNET, cut, cut.len() + more, 0));
            prop_assert_eq!(format!("{found:?}"), format!("{general:?}"));
            if let Decoded::Segment(s) = found {
                let ends = match ends(crate::capture::LinkType(ETHERNET), cut) {
                    Some(Ends::V4(a, b)) => [a, b].map(|end| {
                        let ip = Ipv4Addr::from_bits((end >> 16) as u32);
                        Endpoint::new(ip.into(), end as u16)
                    }),
                    Some(Ends::Other(a, b)) => [a, b],
                    None => panic!("it has two ends"),
                };
                prop_assert_eq!(ends, [s.src, s.dst]);
            }
        }
    }

    #[test]
    fn arbitrary_bytes(
        bytes in vec(any::<u8>(), 0..200),
        wire in 0_usize..70_000,
    ) {
        let mut decoder = Decoder::new();
        for link in LINKS {
            check(&decode(&mut decoder, &packet(link, &bytes, wire, 0)));
        }
    }

    #[test]
    fn damaged_packets(
        seed in prop::sample::select(seeds()),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        len in any::<prop::sample::Index>(),
        wire in 0_usize..2000,
    ) {
        let (link, mut bytes) = seed;
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let mut decoder = Decoder::new();
        check(&decode(&mut decoder, &packet(link, &bytes, wire, 0)));
        let len = len.index(bytes.len());
        check(&decode(&mut decoder, &packet(link, &bytes[..len], wire, 1)));
        for link in LINKS {
            check(&decode(&mut decoder, &packet(link, &bytes, wire, 2)));
        }
    }

    #[test]
    fn arbitrary_fragments(
        parts in vec((0_u16..0x2100, any::<bool>(), 0_u8..3, 0_usize..100, -40_i64..40), 1..60),
    ) {
        let mut decoder = Decoder::new();
        for (offset, more, id, len, seconds) in parts {
            let mut bytes = outer(4, 6, &vec![0x50; len]);
            bytes[5] = id;
            // Mostly near each other.
            let field = if offset < 0x2000 { offset % 16 } else { offset - 0x1000 };
            bytes[6..8].copy_from_slice(&(field | (u16::from(more) << 13)).to_be_bytes());
            check(&decode(&mut decoder, &packet(RAW, &bytes, bytes.len(), seconds)));
        }
    }
}
