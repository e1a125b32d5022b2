//! What is decoded ahead is what is decoded.

use std::path::{Path, PathBuf};

use super::*;
use crate::capture::{LinkType, Moment};
use crate::capture::{OpenOptions, open};
use crate::decode::Decoded;
use crate::engine::batches::Batches;
use crate::ftp::recognise::looks_like_greeting;

fn source(path: &Path) -> Source {
    open(&[path.to_owned()], &OpenOptions::default()).source
}

fn all(batch: &Batch) -> impl Iterator<Item = (Decoded<'_>, Moment, LinkType)> {
    batch.packets().iter().filter_map(|item| match item {
        Item::Brief(brief) => {
            let segment = batch.segment(brief);
            assert_eq!(brief.greets(), looks_like_greeting(segment.payload));
            Some((Decoded::Segment(segment), batch.moment(brief), LinkType::ETHERNET))
        }
        Item::Other(place) => batch.other(*place),
    })
}

fn told(decoded: &Decoded<'_>, at: Moment, link: LinkType) -> String {
    format!("{decoded:?} {at:?} {link:?}")
}

#[test]
fn packets_are_small() {
    assert_eq!(size_of::<Item>(), 48);
}

/// What is decoded ahead is what is decoded, over many windows, fragments included. Returns the number of
/// windows, and how many of them scouts had decoded.
fn compare(path: &Path) -> (usize, usize) {
    let (mut one, mut decoder, mut want) = (source(path), Decoder::new(), Vec::new());
    while let Some(packet) = one.next_packet() {
        want.push(told(&decoder.decode(&packet), packet.moment, packet.link));
    }
    assert!(!want.is_empty());
    let kept = |read_ahead: bool| {
        let mut source = source(path);
        if read_ahead {
            source.read_ahead();
        }
        assert!(source.keep_windows());
        Decoding::ahead(source)
    };
    let scouts = Batches::here(Decoding::scouted(source(path)));
    let (mut windows, mut scouted) = (0, 0);
    for mut batches in [Batches::Ahead(kept(false)), Batches::Ahead(kept(true)), scouts] {
        let mut got = Vec::new();
        (windows, scouted) = (0, 0);
        let over = loop {
            let mut batch = batches.next();
            got.extend(all(&batch).map(|(decoded, at, link)| told(&decoded, at, link)));
            windows += 1;
            scouted += usize::from(batch.is_scouted());
            match batch.over.take() {
                Some(over) => break over,
                None => batches.give_back(batch),
            }
        };
        assert!(got == want, "{}", path.display());
        assert_eq!(over.finish(), source_read(path));
    }
    (windows, scouted)
}

fn source_read(path: &Path) -> crate::capture::CaptureFacts {
    let mut source = source(path);
    while source.next_packet().is_some() {}
    source.finish()
}

/// The records of a pcap file, IPv4 packets over Ethernet in two fragments each.
fn fragmented(records: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), records);
    while let Some((header, behind)) = rest.split_first_chunk::<16>() {
        let len = u32::from_le_bytes(*header[8..].first_chunk().unwrap()) as usize;
        let (frame, next) = behind.split_at(len);
        rest = next;
        let mut write = |frame: &[u8]| {
            out.extend(&header[..8]);
            out.extend([(frame.len() as u32).to_le_bytes(); 2].concat());
            out.extend(frame);
        };
        let total = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
        if frame[12..15] != [8, 0, 0x45] || total < 60 || frame.len() < total {
            write(frame);
            continue;
        }
        for (part, offset, more) in [(&frame[34..58], 0, 0x20), (&frame[58..total], 3, 0)] {
            let mut fragment = [&frame[..34], part].concat();
            fragment[16..18].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
            fragment[20..22].copy_from_slice(&[more, offset]);
            write(&fragment);
        }
    }
    out
}

#[test]
fn decoded_ahead_is_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let samples = std::fs::read_dir(samples).unwrap().map(|e| e.unwrap().path());
    let mut samples: Vec<PathBuf> =
        samples.filter(|p| p.extension().is_some_and(|e| e == "pcap")).collect();
    samples.sort();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let long = folder.path().join("long");
    let mut fragments = 0;
    for sample in samples.iter().step_by(20) {
        let bytes = std::fs::read(sample).unwrap();
        if !bytes.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]) {
            continue;
        }
        let pieces = fragmented(&bytes[24..]);
        fragments += usize::from(pieces.len() > bytes.len());
        for records in [&bytes[24..], &pieces] {
            // The same packets again and again, until they fill several windows.
            let mut repeated = bytes[..24].to_vec();
            while repeated.len() < 1_200_000 {
                repeated.extend(records);
            }
            // Cut in the middle of a packet.
            repeated.truncate(repeated.len() - 5);
            std::fs::write(&long, &repeated).unwrap();
            let (windows, scouted) = pool.install(|| compare(&long));
            assert!(windows > 3 && scouted > 1);
        }
    }
    assert!(fragments > 3);
}
