//! What the capture thread hands on.

use std::path::PathBuf;

use crate::capture::{CaptureFacts, CaptureLoss, FrameRef, LinkType, Moment, Packet, Timestamp};

/// A captured packet and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'a> {
    /// The packet.
    pub packet: Packet<'a>,
    /// Index of its interface.
    pub interface: usize,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    moment: Moment,
    link: LinkType,
    wire_len: u32,
    interface: u32,
    start: usize,
    len: u32,
}

/// Something to know beside the packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Packets were lost before they could be analysed.
    Lost(CaptureLoss),
    /// An interface's counters, from when it was opened.
    Counted {
        /// Index of the interface.
        interface: usize,
        /// Its counters.
        counters: Counters,
    },
    /// Something happened to an interface.
    Interface {
        /// Which.
        name: String,
        /// What keeps it from being captured on from here on, in a word; `None` when nothing does.
        hindered: Option<&'static str>,
        /// One sentence.
        text: String,
    },
    /// A file begins; its index in [`FrameRef::file`].
    File(u32, PathBuf),
}

/// What an interface counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that passed the filter.
    pub received: u64,
    /// Those of them for which the kernel had no room.
    pub dropped: u64,
    /// Packets that the interface itself dropped.
    pub interface_dropped: u64,
}

/// Packets in the order in which they are to be analysed, and what else happened meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<Record>,
    /// What happened; to be taken note of before the packets.
    pub news: Vec<News>,
    /// The capture's clock after the packets; `None` before the first packet of all.
    pub now: Option<Timestamp>,
}

impl Batch {
    /// Packets of the first interface that have their places; `now` is the clock behind them.
    pub fn of<'a>(packets: impl IntoIterator<Item = Packet<'a>>, now: Timestamp) -> Self {
        let mut batch = Self { now: Some(now), ..Self::default() };
        for packet in packets {
            let time = packet.moment.time;
            batch.push(0, packet.link, time, packet.wire_len, packet.data);
            if let Some(record) = batch.records.last_mut() {
                record.moment = packet.moment;
            }
        }
        batch
    }

    /// Adds a packet, as it comes; its place in the order is given by [`Batch::place`].
    pub(super) fn push(
        &mut self,
        interface: usize,
        link: LinkType,
        time: Timestamp,
        wire_len: u32,
        data: &[u8],
    ) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(data);
        self.records.push(Record {
            moment: Moment { order: 0, time, frame: FrameRef::default() },
            link,
            wire_len,
            interface: u32::try_from(interface).unwrap_or(u32::MAX),
            start,
            len: u32::try_from(data.len()).unwrap_or(u32::MAX),
        });
    }

    /// Sorts the packets of several interfaces by time; those of one stay as they came.
    pub(super) fn merge(&mut self) {
        self.records.sort_by_key(|r| r.moment.time);
    }

    /// Drops the packets behind the first `count`.
    pub(super) fn keep(&mut self, count: usize) {
        self.records.truncate(count);
    }

    /// Gives each packet its place: `place` is told its time and its captured length.
    pub(super) fn place(&mut self, mut place: impl FnMut(Timestamp, usize) -> (u64, FrameRef)) {
        for r in &mut self.records {
            (r.moment.order, r.moment.frame) = place(r.moment.time, r.len as usize);
        }
    }

    /// Packets in it.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// No packet in it.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Memory that it takes, roughly.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.records.len() * size_of::<Record>() + size_of::<Self>()
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Times of its first and last packet.
    pub(super) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.records.first()?.moment.time, self.records.last()?.moment.time))
    }

    /// The packets, in order.
    pub fn packets(&self) -> impl Iterator<Item = Captured<'_>> {
        self.records.iter().map(|r| Captured {
            packet: Packet {
                moment: r.moment,
                link: r.link,
                wire_len: r.wire_len,
                data: self.bytes.get(r.start..r.start + r.len as usize).unwrap_or_default(),
            },
            interface: r.interface as usize,
        })
    }

    /// Counts its packets.
    pub fn count_into(&self, facts: &mut CaptureFacts) {
        for captured in self.packets() {
            facts.count(&captured.packet);
        }
    }
}
