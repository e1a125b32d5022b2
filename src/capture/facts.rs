//! What a whole capture was, for the report.

use super::notes::Notes;
use super::reader::Record;
use super::{Comment, LinkType, Packet, Problem, Timestamp, Traffic};

/// Facts about the packets that were handed out, and about the files they came from.
///
/// Packets that `--since`, `--until` or a BPF expression left out aren't counted, except in
/// `skipped_packets`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureFacts {
    /// Display names of the files, in the order of [`FrameRef::file`](super::FrameRef::file).
    pub files: Vec<String>,
    /// Link types seen, in order of their first packet.
    pub link_types: Vec<LinkType>,
    /// Packets handed out.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Earliest time of a packet.
    pub first_packet: Option<Timestamp>,
    /// Latest time of a packet.
    pub last_packet: Option<Timestamp>,
    /// Packets that the snap length cut.
    pub truncated_packets: u64,
    /// What interface statistics of the files say was lost; `None` when they say nothing.
    pub dropped_packets: Option<u64>,
    /// Packets that were read and left out.
    pub skipped_packets: u64,
    /// What could not be read, by file and place.
    pub problems: Vec<Problem>,
    /// Comments that the files carry, by file and place; at most 100 of each file.
    pub comments: Vec<Comment>,
    /// All comments that the files carry.
    pub comment_count: u64,
    /// The packets over time.
    pub traffic: Traffic,
}

impl CaptureFacts {
    /// Counts a packet that is handed out.
    #[cfg(all(feature = "live", unix))]
    pub(super) fn count(&mut self, packet: &Packet<'_>) {
        let time = packet.moment.time;
        self.packets += 1;
        self.bytes += u64::from(packet.wire_len);
        self.traffic.add(time, u64::from(packet.wire_len));
        if packet.data.len() < packet.wire_len as usize {
            self.truncated_packets += 1;
        }
        self.first_packet = Some(self.first_packet.map_or(time, |first| first.min(time)));
        self.last_packet = Some(self.last_packet.map_or(time, |last| last.max(time)));
        if !self.link_types.contains(&packet.link) {
            self.link_types.push(packet.link);
        }
    }

    /// Adds what was counted. Once, when all of it was.
    pub(super) fn add_tally(&mut self, tally: &Tally) {
        self.packets = tally.packets;
        self.bytes = tally.bytes;
        self.truncated_packets = tally.truncated;
        if tally.packets > 0 {
            self.first_packet = Some(tally.first);
            self.last_packet = Some(tally.last);
        }
        self.link_types.clone_from(&tally.links);
        self.traffic.clone_from(&tally.traffic);
    }

    /// Adds what was noted about a file.
    pub(super) fn add(&mut self, notes: Notes) {
        if let Some(count) = notes.dropped {
            let total = self.dropped_packets.unwrap_or(0).saturating_add(count);
            self.dropped_packets = Some(total);
        }
        self.comment_count += notes.comment_count;
        let (problems, comments) = notes.into_parts();
        self.problems.extend(problems);
        self.comments.extend(comments);
    }
}

/// Counts of the packets that are handed out: what is done for each of them, so as little as can be.
#[derive(Debug)]
pub(super) struct Tally {
    packets: u64,
    bytes: u64,
    truncated: u64,
    first: Timestamp,
    last: Timestamp,
    /// In order of their first packet.
    links: Vec<LinkType>,
    /// That of the last packet.
    link: Option<LinkType>,
    traffic: Traffic,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            packets: 0,
            bytes: 0,
            truncated: 0,
            first: Timestamp::from_nanos(i64::MAX),
            last: Timestamp::from_nanos(i64::MIN),
            links: Vec::new(),
            link: None,
            traffic: Traffic::default(),
        }
    }

    /// Counts a packet that is handed out.
    #[inline]
    pub(super) fn count(&mut self, packet: &Record) {
        self.packets += 1;
        self.bytes += u64::from(packet.wire_len);
        self.truncated += u64::from(packet.data_len < packet.wire_len as usize);
        self.first = self.first.min(packet.time);
        self.last = self.last.max(packet.time);
        self.traffic.add(packet.time, u64::from(packet.wire_len));
        if self.link != Some(packet.link) {
            self.other_link(packet.link);
        }
    }

    #[cold]
    fn other_link(&mut self, link: LinkType) {
        self.link = Some(link);
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }
}
