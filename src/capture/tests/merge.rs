//! Several inputs as one capture; times and filters.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::build::{NgFile, PcapFile, START};
use crate::capture::{CaptureFacts, LinkType, OpenOptions, Timestamp, open};

/// (file, frame, order) of the packets, and the facts.
fn run(inputs: &[PathBuf], options: &OpenOptions) -> (Vec<(u32, u32, u64)>, CaptureFacts) {
    let opened = open(inputs, options);
    assert!(opened.failures.is_empty(), "{:?}", opened.failures);
    let mut source = opened.source;
    let mut seen = Vec::new();
    while let Some(packet) = source.next_packet() {
        let moment = packet.moment;
        seen.push((moment.frame.file, moment.frame.number, moment.order));
    }
    assert!(source.next_packet().is_none());
    (seen, source.finish())
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    path
}

fn at(second: u32) -> Timestamp {
    Timestamp::from_nanos(i64::from(START + second) * 1_000_000_000)
}

fn packets(seconds: &[u32]) -> Vec<u8> {
    let mut file = PcapFile::new();
    for &second in seconds {
        file = file.packet(START + second, 0, &[0; 60]);
    }
    file.bytes
}

#[test]
fn by_time_then_file_and_never_reordered_within_a_file() {
    let folder = TempDir::new().expect("folder");
    let inputs = [
        write(&folder, "a", &packets(&[5, 3, 7])),
        write(&folder, "b", &packets(&[1, 5, 7, 9])),
        write(&folder, "c", &packets(&[20, 21])),
        write(&folder, "d", &packets(&[])),
        write(&folder, "e", &packets(&[5])),
    ];
    let (seen, facts) = run(&inputs, &OpenOptions::default());
    let frames: Vec<_> = seen.iter().map(|(file, frame, _)| (*file, *frame)).collect();
    let want = [(1, 1), (0, 1), (0, 2), (1, 2), (4, 1), (0, 3), (1, 3), (1, 4), (2, 1), (2, 2)];
    assert_eq!(frames, want);
    assert!(seen.iter().zip(1..).all(|((_, _, order), want)| *order == want));
    assert_eq!((facts.packets, facts.bytes), (10, 600));
    assert_eq!((facts.first_packet, facts.last_packet), (Some(at(1)), Some(at(21))));
    assert_eq!(facts.files.len(), 5);
}

#[test]
fn facts_tell_of_all_files() {
    let folder = TempDir::new().expect("folder");
    let ng = NgFile::new(false)
        .interface(101, 0, &[])
        .packet(0, u64::from(START) * 1_000_000, b"abc")
        .statistics(0, 2, 0)
        .enhanced(0, 0, 9, 9, b"x", &[])
        .bytes;
    let cut = PcapFile::new().record(START + 1, 0, 60, 1500, &[0; 60]).raw(&[1; 5]).bytes;
    let inputs = [write(&folder, "a", &ng), write(&folder, "b", &cut)];
    let (_, facts) = run(&inputs, &OpenOptions::default());
    assert_eq!(facts.link_types, [LinkType::RAW, LinkType::ETHERNET]);
    assert_eq!(facts.truncated_packets, 1);
    assert_eq!(facts.dropped_packets, Some(2));
    assert_eq!(facts.bytes, 1503);
    let files: Vec<_> = facts.problems.iter().map(|problem| problem.file).collect();
    assert_eq!(files, [0, 1]);
}

#[test]
fn since_and_until_leave_out_packets_and_keep_numbers() {
    let folder = TempDir::new().expect("folder");
    let inputs = [write(&folder, "a", &packets(&[1, 2, 3, 4, 5]))];
    let options = OpenOptions { since: Some(at(2)), until: Some(at(4)), bpf: None };
    let (seen, facts) = run(&inputs, &options);
    assert_eq!(seen, [(0, 2, 2), (0, 3, 3), (0, 4, 4)]);
    assert_eq!((facts.packets, facts.skipped_packets), (3, 2));
    assert_eq!((facts.first_packet, facts.last_packet), (Some(at(2)), Some(at(4))));
}

#[test]
fn a_source_that_is_left_early_still_tells_its_facts() {
    let folder = TempDir::new().expect("folder");
    let inputs = [write(&folder, "a", &packets(&[1, 2])), write(&folder, "b", &packets(&[3]))];
    let mut source = open(&inputs, &OpenOptions::default()).source;
    assert!(source.next_packet().is_some());
    assert_eq!(source.record_offset(), Some(24));
    assert_eq!(source.finish().packets, 1);
}

#[test]
fn progress_counts_each_byte_once() {
    let folder = TempDir::new().expect("folder");
    let inputs = [write(&folder, "a", &packets(&[1, 2])), write(&folder, "b", &packets(&[3]))];
    let mut source = open(&inputs, &OpenOptions::default()).source;
    let progress = source.progress();
    while source.next_packet().is_some() {}
    assert_eq!(Some(progress.bytes()), source.total_bytes());
}

#[cfg(feature = "live")]
mod bpf {
    use super::*;
    use crate::capture::{BpfError, BpfExpression};

    /// Ethernet, IPv4, TCP to the given port.
    fn tcp(port: u16) -> Vec<u8> {
        let mut frame = vec![0; 54];
        frame[12] = 8;
        frame[14] = 0x45;
        frame[17] = 40;
        frame[23] = 6;
        frame[36..38].copy_from_slice(&port.to_be_bytes());
        frame
    }

    #[test]
    fn only_matching_packets_are_handed_out() {
        let folder = TempDir::new().expect("folder");
        let file = PcapFile::new().packet(START, 0, &tcp(21)).packet(START, 1, &tcp(80)).packet(
            START,
            2,
            &tcp(21),
        );
        let raw = PcapFile::with(0xa1b2_c3d4, false, 65535, 101)
            .packet(START, 3, &tcp(80)[14..])
            .packet(START, 4, &tcp(21)[14..]);
        let inputs = [write(&folder, "a", &file.bytes), write(&folder, "b", &raw.bytes)];
        let bpf = Some(BpfExpression::new("tcp port 21").expect("an expression"));
        let (seen, facts) = run(&inputs, &OpenOptions { bpf, ..OpenOptions::default() });
        assert_eq!(seen, [(0, 1, 1), (0, 3, 3), (1, 2, 5)]);
        assert_eq!(facts.skipped_packets, 2);
        assert!(facts.problems.is_empty());
    }

    #[test]
    fn an_error_of_syntax_is_one_sentence() {
        let error = BpfExpression::new("tcp prot 21").expect_err("no expression");
        assert!(matches!(error, BpfError::Syntax { .. }));
        let text = error.to_string();
        assert!(text.starts_with("`tcp prot 21` is not a BPF expression: "), "{text}");
        assert!(!text.contains('\n'));
    }

    #[test]
    fn a_link_type_that_it_cannot_be_applied_to_is_named_once() {
        let folder = TempDir::new().expect("folder");
        let file = PcapFile::with(0xa1b2_c3d4, false, 65535, 101)
            .packet(START, 0, &tcp(21)[14..])
            .packet(START, 1, &tcp(21)[14..]);
        let inputs = [write(&folder, "a", &file.bytes)];
        let bpf = Some(BpfExpression::new("ether host 00:00:00:00:00:01").expect("an expression"));
        let (seen, facts) = run(&inputs, &OpenOptions { bpf, ..OpenOptions::default() });
        assert!(seen.is_empty());
        assert_eq!(facts.problems.len(), 1);
        assert!(facts.problems[0].text.contains("RAW"), "{:?}", facts.problems);
    }
}

#[cfg(not(feature = "live"))]
#[test]
fn without_libpcap_an_expression_says_so() {
    let error = crate::capture::BpfExpression::new("tcp").expect_err("no libpcap");
    assert!(error.to_string().contains("--features live"));
}

#[test]
fn a_source_may_move_to_another_thread() {
    fn sent<T: Send>(value: T) -> T {
        value
    }
    sent(open(&[], &OpenOptions::default()).source);
}
