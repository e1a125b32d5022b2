//! What a whole capture was, for the report.

#[cfg(all(feature = "live", unix))]
use super::Packet;
use super::notes::Notes;
use super::traffic::{Amount, Cell, Lattice};
use super::{Comment, LinkType, Problem, Timestamp, Traffic};

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
        self.traffic = tally.traffic();
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

/// Packets of the same cell of time and the same link type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) truncated: u64,
    /// The latest time of them.
    pub(super) last: Timestamp,
}

impl Counted {
    /// Nothing.
    pub(super) const NONE: Self = Self { packets: 0, bytes: 0, truncated: 0, last: Timestamp::MIN };
}

/// Where packets are counted.
pub(super) trait Ledger {
    /// Makes ready for packets of this link type, beginning with one of this time: it may be counted
    /// afterwards, and with it others of the times that are returned, the second of them included.
    fn stand_at(&mut self, time: Timestamp, link: LinkType) -> (Timestamp, Timestamp);

    /// Counts packets, after [`Ledger::stand_at`].
    fn add(&mut self, counted: Counted);
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
    /// All packets but those of `cell`.
    traffic: Traffic,
    /// The cell of the last packet. One of no time at all before the first.
    cell: Cell,
    /// What there was before it.
    before: Amount,
}

impl Tally {
    pub(super) fn new() -> Self {
        let none = Timestamp::MIN;
        Self {
            packets: 0,
            bytes: 0,
            truncated: 0,
            first: Timestamp::MAX,
            last: none,
            links: Vec::new(),
            link: None,
            traffic: Traffic::default(),
            cell: Cell { index: 0, from: none, until: none },
            before: Amount::default(),
        }
    }

    /// Counts a packet that is handed out.
    pub(super) fn count(
        &mut self,
        time: Timestamp,
        link: LinkType,
        wire_len: u32,
        captured: usize,
    ) {
        self.stand_at(time, link);
        let truncated = u64::from(captured < wire_len as usize);
        self.add(Counted { packets: 1, bytes: u64::from(wire_len), truncated, last: time });
    }

    /// What the current cell has.
    fn here(&self) -> Amount {
        let Amount { packets, bytes } = self.before;
        Amount { packets: self.packets - packets, bytes: self.bytes - bytes }
    }

    /// The packets over time.
    fn traffic(&self) -> Traffic {
        let mut traffic = self.traffic.clone();
        traffic.put(self.cell.index, self.here());
        traffic
    }

    /// The cells of time that are counted by now; none before the first packet.
    pub(super) fn lattice(&self) -> Option<Lattice> {
        self.traffic.lattice()
    }
}

impl Ledger for Tally {
    fn stand_at(&mut self, time: Timestamp, link: LinkType) -> (Timestamp, Timestamp) {
        if time < self.cell.from || time >= self.cell.until {
            // Never before the first cell's begin, which is the first packet or before it.
            self.first = self.first.min(time);
            self.traffic.put(self.cell.index, self.here());
            self.cell = self.traffic.cell(time);
            self.before = Amount { packets: self.packets, bytes: self.bytes };
        }
        if self.link != Some(link) {
            self.link = Some(link);
            if !self.links.contains(&link) {
                self.links.push(link);
            }
        }
        let until = self.cell.until.nanos().saturating_sub(1);
        (self.cell.from, Timestamp::from_nanos(until))
    }

    #[inline]
    fn add(&mut self, counted: Counted) {
        self.packets += counted.packets;
        self.bytes += counted.bytes;
        self.truncated += counted.truncated;
        self.last = self.last.max(counted.last);
    }
}
