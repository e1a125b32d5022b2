//! The same packets in other files: formats, times, splits, orders, compression.

use std::io::Write;

use crate::capture::{Capture, Format, bytes, write};
use crate::tcp::Segment;
use crate::{holds, nothing, verdict};

#[test]
fn pcap_and_pcapng_micros_and_nanos() {
    for format in [Format::Micros, Format::MicrosBigEndian, Format::Nanos, Format::Pcapng] {
        holds(&format!("{format:?}"), nothing, |c| Some(verdict::of_format(c, format)));
    }
}

#[test]
fn gzip() {
    holds("gzip", nothing, |c| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&bytes(c, Format::Pcapng)).unwrap();
        Some(verdict::of_bytes(&gzip.finish().unwrap(), "p.pcapng.gz"))
    });
}

#[test]
fn shifted_times() {
    let day = 86_400_000_000_000;
    // To the second of 2038 where a signed 32-bit count ends, and to a year before 1980.
    for (what, target) in [("2038", 2_147_483_647_000_000_000), ("1971", 365 * day)] {
        holds(what, nothing, |c| {
            let first = c.packets.first()?.nanos;
            let mut c = c.clone();
            c.packets.iter_mut().for_each(|p| p.nanos = p.nanos - first + target - 1_500_000_123);
            Some(verdict::of(&c))
        });
    }
}

/// Parts in files of their own.
fn split(parts: Vec<Capture>, reversed: bool) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<_> = parts
        .iter()
        .filter(|p| !p.packets.is_empty())
        .enumerate()
        .map(|(i, part)| write(folder.path(), &format!("{i}.pcap"), part, Format::Nanos))
        .collect();
    if reversed {
        files.reverse();
    }
    verdict::of_files(&files)
}

fn thirds(c: &Capture) -> Vec<Capture> {
    c.packets.chunks(c.packets.len().div_ceil(3)).map(|p| c.with(p.to_vec())).collect()
}

#[test]
fn split_in_three() {
    holds("split in three", nothing, |c| Some(split(thirds(c), false)));
    holds("split in three, the last file first", nothing, |c| Some(split(thirds(c), true)));
}

/// Packets in one file or the other, by what they are.
fn sorted_out(c: &Capture, first: impl Fn(&Segment) -> bool) -> Vec<Capture> {
    let is_first = |p: &&_| Segment::of(c, p).is_some_and(|s| first(&s));
    let (one, other) = c.packets.iter().partition::<Vec<_>, _>(is_first);
    [one, other].map(|p| c.with(p.into_iter().cloned().collect())).into()
}

#[test]
fn control_and_data_in_files_of_their_own() {
    for reversed in [false, true] {
        holds("control in one file, data in another", nothing, |c| {
            (!ties(c)).then(|| split(sorted_out(c, Segment::is_control), reversed))
        });
    }
}

#[test]
fn each_direction_in_a_file_of_its_own() {
    for reversed in [false, true] {
        holds("a file for each direction", nothing, |c| {
            (!ties(c)).then(|| split(sorted_out(c, |s| s.from < s.to), reversed))
        });
    }
}

/// Packets at the same time: which was first is known by their order in one file only.
fn ties(c: &Capture) -> bool {
    c.packets.windows(2).any(|w| w[0].nanos >= w[1].nanos)
}
