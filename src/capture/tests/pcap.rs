//! Sound pcap files of every kind.

use super::build::{PcapFile, START};
use super::{Drip, read, read_from};
use crate::capture::LinkType;

const NANOS: i64 = START as i64 * 1_000_000_000;

#[test]
fn every_magic_and_byte_order() {
    for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1), (0xa1b2_cd34, 1000)] {
        for big in [false, true] {
            let file = PcapFile::with(magic, big, 65535, 1).packet(START, 5, b"one").packet(
                START + 1,
                7,
                b"three",
            );
            let (seen, notes) = read(&file.bytes);
            assert!(notes.problems.is_empty(), "{magic:x} {big} {:?}", notes.problems);
            let got: Vec<_> = seen.iter().map(|s| (s.nanos, s.number, &s.data[..])).collect();
            assert_eq!(
                got,
                [
                    (NANOS + 5 * unit, 1, &b"one"[..]),
                    (NANOS + 1_000_000_000 + 7 * unit, 2, b"three")
                ],
                "{magic:x} {big}"
            );
        }
    }
}

#[test]
fn the_link_type_loses_its_fcs_bits() {
    let (seen, _) =
        read(&PcapFile::with(0xa1b2_c3d4, false, 65535, 0x2400_0071).packets(0, 1).bytes);
    assert_eq!(seen[0].link, LinkType::LINUX_SLL);
    let (seen, _) = read(&PcapFile::with(0xa1b2_c3d4, false, 65535, 12).packets(0, 1).bytes);
    assert_eq!(seen[0].link, LinkType::RAW);
}

#[test]
fn a_header_alone_is_a_capture_of_nothing() {
    let (seen, notes) = read(&PcapFile::new().bytes);
    assert!(seen.is_empty() && notes.problems.is_empty());
}

#[test]
fn odd_lengths_are_tolerated() {
    let file = PcapFile::new()
        .packets(0, 2)
        .record(START, 3000, 0, 0, b"")
        .record(START, 4000, 5, 3, b"12345")
        .record(START, 5000, 4, 1500, b"abcd")
        .packets(6, 2);
    let (seen, notes) = read(&file.bytes);
    assert!(notes.problems.is_empty(), "{:?}", notes.problems);
    let lengths: Vec<_> = seen.iter().map(|s| (s.data.len(), s.wire)).collect();
    assert_eq!(
        lengths,
        [(100, 100), (100, 100), (0, 0), (5, 3), (4, 1500), (100, 100), (100, 100)]
    );
}

#[test]
fn odd_times_are_tolerated() {
    // Relative times, a jump of years, there and back, and microseconds beyond a second.
    let file = PcapFile::new()
        .packet(0, 0, &[1; 60])
        .packet(0, 10, &[2; 60])
        .packet(START, 0, &[3; 60])
        .packet(START, 1_500_000, &[4; 60])
        .packet(100, 0, &[5; 60]);
    let (seen, notes) = read(&file.bytes);
    assert!(notes.problems.is_empty(), "{:?}", notes.problems);
    assert_eq!(seen.len(), 5);
    assert_eq!(seen[3].nanos, NANOS + 1_500_000_000);
}

#[test]
fn records_larger_than_the_buffer_are_whole() {
    let data = vec![0x5a; 3_000_000];
    let file = PcapFile::with(0xa1b2_c3d4, false, 4_000_000, 1)
        .packets(0, 1)
        .packet(START, 9000, &data)
        .packets(10, 1);
    let (seen, notes) = read(&file.bytes);
    assert!(notes.problems.is_empty(), "{:?}", notes.problems);
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[1].data, data);
}

#[test]
fn a_pipe_may_give_a_byte_at_a_time() {
    let file = PcapFile::new().packets(0, 20);
    assert_eq!(read_from(Drip::new(&file.bytes)).0, read(&file.bytes).0);
}

#[test]
fn many_pieces_make_one_walk() {
    let file = PcapFile::new().packets(0, 20_000);
    let (seen, notes) = read(&file.bytes);
    assert!(notes.problems.is_empty());
    assert_eq!(seen.len(), 20_000);
    assert!(seen.iter().enumerate().all(|(i, s)| s.data == [i as u8; 100]));
}
