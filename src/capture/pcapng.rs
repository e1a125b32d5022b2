//! pcapng files: sections, interfaces, packet blocks, statistics, comments.

use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, OptionCode, PcapNGOption};

use super::buffer::Buffer;
use super::reader::{Outcome, Raw};
use super::{LinkType, Timestamp};

const SECTION: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const PACKET_OBSOLETE: u32 = 2;
/// Blocks longer than this are damage.
const MAX_BLOCK: u32 = 64 * 1024 * 1024;
/// Comments that are kept.
const MAX_COMMENTS: usize = 1000;
/// Interfaces of a section that are kept.
const MAX_INTERFACES: usize = 65_536;

#[derive(Debug)]
struct Interface {
    link: LinkType,
    snaplen: u32,
    /// Units a second.
    units: i128,
    /// Seconds to add.
    offset: i64,
    drops: Option<u64>,
}

/// Reads the blocks of a pcapng file.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// Drops of the sections before this one.
    earlier_drops: Option<u64>,
    comments: Vec<(u32, String)>,
    frame: u32,
}

impl Pcapng {
    /// What the interface statistics say was lost.
    pub(super) fn drops(&self) -> Option<u64> {
        let now = self.interfaces.iter().filter_map(|i| i.drops);
        now.chain(self.earlier_drops).reduce(|a, b| a + b)
    }

    /// Packet blocks so far, also those that could not be read.
    pub(super) fn frame(&self) -> u32 {
        self.frame
    }

    /// Comments on packets: frame number and text.
    pub(super) fn comments(&self) -> &[(u32, String)] {
        &self.comments
    }

    fn number(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    }

    fn short(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let two: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    }

    /// The next block.
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Outcome {
        if !buffer.fill(12) {
            let left = buffer.data().len();
            return if left == 0 {
                Outcome::End
            } else {
                Outcome::Damage(
                    format!("the file ends inside a block: {left} bytes are left"),
                    left,
                    false,
                )
            };
        }
        let head = buffer.data();
        let section = matches!(head, [0x0a, 0x0d, 0x0d, 0x0a, ..]);
        if section {
            match head.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => self.big_endian = true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => self.big_endian = false,
                _ => return self.resume(buffer, "section header without a byte order".to_owned()),
            }
        }
        let (Some(kind), Some(length)) = (self.number(head, 0), self.number(head, 4)) else {
            return Outcome::End;
        };
        if length < 12 || length % 4 != 0 || length > MAX_BLOCK {
            return self.resume(buffer, format!("block says {length} bytes, which no block has"));
        }
        let whole = length as usize;
        if !buffer.fill(whole) {
            let left = buffer.data().len();
            let text = format!("block says {length} bytes, only {left} are left");
            return if length > 1024 * 1024 {
                self.resume(buffer, text)
            } else {
                Outcome::Damage(text, left, false)
            };
        }
        if self.number(buffer.data(), whole - 4) != Some(length) {
            let text = "block does not end with its own length".to_owned();
            return self.resume(buffer, text);
        }
        let block = buffer.data().get(..whole).unwrap_or_default();
        match kind {
            SECTION => {
                self.earlier_drops = self.drops();
                self.interfaces.clear();
                Outcome::Skip(whole)
            }
            PACKET_OBSOLETE => self.obsolete_packet(block),
            _ => self.block(block),
        }
    }

    fn block(&mut self, block: &[u8]) -> Outcome {
        let whole = block.len();
        let parsed = if self.big_endian {
            pcap_parser::parse_block_be(block)
        } else {
            pcap_parser::parse_block_le(block)
        };
        let parsed = match parsed {
            Ok((_, parsed)) => parsed,
            // The frame keeps its number: a packet block that can't be read is a packet.
            Err(_) => {
                if matches!(self.number(block, 0), Some(3 | 6)) {
                    self.frame += 1;
                }
                return Outcome::Damage("block can't be read".to_owned(), whole, true);
            }
        };
        match parsed {
            Block::InterfaceDescription(d) => {
                let resolution = d.if_tsresol;
                let exponent = u32::from(resolution & 0x7f);
                let base: i128 = if resolution & 0x80 != 0 { 2 } else { 10 };
                let offset = d.options.iter().find(|o| o.code == OptionCode::IfTsoffset);
                let interface = Interface {
                    link: LinkType((d.linktype.0 as u32 & 0xffff) as u16).normalised(),
                    snaplen: d.snaplen,
                    units: base.checked_pow(exponent).unwrap_or(i128::MAX),
                    offset: offset.and_then(|o| self.offset(o)).unwrap_or(0),
                    drops: None,
                };
                if self.interfaces.len() < MAX_INTERFACES {
                    self.interfaces.push(interface);
                }
                Outcome::Skip(whole)
            }
            Block::EnhancedPacket(p) => {
                self.frame += 1;
                self.comment(&p.options);
                let units = u64::from(p.ts_high) << 32 | u64::from(p.ts_low);
                self.packet(p.if_id, units, p.origlen, p.packet_data().len(), whole)
            }
            Block::SimplePacket(p) => {
                self.frame += 1;
                let Some(interface) = self.interfaces.first() else {
                    return Outcome::Damage(
                        "packet of an interface that isn't described".to_owned(),
                        whole,
                        true,
                    );
                };
                let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
                let captured = p.origlen.min(snaplen) as usize;
                let len = captured.min(p.data.len());
                let raw =
                    Raw { time: None, link: interface.link, wire_len: p.origlen, start: 12, len };
                Outcome::Packet(raw, whole)
            }
            Block::InterfaceStatistics(s) => {
                let number = |code| {
                    let option = s.options.iter().find(|o| o.code == code)?;
                    let eight: [u8; 8] = option.value.get(..8)?.try_into().ok()?;
                    Some(if self.big_endian {
                        u64::from_be_bytes(eight)
                    } else {
                        u64::from_le_bytes(eight)
                    })
                };
                let by_interface = number(OptionCode(5));
                let by_system = number(OptionCode(7));
                let drops = by_interface.into_iter().chain(by_system).reduce(u64::saturating_add);
                if let Some(i) = self.interfaces.get_mut(s.if_id as usize) {
                    i.drops = drops.or(i.drops);
                }
                Outcome::Skip(whole)
            }
            _ => Outcome::Skip(whole),
        }
    }

    /// Seconds to add to an interface's times; the crate reads them in one byte order only.
    fn offset(&self, option: &PcapNGOption<'_>) -> Option<i64> {
        let eight: [u8; 8] = option.value.get(..8)?.try_into().ok()?;
        Some(if self.big_endian { i64::from_be_bytes(eight) } else { i64::from_le_bytes(eight) })
    }

    fn comment(&mut self, options: &[PcapNGOption<'_>]) {
        for o in options.iter().filter(|o| o.code == OptionCode::Comment) {
            if self.comments.len() < MAX_COMMENTS {
                let length = usize::from(o.len).min(o.value.len());
                let text = o.value.get(..length).unwrap_or_default();
                self.comments.push((self.frame, String::from_utf8_lossy(text).into_owned()));
            }
        }
    }

    /// A packet whose data, `len` bytes, begins 28 bytes into its block.
    fn packet(
        &self,
        interface: u32,
        units: u64,
        wire_len: u32,
        len: usize,
        whole: usize,
    ) -> Outcome {
        let Some(i) = self.interfaces.get(interface as usize) else {
            let text = format!("packet of interface {interface}, which isn't described");
            return Outcome::Damage(text, whole, true);
        };
        // In 128 bits, since units may be finer than nanoseconds and offsets are in seconds.
        let nanos = i128::from(units) * 1_000_000_000 / i.units.max(1)
            + i128::from(i.offset) * 1_000_000_000;
        let time = i64::try_from(nanos).ok().map(Timestamp::from_nanos);
        let wire_len = wire_len.max(u32::try_from(len).unwrap_or(u32::MAX));
        Outcome::Packet(Raw { time, link: i.link, wire_len, start: 28, len }, whole)
    }

    /// The Packet Block of the first drafts, which the crate leaves to us.
    fn obsolete_packet(&mut self, block: &[u8]) -> Outcome {
        self.frame += 1;
        let fields = (|| {
            let interface = u32::from(self.short(block, 8)?);
            let units =
                u64::from(self.number(block, 12)?) << 32 | u64::from(self.number(block, 16)?);
            let captured = self.number(block, 20)? as usize;
            let wire = self.number(block, 24)?;
            block.get(28..28usize.checked_add(captured)?)?;
            Some((interface, units, wire, captured))
        })();
        match fields {
            Some((interface, units, wire, len)) => {
                self.packet(interface, units, wire, len, block.len())
            }
            None => {
                Outcome::Damage("packet is longer than its block".to_owned(), block.len(), true)
            }
        }
    }

    /// Looks behind a damaged block for an intact one: type, length, and the length again.
    fn resume(&self, buffer: &mut Buffer, text: String) -> Outcome {
        buffer.fill(1024 * 1024);
        let data = buffer.data();
        let intact = |at: usize| {
            let rest = data.get(at..)?;
            let kind = self.number(rest, 0)?;
            let length = self.number(rest, 4)? as usize;
            let section = kind == SECTION && matches!(self.number(rest, 8), Some(BYTE_ORDER));
            let known = matches!(kind, 1..=6) || section;
            (known
                && length >= 12
                && length % 4 == 0
                && self.number(rest, length.checked_sub(4)?)? as usize == length)
                .then_some(())
        };
        match (1..data.len()).find(|i| intact(*i).is_some()) {
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
