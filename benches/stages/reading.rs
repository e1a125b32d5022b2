//! Bytes to packets: walking records, and decompressing before it.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ftpscope::capture::{OpenOptions, Packet, Reader, open};

use crate::material::{PACKETS, capture, thousand};

/// A capture without end: its header, then the same records again and again.
struct Endless {
    head: io::Cursor<Vec<u8>>,
    records: Vec<u8>,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.head.read(buf)?;
        if read > 0 {
            return Ok(read);
        }
        let left = &self.records[self.at..];
        let count = left.len().min(buf.len());
        buf[..count].copy_from_slice(&left[..count]);
        self.at = (self.at + count) % self.records.len();
        Ok(count)
    }
}

fn walk(bencher: Bencher<'_, '_>, profile: &str, pcapng: bool) {
    let (head, records) = thousand(&capture(profile, 40, |p| p.pcapng = pcapng).0);
    let bytes = records.len();
    let mut reader =
        Reader::new(Endless { head: io::Cursor::new(head), records, at: 0 }, 0).unwrap();
    bencher.counter(ItemsCount::new(PACKETS)).counter(BytesCount::new(bytes)).bench_local(|| {
        for _ in 0..PACKETS {
            black_box(reader.next().unwrap());
        }
    });
}

/// Records of a pcap one by one, as what is unusual is read, out of memory: small packets, and full
/// ones.
#[divan::bench(args = ["chatty", "bulk"])]
fn walk_pcap(bencher: Bencher<'_, '_>, profile: &str) {
    walk(bencher, profile, false);
}

/// The same as pcapng.
#[divan::bench(args = ["chatty", "bulk"])]
fn walk_pcapng(bencher: Bencher<'_, '_>, profile: &str) {
    walk(bencher, profile, true);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A whole file on one thread, opened, decompressed and walked as the program does it; bytes are the
/// decompressed ones. The plain file beside them is what is not decompression.
fn file(bencher: Bencher<'_, '_>, name: &str, pcapng: bool, pack: fn(&[u8]) -> Vec<u8>) {
    let (bytes, made) = capture("chatty", 2000, |p| p.pcapng = pcapng);
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, pack(&bytes)).unwrap();
    let (items, size) = (ItemsCount::new(made.packets), BytesCount::new(bytes.len()));
    bencher.counter(items).counter(size).bench_local(|| {
        let mut source = open(std::slice::from_ref(&path), &OpenOptions::default()).source;
        let mut packets = 0;
        source.walk(&mut |packet: Packet<'_>| {
            black_box(&packet);
            packets += 1;
        });
        assert_eq!(packets, made.packets);
    });
}

/// As it is.
#[divan::bench(sample_count = 30)]
fn file_plain(bencher: Bencher<'_, '_>) {
    file(bencher, "plain", false, <[u8]>::to_vec);
}

/// The same as pcapng.
#[divan::bench(sample_count = 30)]
fn file_plain_pcapng(bencher: Bencher<'_, '_>) {
    file(bencher, "plain", true, <[u8]>::to_vec);
}

/// Compressed by gzip, at its usual level.
#[divan::bench(sample_count = 30)]
fn file_gzip(bencher: Bencher<'_, '_>) {
    file(bencher, "gzip", false, gzip);
}

/// Compressed by zstd, at its fastest level.
#[divan::bench(sample_count = 30)]
fn file_zstd(bencher: Bencher<'_, '_>) {
    file(bencher, "zstd", false, zstd);
}
