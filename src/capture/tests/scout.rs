//! Pieces that are walked ahead change nothing of what is read.

use std::fs;
use std::io::Write;
use std::sync::Arc;

use super::build::{NgFile, PcapFile, START};
use crate::capture::pieces::PIECE;
use crate::capture::{
    CaptureFacts, Found, LinkType, Moment, OpenOptions, Packet, Scout, Source, Take, Timestamp,
    Unplaced, open,
};

/// All that is told of a packet.
#[derive(Debug, PartialEq)]
struct Told {
    order: u64,
    number: u32,
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    data: Vec<u8>,
}

impl Told {
    fn of(packet: &Packet<'_>) -> Self {
        let Packet { moment: Moment { order, time, frame }, link, wire_len, data } = *packet;
        Self { order, number: frame.number, time, link, wire_len, data: data.to_vec() }
    }
}

#[derive(Default)]
struct Tells(Vec<Told>);

impl Take for Tells {
    fn take(&mut self, packet: Packet<'_>) {
        self.0.push(Told::of(&packet));
    }
}

impl Scout for Tells {
    fn look(&self, piece: &mut Unplaced<'_>, used: Option<Found>) -> Found {
        let mut tells = used.map_or_else(Box::default, |used| used.downcast::<Self>().unwrap());
        tells.0.clear();
        piece.walk(&mut *tells);
        tells
    }
}

/// Returns how many packets there are, and how many of them scouts had seen.
fn compare(name: &str, bytes: &[u8]) -> (usize, usize) {
    compare_with(name, bytes, &OpenOptions::default())
}

fn compare_with(name: &str, bytes: &[u8], options: &OpenOptions) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    let opened = || open(std::slice::from_ref(&path), options).source;
    let want = one_by_one(opened());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let (got, facts, seen) = pool.install(|| scouted(opened()));
    assert!(got == want.0, "{name}");
    assert_eq!(facts, want.1, "{name}");
    (got.len(), seen)
}

fn one_by_one(mut source: Source) -> (Vec<Told>, CaptureFacts) {
    let mut packets = Vec::new();
    while let Some(packet) = source.next_packet() {
        packets.push(Told::of(&packet));
    }
    (packets, source.finish())
}

fn scouted(mut source: Source) -> (Vec<Told>, CaptureFacts, usize) {
    assert!(source.can_be_scouted());
    let (mut packets, mut seen) = (Tells::default(), 0);
    while source.move_on() {
        if packets.0.is_empty() {
            source.scout(Arc::new(Tells::default()));
        }
        let packet = source.here().unwrap();
        let before = packet.moment;
        packets.take(packet);
        match source.scouted::<Tells>() {
            None => source.rest(&mut packets),
            Some((mut found, window)) => {
                seen += found.0.len();
                for told in &mut found.0 {
                    told.order += before.order;
                    told.number += before.frame.number;
                }
                packets.0.append(&mut found.0);
                source.give_back(window, Some(found));
            }
        }
        if let Some(left) = source.left_window() {
            source.give_back(left, None);
        }
    }
    (packets.0, source.finish(), seen)
}

/// Packets of many lengths, so many that they fill several pieces.
fn long(mut file: PcapFile) -> PcapFile {
    for i in 0..4000_u32 {
        let data: Vec<u8> = (0..i * 37 % 1400).map(|b| (b * 7 + i) as u8).collect();
        file = file.packet(START + i / 200, i % 200 * 5000, &data);
    }
    file
}

#[test]
fn nearly_all_of_a_sound_file_is_seen_by_scouts() {
    let bytes = long(PcapFile::new()).bytes;
    let (packets, seen) = compare("sound", &bytes);
    let behind_the_first_window = bytes.len() - 512 * 1024;
    let share = seen as f64 / packets as f64;
    let possible = behind_the_first_window as f64 / bytes.len() as f64;
    assert!(share > possible - 0.01, "{share} of {possible}");
    for (magic, big) in [(0xa1b2_c3d4, true), (0xa1b2_cd34, false)] {
        assert_eq!(compare("other", &long(PcapFile::with(magic, big, 65535, 1)).bytes).1, 0);
    }
    assert!(
        compare("nanoseconds", &long(PcapFile::with(0xa1b2_3c4d, false, 65535, 1)).bytes).1 > 0
    );
}

#[test]
fn so_it_is_of_large_packets_and_long_captures() {
    let mut large = PcapFile::new();
    let mut days = PcapFile::new();
    for i in 0..60_u32 {
        large = large.packet(START + i, 0, &[i as u8; 65_000]);
    }
    for i in 0..20_000_u32 {
        days = days.packet(START + i * 5, 0, &[i as u8; 200]);
    }
    let (packets, seen) = compare("large", &large.bytes);
    assert!(seen > packets / 3, "{seen} of {packets}");
    let (packets, seen) = compare("days", &days.bytes);
    assert!(seen > packets / 2, "{seen} of {packets}");
}

#[test]
fn little_files_and_none() {
    assert_eq!(compare("none", &PcapFile::new().bytes), (0, 0));
    assert_eq!(compare("one", &PcapFile::new().packets(0, 1).bytes), (1, 0));
}

#[test]
fn damage_is_met_as_without_scouts() {
    let sound = long(PcapFile::new()).bytes;
    for step in [90_001, 400_009] {
        for fill in [0xee, 0, 1] {
            let mut bytes = sound.clone();
            for at in (600_000..bytes.len() - 40).step_by(step) {
                bytes[at..at + 40].fill(fill);
            }
            bytes.truncate(bytes.len() - 3);
            assert!(compare("damaged", &bytes).1 > 0, "{step} {fill}");
        }
    }
    // Damage where one piece ends and the next begins.
    for around in [-3, 0, 5] {
        let at = (512 * 1024 + 2 * PIECE).strict_add_signed(around);
        let mut bytes = sound.clone();
        bytes[at - 20..at + 20].fill(0xff);
        compare("damaged between", &bytes);
    }
}

#[test]
fn times_may_jump() {
    let days = |i: u32| START + i / 700 * 100_000;
    let mut file = PcapFile::new();
    for i in 0..6000_u32 {
        // Back and forth, also before the first packet.
        let sec = if i % 97 == 3 { START - 50 } else { days(i) - i % 5 };
        file = file.packet(sec, i, &[i as u8; 300]);
    }
    assert!(compare("days", &file.bytes).1 > 0);
}

#[test]
fn what_looks_like_records_is_payload() {
    let inner = PcapFile::new().packets(0, 4000).bytes;
    let mut file = long(PcapFile::new());
    for (i, part) in inner.chunks(50_000).cycle().take(30).enumerate() {
        file = file.packet(START + 30, i as u32, part);
    }
    compare("a capture in a capture", &file.bytes);
}

#[test]
fn blocks_between_packets_count() {
    let many = |mut file: NgFile, from: u32, interface: u32| {
        for i in from..from + 1500 {
            let ticks = u64::from(START) * 1_000_000 + u64::from(i) * 900;
            file = file.packet(interface, ticks, &vec![i as u8; (i % 1300) as usize]);
        }
        file
    };
    let file = || NgFile::ethernet();
    let start = || many(file(), 0, 0);
    assert!(compare("sound", &many(start(), 1500, 0).bytes).1 > 0);
    let more = many(start().interface(101, 0, &[]).interface(1, 96, &[]), 1500, 1);
    assert!(compare("interfaces", &many(many(more, 3000, 0), 4500, 2).bytes).1 > 0);
    let statistics = many(start().statistics(0, 7, 9), 1500, 0);
    assert!(compare("statistics", &many(statistics, 3000, 0).bytes).1 > 0);
    let simple = many(start().simple(60, &[1; 60]), 1500, 0).simple(1500, &[2; 60]);
    compare("simple", &many(simple, 3000, 0).bytes);
    for big in [false, true] {
        let section = start().section(big, &[]).interface(101, 0, &[]);
        compare("sections", &many(many(section, 1500, 0), 3000, 0).bytes);
    }
    let mut comments = start();
    for i in 0..900 {
        let ticks = u64::from(START) * 1_000_000;
        let data = [i as u8; 600];
        comments = comments.enhanced(0, ticks, 600, 600, &data, &[(1, b"a comment")]);
        comments = comments.enhanced(0, ticks, 600, 600, &data, &[(2, &[0, 0, 0, 1])]);
    }
    compare("comments", &many(comments, 1500, 0).bytes);
}

#[test]
fn packets_may_be_left_out() {
    let bytes = long(PcapFile::new()).bytes;
    let at = |sec: u32| Timestamp::from_nanos((i64::from(START) + i64::from(sec)) * 1_000_000_000);
    for (since, until) in [(None, Some(at(15))), (Some(at(5)), Some(at(17))), (Some(at(12)), None)]
    {
        let options = OpenOptions { since, until, bpf: None };
        let (packets, seen) = compare_with("left out", &bytes, &options);
        assert!(packets < 4000 && seen > 100, "{since:?} {until:?} {seen}");
    }
}

#[test]
fn several_inputs_and_streams_are_not_scouted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, PcapFile::new().packets(0, 10).bytes).unwrap();
    let opened = |paths: &[_]| open(paths, &OpenOptions::default()).source;
    assert!(opened(std::slice::from_ref(&path)).can_be_scouted());
    assert!(!opened(&[path.clone(), path.clone()]).can_be_scouted());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&fs::read(&path).unwrap()).unwrap();
    fs::write(&path, gzip.finish().unwrap()).unwrap();
    assert!(!opened(&[path]).can_be_scouted());
}
