//! Packets to segments.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ftpscope::capture::Moment;
use ftpscope::decode::{Decoded, Decoder};

use crate::material::{PACKETS, frames, packet, planned};
use crate::wire::Net;

fn decode(bencher: Bencher<'_, '_>, net: Net, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let frames: Vec<_> =
        frames(&planned("chatty", 40, |p| p.net = net)).into_iter().map(change).collect();
    let mut decoder = Decoder::new();
    for frame in &frames {
        let decoded = decoder.decode(&packet(frame, Moment::default()));
        assert!(matches!(decoded, Decoded::Segment(_)), "{decoded:?}");
    }
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        for frame in black_box(&frames) {
            black_box(decoder.decode(&packet(frame, Moment::default())));
        }
    });
}

/// Ethernet, IPv4, TCP.
#[divan::bench]
fn decode_ipv4(bencher: Bencher<'_, '_>) {
    decode(bencher, Net::V4, |frame| frame);
}

/// Ethernet, IPv6, TCP.
#[divan::bench]
fn decode_ipv6(bencher: Bencher<'_, '_>) {
    decode(bencher, Net::V6, |frame| frame);
}

/// IPv4 behind a VLAN tag.
#[divan::bench]
fn decode_vlan(bencher: Bencher<'_, '_>) {
    decode(bencher, Net::Vlan, |frame| frame);
}

/// Behind two tags: layer by layer, as everything that the short cut doesn't know.
#[divan::bench]
fn decode_two_tags(bencher: Bencher<'_, '_>) {
    decode(bencher, Net::Vlan, |mut frame| {
        frame.splice(12..12, [0x88, 0xa8, 0, 7]);
        frame
    });
}

/// Four bytes of options in the IPv4 header: layer by layer too.
#[divan::bench]
fn decode_ipv4_options(bencher: Bencher<'_, '_>) {
    decode(bencher, Net::V4, |mut frame| {
        frame[14] = 0x46;
        let length = u16::from_be_bytes([frame[16], frame[17]]) + 4;
        frame[16..18].copy_from_slice(&length.to_be_bytes());
        // Decoding leaves the checksum alone.
        frame.splice(34..34, [1; 4]);
        frame
    });
}
