//! Walking gives what asking for one packet after the other gives, of sound captures and of others.

use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;

use super::build::{NgFile, PcapFile, START};
use crate::capture::reader::Onward;
use crate::capture::{
    CaptureFacts, LinkType, OpenOptions, Packet, RawPacket, Source, Take, Timestamp, open,
};

/// All that is told of packets.
fn told(packet: &Packet<'_>) -> String {
    format!("{packet:?} {:?}", packet.moment.frame)
}

fn one_by_one(mut source: Source) -> (Vec<String>, CaptureFacts) {
    let mut packets = Vec::new();
    while let Some(packet) = source.next_packet() {
        packets.push(told(&packet));
    }
    (packets, source.finish())
}

/// Takes packets, and looks at them before.
struct Looking<'a>(&'a mut Vec<String>);

impl Take for Looking<'_> {
    const AHEAD: usize = 6;
    const GROUP: usize = 2;

    fn ahead<'p>(&mut self, next: impl Iterator<Item = (LinkType, &'p [u8])>) {
        assert!(next.count() <= 2);
    }

    fn take(&mut self, packet: Packet<'_>) {
        self.0.push(told(&packet));
    }
}

/// The same packets walked, after the first of them were asked for.
fn walked(mut source: Source, first: usize) -> (Vec<String>, CaptureFacts) {
    let mut packets = Vec::new();
    for _ in 0..first {
        packets.extend(source.next_packet().map(|packet| told(&packet)));
    }
    if first.is_multiple_of(2) {
        source.walk(&mut Looking(&mut packets));
    } else {
        source.walk(&mut |packet: Packet<'_>| packets.push(told(&packet)));
    }
    assert!(source.next_packet().is_none());
    (packets, source.finish())
}

/// Returns how many packets there are.
fn compare(files: &[PathBuf], options: &OpenOptions) -> usize {
    let open = || open(files, options).source;
    let want = one_by_one(open());
    for first in [0, 1, 3] {
        assert!(walked(open(), first) == want, "{files:?}, {first} before, {options:?}");
    }
    want.0.len()
}

fn at(second: i64, nanos: i64) -> Timestamp {
    Timestamp::from_nanos((i64::from(START) + second) * 1_000_000_000 + nanos)
}

/// Captures of all kinds, sound and little else.
fn files() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for magic in [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34] {
        for big in [false, true] {
            files.push(PcapFile::with(magic, big, 65535, 1).packets(0, 30).bytes);
        }
    }
    let mut odd = PcapFile::new();
    for (i, second) in [0, 1, 1, 0, 90_000, 2, 100_000, 3, 0, 5].into_iter().enumerate() {
        odd = odd.packet(START + second, i as u32, &[i as u8; 60]).record(
            START + second,
            0,
            20,
            [1500, 20, 10][i % 3],
            &[3; 20],
        );
    }
    files.push(odd.bytes);
    // Many in one cell of time, out of order up to the last of them; several files of them at once.
    for offset in [2500, 2507, 2800] {
        let micros = (0..60).map(|i| offset + 30 * (i ^ 1));
        let dense = |file: PcapFile, at| file.packet(START, at, &[1; 60]);
        files.push(micros.fold(PcapFile::new(), dense).bytes);
    }
    for big in [false, true] {
        let tick = |i: u64| u64::from(START) * 1_000_000 + i * 300;
        let mut file = NgFile::new(big)
            .interface(1, 0, &[])
            .interface(101, 96, &[(9, &[9])])
            .interface(1, 0, &[(9, &[0x80 | 20])])
            .interface(1, 0, &[(14, &7_u64.to_le_bytes())]);
        for i in 0..40_u64 {
            let data = vec![i as u8; 50 + i as usize];
            file = match i % 9 {
                0..3 => file.packet(0, tick(i), &data),
                3 => file.packet(1, tick(i) * 1000, &data),
                4 => file.packet(2, i << 20, &data),
                5 => file.packet(3, tick(i), &data),
                6 => {
                    file.enhanced(0, tick(i), 9, 60, &data[..9], &[(1, b"said"), (2, b"\0\0\0\0")])
                }
                7 => file.statistics(0, 1, 2).simple(60, &data),
                _ => file.obsolete(0, 2, tick(i), &data).interface(1, 0, &[]),
            };
        }
        files.push(file.section(!big, &[]).packets(0, 3).interface(1, 0, &[]).packets(0, 20).bytes);
    }
    files
}

/// Takes packets, and is shown them before.
struct Taken {
    taken: usize,
    shown: usize,
    /// Where the data of the one stands that was shown last.
    last: usize,
}

impl Onward for Taken {
    const AHEAD: usize = 12;
    const GROUP: usize = 4;

    fn ahead<'p>(&mut self, next: impl Iterator<Item = &'p [u8]>) {
        let before = self.shown;
        for data in next.take(3) {
            assert!(data.as_ptr().addr() > self.last, "one after the other");
            self.last = data.as_ptr().addr();
            self.shown += 1;
        }
        assert!(self.shown > before);
        // One that wasn't looked at counts as well.
        self.shown = before + 4;
    }

    fn turn(&mut self, _: LinkType) {}

    fn take(&mut self, _: RawPacket<'_>) -> bool {
        self.taken += 1;
        assert!(self.taken > 3000 || self.shown > self.taken + 11, "{} {}", self.taken, self.shown);
        assert!(self.shown <= self.taken + 12 + 4);
        true
    }
}

#[test]
fn the_short_cut_is_taken() {
    for file in [PcapFile::new().packets(0, 5000).bytes, NgFile::ethernet().packets(0, 5000).bytes]
    {
        let mut reader = crate::capture::Reader::new(&file[..], 0).expect("a capture");
        assert!(reader.advance());
        let mut taken = Taken { taken: 0, shown: 0, last: 0 };
        reader.rest(&mut taken);
        assert!(taken.taken > 3000, "{}", taken.taken);
    }
}

#[test]
fn files_one_and_several() {
    let folder = tempfile::tempdir().expect("folder");
    let mut paths = Vec::new();
    for (i, file) in files().into_iter().enumerate() {
        paths.push(folder.path().join(i.to_string()));
        fs::write(&paths[i], file).expect("written");
    }
    let none = OpenOptions::default();
    let within = |from, to| OpenOptions { since: Some(from), until: Some(to), bpf: None };
    for path in &paths {
        assert!(compare(std::slice::from_ref(path), &none) >= 20);
        let some = within(at(0, 3_000_000), at(0, 7_000_000));
        assert!(compare(std::slice::from_ref(path), &some) < 60);
        compare(std::slice::from_ref(path), &within(at(0, 2_600_000), at(0, 3_500_000)));
    }
    for several in paths.windows(3) {
        assert!(compare(several, &none) >= 60);
        compare(several, &within(at(0, 3_000_000), at(1, 0)));
        compare(several, &within(at(0, 2_600_000), at(0, 3_500_000)));
    }
}

#[test]
fn all_samples() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let mut packets = 0;
    for entry in fs::read_dir(samples).expect("samples") {
        let path = entry.expect("a sample").path();
        if path.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            packets += compare(&[path], &OpenOptions::default());
        }
    }
    assert!(packets > 10_000, "{packets}");
}

proptest! {
    #[test]
    fn damaged_files(
        which in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = which.get(&files()).clone();
        for (index, value) in &changes {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len()) / 4);
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        fs::write(&path, bytes).expect("written");
        compare(&[path], &OpenOptions::default());
    }
}
