//! IP and TCP headers in odd states, and fragments.

use super::*;

fn segment<T>(link: u16, data: &[u8], wire: usize, check: impl FnOnce(Segment<'_>) -> T) -> T {
    match Decoder::new().decode(&packet(link, data, wire, 0)) {
        Decoded::Segment(segment) => check(segment),
        other => panic!("{other:?}"),
    }
}

#[test]
fn padding_is_no_payload() {
    let mut bytes = Vec::new();
    PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .tcp(SRC, DST, SEQ, 512)
        .write(&mut bytes, &[])
        .unwrap();
    let frame = join(&ethernet(0x0800, &bytes), &[0; 6]);
    segment(ETHERNET, &frame, frame.len(), |segment| {
        assert_eq!((segment.payload, segment.payload_len), (&[][..], 0));
    });
}

#[test]
fn length_zero_means_offload() {
    let mut frame = ethernet(0x0800, &v4());
    frame[16..18].fill(0);
    let wire = frame.len();
    segment(ETHERNET, &frame, wire, |segment| {
        assert_eq!((segment.payload, segment.payload_len), (BODY, 16));
    });
    segment(ETHERNET, &frame[..wire - 10], wire, |segment| {
        assert_eq!((segment.payload, segment.payload_len), (&BODY[..6], 16));
    });
    let mut frame = ethernet(0x86dd, &v6());
    frame[18..20].fill(0);
    segment(ETHERNET, &frame, frame.len(), |segment| {
        assert_eq!((segment.payload, segment.payload_len), (BODY, 16));
    });
}

#[test]
fn damaged_headers_are_malformed() {
    for (at, value) in [(0, 0x44), (0, 0x75), (3, 19), (20 + 12, 0x40), (20 + 12, 0xf0)] {
        let mut bytes = v4();
        bytes[at] = value;
        decoded(RAW, &bytes, |found| {
            assert!(matches!(found, Decoded::Malformed), "{at} {value:#x} {found:?}");
        });
    }
}

#[test]
fn mapped_addresses_are_ipv4() {
    let mapped = |last| [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last];
    let bytes = tcp(PacketBuilder::ipv6(mapped(1), mapped(2), 61));
    segment(RAW, &bytes, bytes.len(), |segment| {
        assert_eq!(segment.src.ip, IpAddr::from([192, 0, 2, 1]));
        assert_eq!(segment.dst.ip, IpAddr::from([192, 0, 2, 2]));
    });
}

#[test]
fn options_are_read_on_syn_only() {
    use etherparse::TcpOptionElement::{
        MaximumSegmentSize, Noop, SelectiveAcknowledgementPermitted, Timestamp, WindowScale,
    };
    let options = [
        MaximumSegmentSize(1460),
        SelectiveAcknowledgementPermitted,
        Timestamp(1, 0),
        Noop,
        WindowScale(7),
    ];
    let builder = || {
        let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        builder.tcp(SRC, DST, SEQ, 512).options(&options).unwrap()
    };
    let mut syn = Vec::new();
    builder().syn().write(&mut syn, &[]).unwrap();
    let full = crate::decode::SynOptions { mss: Some(1460), window_scale: Some(7), sack: true };
    segment(RAW, &syn, syn.len(), |segment| assert_eq!(segment.syn_options, full));
    // Cut behind the first option: what is there counts.
    segment(RAW, &syn[..44], syn.len(), |segment| {
        assert_eq!(segment.syn_options.mss, Some(1460));
        assert_eq!((segment.syn_options.window_scale, segment.payload_len), (None, 0));
    });
    let mut ack = Vec::new();
    builder().ack(1).write(&mut ack, &[]).unwrap();
    segment(RAW, &ack, ack.len(), |segment| {
        assert_eq!(segment.syn_options, crate::decode::SynOptions::default());
    });
}

#[test]
fn extension_headers() {
    // Hop-by-hop, destination options, routing, atomic fragment, authentication.
    let chain: &[&[u8]] = &[
        &[60, 0, 5, 2, 0, 0, 0, 0],
        &[43, 0, 1, 4, 0, 0, 0, 0],
        &[44, 0, 0, 0, 0, 0, 0, 0],
        &[51, 0, 0, 0, 0, 0, 0, 9],
        &[6, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0xaa, 0xaa, 0xaa, 0xaa],
    ];
    let plain = v6();
    let mut bytes = plain[..40].to_vec();
    bytes[6] = 0;
    bytes.extend(chain.concat());
    bytes.extend(&plain[40..]);
    let len = u16::try_from(bytes.len() - 40).unwrap();
    bytes[4..6].copy_from_slice(&len.to_be_bytes());
    assert_sample(RAW, &bytes, 6);
}

#[test]
fn authentication_header_of_ipv4() {
    let plain = v4();
    let mut bytes = plain[..20].to_vec();
    bytes[9] = 51;
    bytes.extend([6, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0xaa, 0xaa, 0xaa, 0xaa]);
    bytes.extend(&plain[20..]);
    let len = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
    assert_sample(RAW, &bytes, 4);
}

#[test]
fn udp_and_others() {
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
    builder.udp(5353, 53).write(&mut bytes, &[1, 2, 3]).unwrap();
    decoded(RAW, &bytes, |found| {
        assert!(matches!(found, Decoded::Udp { src: 5353, dst: 53 }), "{found:?}");
    });
    bytes[9] = 50;
    decoded(RAW, &bytes, |found| assert!(matches!(found, Decoded::OtherIp(50)), "{found:?}"));
}
