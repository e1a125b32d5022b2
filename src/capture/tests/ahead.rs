//! Reading ahead gives what reading gives: at any size of pieces and records, and without waiting
//! for what isn't there yet.

use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::build::{PcapFile, START};
use super::{read, seen_of, texts};
use crate::capture::decompress::Stream;
use crate::capture::feed::Feed;
use crate::capture::pieces::{HEADROOM, PIECE};
use crate::capture::reader::Reader;
use crate::capture::{OpenOptions, open};

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

fn ahead(stream: impl Read + Send + 'static, waits: bool) -> Reader<Feed> {
    let feed = Feed::Stream { stream: Box::new(stream), waits };
    let mut reader = Reader::new(feed, 0).expect("a capture");
    reader.read_ahead();
    reader
}

/// Gives at most so many bytes at a time.
struct Sips<R>(R, usize);

impl<R: Read> Read for Sips<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = buf.len().min(self.1);
        self.0.read(&mut buf[..count])
    }
}

/// Packets of many lengths: around the room in front of a piece, around a piece, and beyond.
fn file() -> Vec<u8> {
    let mut file = PcapFile::with(0xa1b2_c3d4, false, 4_000_000, 1).packets(0, 9000);
    let lengths = [HEADROOM - 16, HEADROOM, 70_000, PIECE - 1, PIECE, PIECE + 1, 3_000_000, 0, 1];
    for (index, length) in lengths.into_iter().cycle().take(30).enumerate() {
        let data: Vec<u8> = (0..length).map(|i| (i * 31 + index) as u8).collect();
        file = file.packet(START + 10, index as u32, &data).packets(20, 700);
    }
    file.bytes
}

#[test]
fn what_comes_out_is_the_same() {
    let bytes = file();
    let whole = read(&bytes);
    assert!(whole.1.problems.is_empty());
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("file");
    fs::write(&path, &bytes).expect("written");
    for threads in [2, 3, 8] {
        pool(threads).install(|| {
            for (sip, waits) in
                [(usize::MAX, false), (100_003, false), (usize::MAX, true), (5000, true)]
            {
                let reader = ahead(Sips(Cursor::new(bytes.clone()), sip), waits);
                let (seen, notes) = seen_of(reader);
                assert!(seen == whole.0, "{threads} threads, {sip} bytes at a time");
                assert!(notes.problems.is_empty());
            }
            let mut source = open(std::slice::from_ref(&path), &OpenOptions::default()).source;
            source.read_ahead();
            let mut at = whole.0.iter();
            while let Some(packet) = source.next_packet() {
                let want = at.next().expect("no more packets than there are");
                assert!((packet.moment.frame.number, packet.data) == (want.number, &want.data[..]));
            }
            assert_eq!(at.len(), 0);
            assert_eq!(source.progress().bytes(), bytes.len() as u64);
        });
    }
}

#[test]
fn damage_is_told_in_the_same_words() {
    let mut bytes = file();
    for at in (300_000..bytes.len()).step_by(1_900_001) {
        bytes[at..at + 40].fill(0xee);
    }
    bytes.truncate(bytes.len() - 3);
    let (packets, notes) = read(&bytes);
    assert!(!notes.problems.is_empty());
    pool(2).install(|| {
        let (seen, said) = seen_of(ahead(Cursor::new(bytes), false));
        assert!(seen == packets);
        assert_eq!(said.problems, notes.problems);
    });
}

/// An input that fails somewhere.
#[test]
fn errors_come_behind_what_was_read() {
    struct Fails(Cursor<Vec<u8>>);
    impl Read for Fails {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buf)? {
                0 => Err(io::Error::other("the disk is gone")),
                count => Ok(count),
            }
        }
    }
    let file = PcapFile::new().packets(0, 20_000).bytes;
    pool(2).install(|| {
        let (seen, notes) = seen_of(ahead(Fails(Cursor::new(file.clone())), false));
        assert_eq!(seen.len(), 20_000);
        assert_eq!(texts(&notes.problems), ["the disk is gone"]);
        assert_eq!(notes.problems[0].offset, Some(file.len() as u64));
    });
}

/// Hands out what it is sent, and waits for more.
struct Pipe {
    from: Receiver<Vec<u8>>,
    left: Cursor<Vec<u8>>,
    /// Told when it is dropped.
    _over: Sender<()>,
}

impl Pipe {
    fn new() -> (Sender<Vec<u8>>, Receiver<()>, Self) {
        let ((to, from), (over, told)) = (channel(), channel());
        (to, told, Self { from, left: Cursor::default(), _over: over })
    }
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.left.read(buf)? {
                0 => match self.from.recv() {
                    Ok(more) => self.left = Cursor::new(more),
                    Err(_) => return Ok(0),
                },
                count => return Ok(count),
            }
        }
    }
}

#[test]
fn a_packet_that_is_there_is_handed_out_though_the_pipe_is_slow() {
    for threads in [2, 3] {
        let (to, _told, pipe) = Pipe::new();
        to.send(PcapFile::new().bytes).expect("sent");
        pool(threads).install(move || {
            let mut reader = ahead(pipe, true);
            for index in 0..500 {
                // The next packet is sent only when this one was handed out.
                let packet = PcapFile::new().packets(index, 1).bytes;
                to.send(packet[24..].to_vec()).expect("sent");
                assert_eq!(reader.next().map(|p| p.number), Some(index + 1));
            }
            drop(to);
            assert!(reader.next().is_none());
        });
    }
}

#[test]
fn dropped_early_nothing_more_is_read() {
    let (to, told, pipe) = Pipe::new();
    to.send(PcapFile::new().packets(0, 10).bytes).expect("sent");
    let pool = pool(2);
    pool.install(move || {
        let mut reader = ahead(pipe, true);
        for _ in 0..10 {
            assert!(reader.next().is_some());
        }
        to.send(PcapFile::new().packets(0, 10).bytes[24..].to_vec()).expect("sent");
        assert!(reader.next().is_some());
        drop(reader);
        // Somebody may be waiting for this one.
        let _ = to.send(vec![0]);
        let over = told.recv_timeout(Duration::from_secs(60));
        assert!(matches!(over, Err(std::sync::mpsc::RecvTimeoutError::Disconnected)));
    });
}

#[test]
fn a_decoder_s_panic_is_the_reader_s() {
    struct Panics(u32);
    impl Read for Panics {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            assert!(self.0 < 30, "on purpose");
            let packets = PcapFile::new().packets(0, 1000).bytes;
            let packets = if self.0 == 1 { &packets[..] } else { &packets[24..] };
            let mut buf = buf;
            buf.write(packets)
        }
    }
    let result = pool(2).install(|| {
        std::panic::catch_unwind(|| {
            let stream: Stream = Box::new(Sips(Panics(0), 116 * 1000 + 24));
            let mut reader = ahead(stream, true);
            while reader.next().is_some() {}
        })
    });
    assert!(result.is_err());
}
