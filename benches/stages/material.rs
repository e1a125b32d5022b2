//! Packets that the stages are given.

use std::time::Duration;

use ftpscope::capture::{FrameRef, LinkType, Moment, Packet, Reader, Timestamp};
use ftpscope::decode::{Decoded, Decoder, Segment};

use crate::play::{Plan, Random};
use crate::profile::{Made, PROFILES, Profile, make_into};

/// Packets that an iteration takes.
pub const PACKETS: usize = 1000;

const SEED: u64 = 959;

/// A capture in memory: so many sessions in the manner of a profile.
pub fn capture(name: &str, sessions: u64, change: impl FnOnce(&mut Profile)) -> (Vec<u8>, Made) {
    let mut profile = *PROFILES.iter().find(|p| p.name == name).unwrap();
    change(&mut profile);
    // Files that travel are mostly packed already, so compression finds nothing in them.
    let mut random = Random(SEED);
    let payload: Vec<u8> = (0..181).flat_map(|_| random.next().to_le_bytes()).collect();
    let mut bytes = Vec::new();
    let made = make_into(&mut bytes, &profile, sessions, &payload, SEED).unwrap();
    (bytes, made)
}

/// The same, as a profile's plan is changed.
pub fn planned(name: &str, sessions: u64, change: impl FnOnce(&mut Plan)) -> Vec<u8> {
    capture(name, sessions, |p| change(&mut p.plan)).0
}

/// The first thousand packets of a capture: what stands before them, and their records.
pub fn thousand(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut reader = Reader::new(bytes, 0).unwrap();
    let mut offsets = Vec::new();
    while let Some(packet) = reader.next() {
        offsets.push(packet.offset as usize);
    }
    let (begin, end) = (offsets[0], offsets[PACKETS]);
    (bytes[..begin].to_vec(), bytes[begin..end].to_vec())
}

/// The first thousand frames of a capture.
pub fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(bytes, 0).unwrap();
    let mut frames = Vec::new();
    while let Some(packet) = reader.next().filter(|_| frames.len() < PACKETS) {
        frames.push(packet.data.to_vec());
    }
    assert_eq!(frames.len(), PACKETS);
    frames
}

/// Moments one after another, as a capture on an interface has them.
pub struct Clock {
    order: u64,
    now: Timestamp,
}

impl Clock {
    pub fn new() -> Self {
        Self { order: 0, now: Timestamp::from_nanos(1_800_000_000_000_000_000) }
    }

    /// The next packet's.
    pub fn next(&mut self, later: Duration) -> Moment {
        self.order += 1;
        self.now = self.now.plus(later);
        let frame = FrameRef { file: 0, number: self.order as u32 };
        Moment { order: self.order, time: self.now, frame }
    }
}

/// An Ethernet frame as a packet.
pub fn packet(data: &[u8], moment: Moment) -> Packet<'_> {
    Packet { moment, link: LinkType::ETHERNET, wire_len: data.len() as u32, data }
}

/// A decoded segment that keeps its payload.
pub struct Kept {
    segment: Segment<'static>,
    payload: Vec<u8>,
}

impl Kept {
    /// The segment in an Ethernet frame.
    pub fn new(frame: &[u8]) -> Self {
        let mut decoder = Decoder::new();
        let Decoded::Segment(s) = decoder.decode(&packet(frame, Moment::default())) else {
            panic!("no segment");
        };
        Self { segment: Segment { payload: &[], ..s }, payload: s.payload.to_vec() }
    }

    /// Another connection's.
    pub fn change_ports(&mut self, from: u16, to: u16) {
        self.segment.src.port = from;
        self.segment.dst.port = to;
    }

    pub fn segment(&self) -> Segment<'_> {
        Segment { payload: &self.payload, ..self.segment }
    }
}
