//! Tests over captures that are built byte by byte.

mod ahead;
mod build;
mod compressed;
mod damage;
mod inputs;
mod merge;
mod pcap;
mod pcapng;
mod random;
mod scout;
mod walk;

use std::io::{self, Read};

use super::notes::Notes;
use super::reader::Reader;
use super::{LinkType, Problem};

/// A packet as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    nanos: i64,
    link: LinkType,
    wire: u32,
    number: u32,
    data: Vec<u8>,
}

/// Reads everything in `bytes`.
fn read(bytes: &[u8]) -> (Vec<Seen>, Notes) {
    read_from(bytes)
}

fn read_from(input: impl Read) -> (Vec<Seen>, Notes) {
    seen_of(Reader::new(input, 0).expect("a capture"))
}

fn seen_of<R: Read>(mut reader: Reader<R>) -> (Vec<Seen>, Notes) {
    let mut seen = Vec::new();
    while let Some(packet) = reader.next() {
        seen.push(Seen {
            nanos: packet.time.nanos(),
            link: packet.link,
            wire: packet.wire_len,
            number: packet.number,
            data: packet.data.to_vec(),
        });
    }
    assert!(reader.next().is_none(), "the end is not the end");
    (seen, reader.finish())
}

fn texts(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.text.as_str()).collect()
}

/// Gives one byte for each read, as a slow pipe may, and interrupts in between.
struct Drip<'a> {
    rest: &'a [u8],
    interrupted: bool,
}

impl<'a> Drip<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, interrupted: false }
    }
}

impl Read for Drip<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = buf.len().min(1);
        self.rest.read(&mut buf[..count])
    }
}
