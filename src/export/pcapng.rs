//! Writes pcapng (draft-ietf-opsawg-pcapng): nanosecond stamps, one interface for each link type.

use std::io::{self, Write};

use crate::capture::{LinkType, Timestamp};

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;

const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_TSRESOL: u16 = 9;

/// Writes packets as pcapng.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    links: Vec<LinkType>,
}

impl<W: Write> Writer<W> {
    /// Begins a section.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn new(mut out: W) -> io::Result<Self> {
        let mut body = Vec::new();
        body.extend(BYTE_ORDER.to_le_bytes());
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // The length of the section is not known beforehand.
        body.extend(u64::MAX.to_le_bytes());
        let name = concat!("ftpscope ", env!("CARGO_PKG_VERSION"));
        option(&mut body, SHB_USERAPPL, name.as_bytes());
        option(&mut body, OPT_END, &[]);
        block(&mut out, SECTION, &body)?;
        Ok(Self { out, links: Vec::new() })
    }

    /// Writes a packet, with comments.
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
            None => {
                self.interface(link)?;
                self.links.len() - 1
            }
        };
        let nanos = time.nanos().max(0).unsigned_abs();
        let captured = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(data.len() + 64);
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
        pad(&mut body);
        for comment in comments {
            option(&mut body, OPT_COMMENT, comment.as_bytes());
        }
        if !comments.is_empty() {
            option(&mut body, OPT_END, &[]);
        }
        block(&mut self.out, ENHANCED_PACKET, &body)
    }

    /// Writes out what is buffered and gives the output back.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn interface(&mut self, link: LinkType) -> io::Result<()> {
        let mut body = Vec::new();
        body.extend(link.0.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        body.extend(0_u32.to_le_bytes());
        option(&mut body, IF_TSRESOL, &[9]);
        option(&mut body, OPT_END, &[]);
        block(&mut self.out, INTERFACE, &body)?;
        self.links.push(link);
        Ok(())
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

fn block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len() + 12).map_err(io::Error::other)?;
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)?;
    out.write_all(&length.to_le_bytes())
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
}
