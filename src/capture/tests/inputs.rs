//! Files, folders and what is none of them.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::build::{NgFile, PcapFile};
use crate::capture::{OpenError, OpenOptions, expand, open};

fn folder() -> TempDir {
    TempDir::new().expect("folder")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("written");
    path
}

/// The sentence that a file of these bytes gets, without its path.
fn sentence(bytes: &[u8]) -> String {
    let folder = folder();
    let path = write(folder.path(), "f", bytes);
    let opened = open(std::slice::from_ref(&path), &OpenOptions::default());
    assert_eq!(opened.failures.len(), 1);
    assert_eq!(opened.failures[0].path(), path);
    let text = opened.failures[0].to_string();
    let prefix = format!("{}: ", path.display());
    text.strip_prefix(&prefix).expect("names the file").to_owned()
}

#[test]
fn what_is_no_capture_is_said_in_a_sentence() {
    assert_eq!(sentence(b""), "empty, 0 bytes; nothing was captured, or it was not written yet");
    assert_eq!(
        sentence(&[0xff, 0xd8, 0xff, 0xe0, 0, 16]),
        "a JPEG image, not a capture; give a pcap or pcapng file"
    );
    assert_eq!(
        sentence(&[7, 1, 2, 3, 4]),
        "a file of unknown format, not a capture; give a pcap or pcapng file"
    );
    assert_eq!(
        sentence(&PcapFile::new().bytes[..10]),
        "has 10 of the 24 bytes of a capture's header; it was cut off at offset 10"
    );
    let gzip = super::compressed::all(b"hello, this is text\n").swap_remove(0).1;
    assert_eq!(
        sentence(&gzip),
        "gzip data with a text file in it, not a capture; give a pcap or pcapng file"
    );
    assert_eq!(sentence(&gzip[..12]), "cannot be read: the gzip data is cut short here");
}

#[test]
fn the_other_inputs_are_still_read() {
    let folder = folder();
    let good = write(folder.path(), "good", &PcapFile::new().packets(0, 3).bytes);
    let none = folder.path().join("none");
    let opened = open(&[none.clone(), good.clone()], &OpenOptions::default());
    assert_eq!(opened.failures, [OpenError::Missing { path: none }]);
    let mut source = opened.source;
    assert_eq!(source.files(), [good.display().to_string()]);
    let packet = source.next_packet().expect("a packet");
    assert_eq!(packet.moment.frame.file, 0);
}

#[test]
fn a_folder_stands_for_its_captures_by_name() {
    let folder = folder();
    let path = folder.path();
    let gzip = super::compressed::all(&PcapFile::new().packets(0, 1).bytes).swap_remove(0).1;
    let c = write(path, "c.pcap", &PcapFile::new().packets(0, 1).bytes);
    let a = write(path, "a.pcapng", &NgFile::ethernet().packets(0, 1).bytes);
    let b = write(path, "b.gz", &gzip);
    write(path, "notes.txt", b"not a capture");
    write(path, "empty.pcap", b"");
    fs::create_dir(path.join("below")).expect("folder");
    write(&path.join("below"), "d.pcap", &PcapFile::new().packets(0, 1).bytes);
    let expanded = expand(&[path.to_owned()]);
    assert_eq!(expanded.inputs, [a, b, c]);
    assert!(expanded.failures.is_empty());
    let mut source = open(&[path.to_owned()], &OpenOptions::default()).source;
    let mut count = 0;
    while source.next_packet().is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn a_folder_without_captures_is_a_failure() {
    let folder = folder();
    write(folder.path(), "notes.txt", b"not a capture");
    let expanded = expand(&[folder.path().to_owned()]);
    assert!(expanded.inputs.is_empty());
    let path = folder.path().to_owned();
    assert_eq!(expanded.failures, [OpenError::NoCaptures { path, files: 1 }]);
}

#[test]
fn nothing_named_gives_nothing() {
    let opened = open(&[], &OpenOptions::default());
    let mut source = opened.source;
    assert!(source.next_packet().is_none());
    assert_eq!(source.finish().packets, 0);
}
