//! pcap files: µs, ns, either byte order, and the modified format of old Linux patches.

use pcap_parser::{LegacyPcapBlock, PcapHeader};

use super::buffer::Buffer;
use super::reader::{Outcome, Raw};
use super::{LinkType, Timestamp};

/// Records longer than this are damage: no capture program writes them.
const MAX_RECORD: u32 = 16 * 1024 * 1024;
/// How far to look for the next intact record behind a damaged one.
const SEARCH: usize = 1024 * 1024;
/// Intact records in a row that make a place one to go on from.
const CHAIN: usize = 3;

/// Reads the records of a pcap file.
#[derive(Debug)]
pub(super) struct Pcap {
    big_endian: bool,
    modified: bool,
    nanoseconds: bool,
    link: LinkType,
    last_second: Option<u32>,
}

impl Pcap {
    /// Reads the header; `None` when it isn't one.
    pub(super) fn new(buffer: &mut Buffer) -> Option<Self> {
        if !buffer.fill(24) {
            return None;
        }
        let (_, header): (_, PcapHeader) = pcap_parser::parse_pcap_header(buffer.data()).ok()?;
        buffer.consume(24);
        Some(Self {
            big_endian: header.is_bigendian(),
            modified: header.is_modified_format(),
            nanoseconds: header.is_nanosecond_precision(),
            // The upper bits tell the length of a frame check sequence.
            link: LinkType((header.network.0 as u32 & 0xffff) as u16).normalised(),
            last_second: None,
        })
    }

    pub(super) fn link(&self) -> LinkType {
        self.link
    }

    fn header_length(&self) -> usize {
        if self.modified { 24 } else { 16 }
    }

    fn number(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    }

    /// Captured length in a record header that is plausible.
    fn plausible(&self, bytes: &[u8]) -> Option<usize> {
        let (seconds, fraction) = (self.number(bytes, 0)?, self.number(bytes, 4)?);
        let (captured, wire) = (self.number(bytes, 8)?, self.number(bytes, 12)?);
        let unit = if self.nanoseconds { 1_000_000_000 } else { 1_000_000 };
        let near = self.last_second.is_none_or(|l| seconds.abs_diff(l) < 86_400);
        (near && fraction < unit && captured <= wire && wire <= 262_144 && captured > 0)
            .then_some(captured as usize)
    }

    /// The next record, at the start of the buffer.
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Outcome {
        let header = self.header_length();
        if !buffer.fill(header) {
            let left = buffer.data().len();
            return if left == 0 {
                Outcome::End
            } else {
                Outcome::Damage(
                    format!(
                        "the file ends inside a record header: {left} of {header} bytes are left"
                    ),
                    left,
                    false,
                )
            };
        }
        let captured = self.number(buffer.data(), 8).unwrap_or(u32::MAX);
        if captured > MAX_RECORD {
            return self
                .resume(buffer, format!("record says {captured} bytes, more than any packet has"));
        }
        let whole = header + captured as usize;
        if !buffer.fill(whole) {
            let left = buffer.data().len() - header;
            let text = format!("record says {captured} bytes, only {left} are left");
            return if captured > 262_144 {
                self.resume(buffer, text)
            } else {
                Outcome::Damage(text, header + left, false)
            };
        }
        let unit = if self.nanoseconds { 1_000_000_000 } else { 1_000_000 };
        if self.number(buffer.data(), 4).is_none_or(|f| f >= unit)
            && self.plausible(buffer.data()).is_none()
            && self.last_second.is_some()
        {
            return self.resume(buffer, "record header is damaged".to_owned());
        }
        let parse = match (self.modified, self.big_endian) {
            (true, false) => pcap_parser::parse_pcap_frame_modified,
            (true, true) => parse_modified_be,
            (false, true) => pcap_parser::parse_pcap_frame_be,
            (false, false) => pcap_parser::parse_pcap_frame,
        };
        let Ok((_, block)) = parse(buffer.data()) else {
            return Outcome::Damage("record can't be read".to_owned(), whole, true);
        };
        let block: LegacyPcapBlock<'_> = block;
        self.last_second = Some(block.ts_sec);
        let scale = if self.nanoseconds { 1 } else { 1000 };
        let nanos = i64::from(block.ts_sec) * 1_000_000_000 + i64::from(block.ts_usec) * scale;
        Outcome::Packet(
            Raw {
                time: Some(Timestamp::from_nanos(nanos)),
                link: self.link,
                wire_len: block.origlen.max(block.caplen),
                start: header,
                len: block.data.len(),
            },
            whole,
        )
    }

    /// Looks behind a damaged record for a chain of intact ones.
    fn resume(&self, buffer: &mut Buffer, text: String) -> Outcome {
        buffer.fill(SEARCH);
        let data = buffer.data();
        let chain = |from: usize| {
            let mut at = from;
            (0..CHAIN).all(|i| {
                let Some(rest) = data.get(at..).filter(|r| r.len() >= self.header_length()) else {
                    // The file may end behind fewer records.
                    return i > 0 && at == data.len();
                };
                self.plausible(rest).is_some_and(|captured| {
                    at += self.header_length() + captured;
                    true
                })
            })
        };
        match (1..data.len().saturating_sub(16)).find(|i| chain(*i)) {
            Some(skip) => Outcome::Damage(
                format!("{text}; reading resumes {skip} bytes further on"),
                skip,
                true,
            ),
            None => {
                let left = data.len();
                Outcome::Damage(format!("{text}; nothing behind it can be read"), left, false)
            }
        }
    }
}

/// The modified format in big-endian byte order, which the crate has no parser for: its three
/// extra fields stand between header and data.
fn parse_modified_be(
    bytes: &[u8],
) -> nom::IResult<&[u8], LegacyPcapBlock<'_>, pcap_parser::PcapError<&[u8]>> {
    use nom::Parser;
    use nom::bytes::streaming::take;
    use nom::number::streaming::be_u32;
    let (i, (ts_sec, ts_usec, caplen, origlen, _)) =
        (be_u32, be_u32, be_u32, be_u32, take(8usize)).parse(bytes)?;
    let (i, data) = take(caplen as usize).parse(i)?;
    Ok((i, LegacyPcapBlock { ts_sec, ts_usec, caplen, origlen, data }))
}
