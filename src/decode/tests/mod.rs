//! Packets made by hand, whole and cut, through the whole decoder.

mod fragments;
mod icmp;
mod ip;
mod link;
mod mpls;
mod ppp;
mod properties;
mod tunnel;
mod wlan;

use std::net::IpAddr;

use etherparse::PacketBuilder;

use super::{Decoded, Decoder, Endpoint, Segment};
use crate::capture::{LinkType, Moment, Packet, Timestamp};

pub(super) const ETHERNET: u16 = 1;
pub(super) const RAW: u16 = 101;

pub(super) const SRC: u16 = 40021;
pub(super) const DST: u16 = 21;
pub(super) const SEQ: u32 = 0x0102_0304;
pub(super) const BODY: &[u8] = b"USER anonymous\r\n";

/// A packet cut to `data` of `wire` bytes, seen at `seconds`.
pub(super) fn packet(link: u16, data: &[u8], wire: usize, seconds: i64) -> Packet<'_> {
    Packet {
        moment: Moment {
            time: Timestamp::from_nanos(seconds * 1_000_000_000),
            ..Moment::default()
        },
        link: LinkType(link),
        wire_len: u32::try_from(wire).unwrap(),
        data,
    }
}

/// Decodes a whole packet and hands the result to `check`.
pub(super) fn decoded<T>(link: u16, data: &[u8], check: impl FnOnce(Decoded<'_>) -> T) -> T {
    check(Decoder::new().decode(&packet(link, data, data.len(), 0)))
}

/// Ports and addresses of [`v4`] or [`v6`].
fn endpoints(version: u8) -> (Endpoint, Endpoint) {
    let ips: [IpAddr; 2] = match version {
        4 => [[10, 0, 0, 1].into(), [10, 0, 0, 2].into()],
        _ => [V6_SRC.into(), V6_DST.into()],
    };
    (Endpoint::new(ips[0], SRC), Endpoint::new(ips[1], DST))
}

const V6_SRC: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const V6_DST: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

/// An IPv4 packet with [`BODY`] in a TCP segment.
pub(super) fn v4() -> Vec<u8> {
    tcp(PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 61))
}

/// An IPv6 packet with [`BODY`] in a TCP segment.
pub(super) fn v6() -> Vec<u8> {
    tcp(PacketBuilder::ipv6(V6_SRC, V6_DST, 61))
}

fn tcp(builder: etherparse::PacketBuilderStep<etherparse::IpHeaders>) -> Vec<u8> {
    let builder = builder.tcp(SRC, DST, SEQ, 512).ack(77).psh();
    let mut bytes = Vec::new();
    builder.write(&mut bytes, BODY).unwrap();
    bytes
}

/// [`v4`] or [`v6`].
pub(super) fn sample(version: u8) -> Vec<u8> {
    if version == 4 { v4() } else { v6() }
}

/// An IP packet of `protocol` around `payload`, between other addresses than the sample's.
pub(super) fn outer(version: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let mut bytes = if version == 4 {
        let mut bytes = vec![0x45, 0];
        bytes.extend((len + 20).to_be_bytes());
        bytes.extend([0, 0, 0, 0, 9, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        bytes
    } else {
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend(len.to_be_bytes());
        bytes.extend([protocol, 9]);
        bytes.extend([0xfd; 32]);
        bytes
    };
    bytes.extend(payload);
    bytes
}

/// The EtherType of an IP version.
pub(super) fn ethertype(version: u8) -> [u8; 2] {
    if version == 4 { [0x08, 0x00] } else { [0x86, 0xdd] }
}

/// An Ethernet frame around `payload`.
pub(super) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `head` and `tail` in a row.
pub(super) fn join(head: &[u8], tail: &[u8]) -> Vec<u8> {
    [head, tail].concat()
}

fn assert_is_sample(segment: &Segment<'_>, version: u8) {
    let (src, dst) = endpoints(version);
    assert_eq!((segment.src, segment.dst), (src, dst));
    assert_eq!((segment.seq.0, segment.ack.0), (SEQ, 77));
    assert_eq!(segment.flags.0, 0x18);
    assert_eq!(segment.ttl, 61);
    assert_eq!(segment.ip_id.is_some(), version == 4);
    assert_eq!(segment.payload_len as usize, BODY.len());
    assert!(BODY.starts_with(segment.payload));
    assert!(segment.window == 512 || segment.window == Segment::UNREAD_WINDOW);
}

/// Checks that `data` is [`v4`] or [`v6`] in some wrapping, and that cut anywhere it is the same
/// with less payload, or no segment.
pub(super) fn assert_sample(link: u16, data: &[u8], version: u8) {
    decoded(link, data, |found| match found {
        Decoded::Segment(segment) => {
            assert_is_sample(&segment, version);
            assert_eq!(segment.payload, BODY);
            assert_eq!(segment.window, 512);
        }
        other => panic!("{other:?}"),
    });
    let mut cut_segments = 0;
    for len in 0..data.len() {
        // Some tools that cut packets also shorten the original length.
        for wire in [data.len(), len] {
            let mut decoder = Decoder::new();
            match decoder.decode(&packet(link, &data[..len], wire, 0)) {
                Decoded::Segment(segment) => {
                    assert_is_sample(&segment, version);
                    cut_segments += 1;
                }
                Decoded::Icmp(error) => panic!("{error:?}"),
                _ => {}
            }
        }
    }
    // Cut anywhere in the payload or in the last six bytes of the TCP header.
    assert!(cut_segments >= 2 * (BODY.len() + 6), "{cut_segments}");
}
