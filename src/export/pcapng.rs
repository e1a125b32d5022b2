//! Writes pcapng (draft-ietf-opsawg-pcapng): nanosecond stamps, one interface for each link type.

use std::io::{self, Write};

use crate::capture::{LinkType, Timestamp};

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;

const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_FILTER: u16 = 11;
const ISB_IFRECV: u16 = 4;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;

/// Writes packets as pcapng.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    links: Vec<LinkType>,
    /// A block's body, built here and kept for the next one.
    body: Vec<u8>,
}

/// What is written of an interface.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a> {
    /// What its packets begin with.
    pub link: LinkType,
    /// Its name; may be empty.
    pub name: &'a str,
    /// The BPF expression that chose its packets; may be empty.
    pub filter: &'a str,
    /// Longest packet that is captured whole; 0: any.
    pub snap_length: u32,
}

/// What an interface counted while packets were captured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    /// Packets that passed the filter.
    pub received: u64,
    /// Packets that the interface dropped.
    pub interface_dropped: u64,
    /// Packets that the system dropped for want of room.
    pub system_dropped: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a section.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = Self { out, links: Vec::new(), body: Vec::new() };
        let body = &mut writer.body;
        body.extend(BYTE_ORDER.to_le_bytes());
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // The length of the section is not known beforehand.
        body.extend(u64::MAX.to_le_bytes());
        let name = concat!("ftpscope ", env!("CARGO_PKG_VERSION"));
        option(body, SHB_USERAPPL, name.as_bytes());
        option(body, OPT_END, &[]);
        writer.block(SECTION)?;
        Ok(writer)
    }

    /// Adds an interface; its number.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn interface(&mut self, interface: &Interface<'_>) -> io::Result<usize> {
        let body = &mut self.body;
        body.extend(interface.link.0.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        body.extend(interface.snap_length.to_le_bytes());
        if !interface.name.is_empty() {
            option(body, IF_NAME, interface.name.as_bytes());
        }
        option(body, IF_TSRESOL, &[9]);
        if !interface.filter.is_empty() {
            // Its first byte says that an expression follows.
            option(body, IF_FILTER, &[&[0], interface.filter.as_bytes()].concat());
        }
        option(body, OPT_END, &[]);
        self.block(INTERFACE)?;
        self.links.push(interface.link);
        Ok(self.links.len() - 1)
    }

    /// Writes a packet, with comments, on the first interface of its link type; adds one if there
    /// is none.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn packet(
        &mut self,
        link: LinkType,
        time: Timestamp,
        wire_len: u32,
        data: &[u8],
        comments: &[&str],
    ) -> io::Result<()> {
        let interface = match self.links.iter().position(|l| *l == link) {
            Some(known) => known,
            None => self.interface(&Interface { link, name: "", filter: "", snap_length: 0 })?,
        };
        self.packet_on(interface, time, wire_len, data, comments)
    }

    /// Writes a packet, with comments, on the interface of this number.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn packet_on(
        &mut self,
        interface: usize,
        time: Timestamp,
        wire_len: u32,
        data: &[u8],
        comments: &[&str],
    ) -> io::Result<()> {
        let nanos = time.nanos().max(0).unsigned_abs();
        let captured = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let body = &mut self.body;
        for field in [
            u32::try_from(interface).unwrap_or(0),
            (nanos >> 32) as u32,
            nanos as u32,
            captured,
            wire_len.max(captured),
        ] {
            body.extend(field.to_le_bytes());
        }
        body.extend(data);
        pad(body);
        for comment in comments {
            option(body, OPT_COMMENT, comment.as_bytes());
        }
        if !comments.is_empty() {
            option(body, OPT_END, &[]);
        }
        self.block(ENHANCED_PACKET)
    }

    /// Writes what an interface counted until `time`. Once for each interface: readers add up what
    /// they find.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn statistics(
        &mut self,
        interface: usize,
        time: Timestamp,
        counted: Statistics,
    ) -> io::Result<()> {
        let nanos = time.nanos().max(0).unsigned_abs();
        let body = &mut self.body;
        for field in [u32::try_from(interface).unwrap_or(0), (nanos >> 32) as u32, nanos as u32] {
            body.extend(field.to_le_bytes());
        }
        option(body, ISB_IFRECV, &counted.received.to_le_bytes());
        option(body, ISB_IFDROP, &counted.interface_dropped.to_le_bytes());
        option(body, ISB_OSDROP, &counted.system_dropped.to_le_bytes());
        option(body, OPT_END, &[]);
        self.block(INTERFACE_STATISTICS)
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes out what is buffered and gives the output back.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    /// Writes the body as a block, and empties it.
    fn block(&mut self, kind: u32) -> io::Result<()> {
        let length = u32::try_from(self.body.len() + 12).map_err(io::Error::other)?;
        let mut head = [0; 8];
        head[..4].copy_from_slice(&kind.to_le_bytes());
        head[4..].copy_from_slice(&length.to_le_bytes());
        self.out.write_all(&head)?;
        self.out.write_all(&self.body)?;
        self.body.clear();
        self.out.write_all(&length.to_le_bytes())
    }
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(value);
    pad(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Reader;

    #[test]
    fn what_is_written_can_be_read() {
        let mut writer = Writer::new(Vec::new()).unwrap();
        let packets = [
            (LinkType(1), 1_700_000_000_123_456_789_i64, 5_u32, &b"abcde"[..]),
            (LinkType(101), 1_700_000_001_000_000_001, 99, b"xyz"),
            (LinkType(1), 1_700_000_002_000_000_000, 4, b"last"),
        ];
        for (link, nanos, wire, data) in packets {
            let time = Timestamp::from_nanos(nanos);
            writer.packet(link, time, wire, data, &["why", "because"]).unwrap();
        }
        let bytes = writer.finish().unwrap();
        let mut reader = Reader::new(&bytes[..], 0).unwrap();
        for (link, nanos, wire, data) in packets {
            let p = reader.next().unwrap();
            assert_eq!((p.link, p.time.nanos(), p.wire_len, p.data), (link, nanos, wire, data));
        }
        assert!(reader.next().is_none() && reader.problems().is_empty());
    }

    #[test]
    fn interfaces_have_names_and_say_what_they_lost() {
        let mut writer = Writer::new(Vec::new()).unwrap();
        for (name, link) in [("eth0", LinkType::ETHERNET), ("any", LinkType::LINUX_SLL2)] {
            let interface = Interface { link, name, filter: "tcp", snap_length: 262_144 };
            writer.interface(&interface).unwrap();
        }
        let time = Timestamp::from_nanos(1_700_000_000_000_000_001);
        writer.packet_on(1, time, 70_000, &[7; 65_001], &[]).unwrap();
        let counted = Statistics { received: 9, interface_dropped: 2, system_dropped: 3 };
        writer.statistics(1, time, counted).unwrap();
        writer.flush().unwrap();
        let file = tempfile::NamedTempFile::with_suffix(".pcapng").unwrap();
        std::fs::write(file.path(), writer.finish().unwrap()).unwrap();
        let opened = crate::capture::open(&[file.path().to_owned()], &Default::default());
        let mut source = opened.source;
        let packet = source.next_packet().unwrap();
        assert_eq!(
            (packet.link, packet.wire_len, packet.data.len()),
            (LinkType::LINUX_SLL2, 70_000, 65_001)
        );
        assert!(source.next_packet().is_none());
        let facts = source.finish();
        assert_eq!((facts.dropped_packets, facts.problems.len()), (Some(5), 0));
    }
}
