//! Sound pcapng files, and blocks that contradict themselves.

use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{parse_enhancedpacketblock_be, parse_enhancedpacketblock_le};

use super::build::{NgFile, START};
use super::{Drip, read, read_from, texts};
use crate::capture::LinkType;

const SECONDS: u64 = START as u64;
const NANOS: i64 = START as i64 * 1_000_000_000;

#[test]
fn both_byte_orders_with_every_kind_of_packet_block() {
    for big in [false, true] {
        let file = NgFile::new(big)
            .interface(1, 0, &[])
            .packet(0, SECONDS * 1_000_000 + 1, b"enhanced")
            .simple(6, b"simple")
            .obsolete(0, 0xffff, SECONDS * 1_000_000 + 3, b"obsolete");
        let (seen, notes) = read(&file.bytes);
        let got: Vec<_> = seen.iter().map(|s| (s.nanos - NANOS, &s.data[..])).collect();
        let want: [(i64, &[u8]); 3] = [(1000, b"enhanced"), (1000, b"simple"), (3000, b"obsolete")];
        assert_eq!(got, want);
        assert_eq!(notes.problems.len(), 1, "one word about packets without a time");
        assert!(notes.problems[0].text.contains("without a time"));
        assert_eq!(notes.dropped, None);
        assert_eq!(read_from(Drip::new(&file.bytes)).0, seen);
    }
}

#[test]
fn each_interface_has_its_link_type_and_clock() {
    for big in [false, true] {
        let offset: i64 = -3600;
        let offset = if big { offset.to_be_bytes() } else { offset.to_le_bytes() };
        let file = NgFile::new(big)
            .interface(1, 0, &[(9, &[9])])
            .interface(113, 0, &[(9, &[0x80 | 20])])
            .interface(12, 0, &[(9, &[12]), (14, &offset)])
            .packet(0, SECONDS * 1_000_000_000 + 1, b"a")
            .packet(1, (SECONDS << 20) + (1 << 19), b"b")
            .packet(2, 1_500_000_000_123_456, b"c");
        let (seen, notes) = read(&file.bytes);
        assert!(notes.problems.is_empty());
        let got: Vec<_> = seen.iter().map(|s| (s.link, s.nanos)).collect();
        assert_eq!(
            got,
            [
                (LinkType::ETHERNET, NANOS + 1),
                (LinkType::LINUX_SLL, NANOS + 500_000_000),
                (LinkType::RAW, 1_500_000_000_123 - 3_600_000_000_000),
            ]
        );
    }
}

#[test]
fn a_new_section_forgets_interfaces_and_may_turn_the_byte_order() {
    let file = NgFile::new(false)
        .interface(1, 0, &[])
        .packet(0, SECONDS * 1_000_000, b"le")
        .section(true, &[])
        .packet(0, SECONDS * 1_000_000, b"lost")
        .interface(101, 0, &[])
        .packet(0, SECONDS * 1_000_000, b"be");
    let (seen, notes) = read(&file.bytes);
    let got: Vec<_> = seen.iter().map(|s| (s.link, s.number, &s.data[..])).collect();
    assert_eq!(got, [(LinkType::ETHERNET, 1, &b"le"[..]), (LinkType::RAW, 2, b"be")]);
    assert_eq!(texts(&notes.problems), ["packet names interface 0, but its section has 0 of them"]);
}

#[test]
fn a_simple_packet_is_cut_by_the_snap_length() {
    let file = NgFile::new(false).interface(1, 5, &[]).simple(9, b"12345");
    let (seen, _) = read(&file.bytes);
    assert_eq!((seen[0].wire, &seen[0].data[..]), (9, &b"12345"[..]));
}

#[test]
fn the_newest_statistics_of_each_interface_count() {
    for big in [false, true] {
        let file = NgFile::new(big)
            .interface(1, 0, &[])
            .interface(1, 0, &[])
            .statistics(0, 3, 0)
            .statistics(0, 5, 1)
            .statistics(1, 2, 0)
            .statistics(9, 1000, 0)
            .section(!big, &[])
            .interface(1, 0, &[])
            .obsolete(0, 4, 0, b"x");
        assert_eq!(read(&file.bytes).1.dropped, Some(5 + 1 + 2 + 4));
    }
    assert_eq!(read(&NgFile::ethernet().packets(0, 1).bytes).1.dropped, None);
    assert_eq!(read(&NgFile::ethernet().statistics(0, 0, 0).bytes).1.dropped, Some(0));
}

#[test]
fn comments_are_kept_with_their_packet() {
    let file = NgFile::new(false)
        .section(false, &[(1, b"of the section")])
        .interface(1, 0, &[(2, b"eth0"), (1, b"of the interface")])
        .packets(0, 1)
        .enhanced(0, SECONDS * 1_000_000, 3, 3, b"abc", &[(2, &[0; 4]), (1, b"bad \xff")]);
    let (_, notes) = read(&file.bytes);
    let got: Vec<_> = notes.comments.iter().map(|c| (c.frame, c.text.as_str())).collect();
    assert_eq!(
        got,
        [(None, "of the section"), (None, "of the interface"), (Some(2), "bad \u{fffd}")]
    );
    assert_eq!(notes.comment_count, 3);
}

#[test]
fn other_blocks_are_skipped() {
    let file = NgFile::ethernet()
        .block(4, &[0; 4])
        .packets(0, 1)
        .block(0x0bad, &[1; 40])
        .block(0x7777_7777, &vec![9; 100_000])
        .packets(1, 1);
    let (seen, notes) = read(&file.bytes);
    assert_eq!(seen.len(), 2);
    assert!(notes.problems.is_empty());
}

#[test]
fn a_packet_longer_than_its_block_is_left_out() {
    let file = NgFile::ethernet()
        .packets(0, 1)
        .enhanced(0, 0, 70_000, 70_000, &[0; 40], &[])
        .enhanced(0, 0, u32::MAX, u32::MAX, &[0; 40], &[])
        .block(6, &[0; 8])
        .packets(1, 1);
    let (seen, notes) = read(&file.bytes);
    assert_eq!(seen.iter().map(|s| s.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        texts(&notes.problems),
        [
            "packet says 70000 bytes, its block holds 40",
            "packet says 4294967295 bytes, its block holds 40",
            "packet block with only 8 bytes",
        ]
    );
    assert_eq!(notes.problems[0].frame, Some(1));
}

#[test]
fn enhanced_packets_are_what_pcap_parser_says() {
    for big in [false, true] {
        for len in 0..9 {
            let front = NgFile::new(big).interface(1, 0, &[]);
            let at = front.bytes.len();
            let data: Vec<u8> = (0..len).collect();
            let file = front.enhanced(0, 77, len.into(), 1500, &data, &[(1, b"comment")]);
            let parse =
                if big { parse_enhancedpacketblock_be } else { parse_enhancedpacketblock_le };
            let (_, block) = parse(&file.bytes[at..]).expect("a block");
            let (seen, _) = read(&file.bytes);
            assert_eq!(seen[0].data, block.packet_data());
            assert_eq!(seen[0].wire, block.origlen);
            assert_eq!(seen[0].nanos, i64::from(block.ts_low) * 1000);
        }
    }
}
