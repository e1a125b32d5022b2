//! Every compression: whole, in several parts, cut short.

use std::io::{Cursor, Read, Write};

use super::build::PcapFile;
use super::{read, read_from, texts};
use crate::capture::decompress;

/// `bytes` in every compression, with its name.
pub(super) fn all(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes).expect("gzip");
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    bzip2.write_all(bytes).expect("bzip2");
    let info = lz4_flex::frame::FrameInfo::new()
        .block_size(lz4_flex::frame::BlockSize::Max64KB)
        .content_checksum(true);
    let mut lz4 = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    lz4.write_all(bytes).expect("lz4");
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).expect("xz");
    xz.write_all(bytes).expect("xz");
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    vec![
        ("gzip", gzip.finish().expect("gzip")),
        ("zstd", ruzstd::encoding::compress_to_vec(bytes, level)),
        ("lz4", lz4.finish().expect("lz4")),
        ("xz", xz.finish().expect("xz")),
        ("bzip2", bzip2.finish().expect("bzip2")),
    ]
}

fn unpack(bytes: Vec<u8>) -> Box<dyn Read + Send> {
    let (stream, compression) = decompress::open(Box::new(Cursor::new(bytes))).expect("opened");
    assert!(compression.is_some());
    stream
}

#[test]
fn compressed_is_like_plain() {
    let file = PcapFile::new().packets(0, 3000).bytes;
    for (name, bytes) in all(&file) {
        let (seen, notes) = read_from(unpack(bytes));
        assert_eq!(seen, read(&file).0, "{name}");
        assert!(notes.problems.is_empty(), "{name} {:?}", notes.problems);
    }
}

#[test]
fn parts_follow_each_other() {
    let file = PcapFile::new().packets(0, 3000).bytes;
    let (front, back) = file.split_at(100_001);
    for ((name, mut bytes), (_, more)) in all(front).into_iter().zip(all(back)) {
        if matches!(name, "zstd" | "lz4") {
            // A skippable frame in between.
            bytes.extend([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        }
        bytes.extend(more);
        let (seen, notes) = read_from(unpack(bytes));
        assert_eq!(seen.len(), 3000, "{name} {:?}", notes.problems);
        assert!(notes.problems.is_empty(), "{name} {:?}", notes.problems);
    }
}

#[test]
fn what_is_there_of_a_cut_file_is_read() {
    // Packets that don't compress well, so that every format has several blocks.
    let mut file = PcapFile::new();
    let mut noise = 1_u64;
    for index in 0..3000_u32 {
        let data: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (noise >> 33) as u8
        })
        .take(1000)
        .collect();
        file = file.packet(super::build::START, index, &data);
    }
    let file = file.bytes;
    for (name, bytes) in all(&file) {
        let cut = bytes.len() / 2;
        let (seen, notes) = read_from(unpack(bytes[..cut].to_vec()));
        // bzip2 has blocks of 900 kB, of which a cut one is lost.
        assert!(seen.len() > 800 && seen.len() < 1600, "{name} {}", seen.len());
        assert_eq!(texts(&notes.problems), [format!("the {name} data is cut short here")]);
        let frame = notes.problems[0].frame;
        assert_eq!(frame, Some(seen.len() as u32));
    }
}

#[test]
fn cut_anywhere_is_said() {
    let file = PcapFile::new().packets(0, 50).bytes;
    for (name, bytes) in all(&file) {
        for cut in 6..bytes.len() {
            let mut read = Vec::new();
            let error = unpack(bytes[..cut].to_vec()).read_to_end(&mut read).err();
            let text = error.map(|error| error.to_string());
            assert_eq!(text, Some(format!("the {name} data is cut short here")), "{name} {cut}");
            assert_eq!(read[..], file[..read.len()]);
        }
    }
}
