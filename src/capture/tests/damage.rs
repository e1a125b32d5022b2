//! Captures that are cut or damaged: what can be read is, and the rest is named.

use super::build::{NgFile, PcapFile, START};
use super::{read, texts};
use crate::capture::{NotACapture, Reader};

#[test]
fn a_pcap_cut_at_any_byte_gives_a_prefix_and_a_problem() {
    let file = PcapFile::new().packets(0, 5).bytes;
    let whole = read(&file).0;
    for cut in 0..file.len() {
        let bytes = &file[..cut];
        if cut < 24 {
            let error = Reader::new(bytes, 0).err();
            let want = match cut {
                0 => NotACapture::Empty,
                1..4 => continue,
                have => NotACapture::HeaderCut { have, need: 24 },
            };
            assert_eq!(error, Some(want));
            continue;
        }
        let (seen, notes) = read(bytes);
        assert_eq!(seen.len(), (cut - 24) / 116);
        assert_eq!(seen[..], whole[..seen.len()]);
        let clean = (cut - 24) % 116 == 0;
        assert_eq!(notes.problems.is_empty(), clean, "{cut} {:?}", notes.problems);
    }
}

#[test]
fn a_pcapng_cut_at_any_byte_gives_a_prefix_and_a_problem() {
    let file = NgFile::ethernet().packets(0, 5).bytes;
    let whole = read(&file).0;
    let mut ends = vec![28, 48];
    ends.extend((1..5).map(|count| 48 + count * 132));
    for cut in 28..file.len() {
        let (seen, notes) = read(&file[..cut]);
        assert_eq!(seen.len(), cut.saturating_sub(48) / 132);
        assert_eq!(seen[..], whole[..seen.len()]);
        assert_eq!(notes.problems.is_empty(), ends.contains(&cut), "{cut} {:?}", notes.problems);
    }
}

#[test]
fn a_cut_record_is_named_with_its_place() {
    let file = PcapFile::new().packets(0, 2).record(START, 9, 70_000, 70_000, &[1; 12]);
    let (_, notes) = read(&file.bytes);
    assert_eq!(texts(&notes.problems), ["record says 70000 bytes, only 12 are left"]);
    assert_eq!(notes.problems[0].offset, Some(24 + 2 * 116));
    assert_eq!(notes.problems[0].frame, Some(2));

    let file = PcapFile::new().packets(0, 1).raw(&[1; 7]);
    let (_, notes) = read(&file.bytes);
    assert_eq!(texts(&notes.problems), ["record header has 16 bytes, only 7 of them are left"]);

    let bytes = NgFile::ethernet().packets(0, 2).bytes;
    let (_, notes) = read(&bytes[..bytes.len() - 32]);
    assert_eq!(texts(&notes.problems), ["block says 132 bytes, only 100 are left"]);
}

#[test]
fn reading_resumes_behind_an_absurd_length() {
    for captured in [u32::MAX, 300_000] {
        let file = PcapFile::new()
            .packets(0, 3)
            .record(START, 3000, captured, 100, &[3; 100])
            .packets(4, 3);
        let (seen, notes) = read(&file.bytes);
        let numbers: Vec<_> = seen.iter().map(|s| (s.number, s.data[0])).collect();
        assert_eq!(numbers, [(1, 0), (2, 1), (3, 2), (4, 4), (5, 5), (6, 6)]);
        assert_eq!(
            texts(&notes.problems),
            [format!(
                "record says {captured} bytes, more than any packet has; reading resumes 116 bytes \
                 further on"
            )]
        );
    }
}

#[test]
fn reading_resumes_behind_a_length_that_is_merely_wrong() {
    // Beyond the end of the file, too short, and too long by a few records.
    for captured in [20_000, 60, 250] {
        let file = PcapFile::new()
            .packets(0, 3)
            .record(START, 3000, captured, 100, &[0xee; 100])
            .packets(4, 20);
        let (seen, notes) = read(&file.bytes);
        let last = seen.last().expect("packets");
        assert_eq!(last.data, [23; 100], "{captured}");
        assert!(seen.len() >= 22, "{captured} {}", seen.len());
        assert_eq!(notes.problems.len(), 1, "{captured} {:?}", notes.problems);
    }
}

#[test]
fn reading_resumes_behind_a_hole_of_zeros_or_noise() {
    let noise: Vec<u8> =
        (0..5000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for hole in [vec![0; 3000], vec![0xff; 3000], noise, vec![0; 600_000]] {
        let len = hole.len();
        let file = PcapFile::new().packets(0, 3).raw(&hole).packets(3, 3);
        let (seen, notes) = read(&file.bytes);
        assert_eq!(seen.len(), 6, "{len}");
        assert_eq!(notes.problems.len(), 1, "{len} {:?}", notes.problems);
        assert_eq!(notes.problems[0].offset, Some(24 + 3 * 116));

        let file = NgFile::ethernet().packets(0, 3).raw(&hole).packets(3, 3);
        let (seen, notes) = read(&file.bytes);
        assert_eq!(seen.len(), 6, "{len}");
        assert_eq!(notes.problems.len(), 1, "{len} {:?}", notes.problems);
    }
}

#[test]
fn a_tail_of_zeros_is_one_problem() {
    let (seen, notes) = read(&PcapFile::new().packets(0, 3).raw(&[0; 4000]).bytes);
    assert_eq!(seen.len(), 3);
    assert_eq!(
        texts(&notes.problems),
        ["zeros where a record should begin; nothing after it could be read"]
    );
    let (seen, notes) = read(&NgFile::ethernet().packets(0, 3).raw(&[0; 4000]).bytes);
    assert_eq!((seen.len(), notes.problems.len()), (3, 1));
}

#[test]
fn an_absurd_length_allocates_nothing_and_a_long_search_ends() {
    let mut bytes = PcapFile::new().packets(0, 1).record(START, 0, u32::MAX, 1, &[]).bytes;
    bytes.resize(bytes.len() + 40 * 1024 * 1024, 0x11);
    let (seen, notes) = read(&bytes);
    assert_eq!((seen.len(), notes.problems.len()), (1, 1));
}

#[test]
fn wrong_block_lengths_are_survived() {
    // Length behind the block wrong: the block is sound.
    let front = NgFile::ethernet().packets(0, 1);
    let end = front.bytes.len();
    let mut bytes = front.packets(1, 2).bytes;
    bytes[end - 4] = 99;
    let (seen, notes) = read(&bytes);
    assert_eq!(seen.len(), 3);
    assert_eq!(texts(&notes.problems), ["block says 132 bytes in front and 99 behind"]);

    // Length in front of the block wrong: the block is lost.
    for len in [0_u32, 8, 13, 64, 200, 4000, u32::MAX] {
        let front = NgFile::ethernet().packets(0, 1);
        let at = front.bytes.len();
        let mut bytes = front.packets(1, 4).bytes;
        bytes[at + 4..at + 8].copy_from_slice(&len.to_le_bytes());
        let (seen, notes) = read(&bytes);
        assert_eq!(seen.len(), 4, "{len} {:?}", notes.problems);
        assert_eq!(notes.problems.len(), 1, "{len} {:?}", notes.problems);
        assert_eq!(notes.problems[0].offset, Some(at as u64));
    }
}

#[test]
fn problems_are_bounded() {
    let mut file = NgFile::ethernet();
    for _ in 0..500 {
        file = file.enhanced(7, 0, 1, 1, b"x", &[]);
    }
    let (problems, _) = read(&file.bytes).1.into_parts();
    assert_eq!(problems.len(), 51);
    assert_eq!(problems[50].text, "450 more places of this file could not be read");
}
