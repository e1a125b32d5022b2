//! Blocks of pcapng files: sections in either byte order, interfaces with their own link type and
//! clock, and the three blocks that carry packets.

mod interface;
mod options;
mod order;
mod ordinary;
mod packet;
mod recover;

use std::io::Read;

use pcap_parser::{
    EPB_MAGIC, IDB_MAGIC, ISB_MAGIC, SHB_MAGIC, SPB_MAGIC, parse_unknownblock_be,
    parse_unknownblock_le,
};

use self::interface::Interface;
use self::options::{COMMENT, Options};
use self::order::Order;
use super::Timestamp;
use super::buffer::Buffer;
use super::notes::Notes;
use super::reader::Record;
use super::shown::Shown;

/// Type and length in front of a block and the length behind it.
const FRAME: usize = 12;
/// Bytes in front of a block's body: type and length.
const BODY: usize = 8;
/// The longest block that is believed.
const LONGEST: u32 = 16 * 1024 * 1024 + 4096;
/// More interfaces than any section has; what a hostile file declares beyond is left out.
const MAX_INTERFACES: usize = 65_536;
/// The Packet Block, which the Enhanced Packet Block replaced.
const PB_MAGIC: u32 = 2;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;

/// Walks the blocks of a pcapng file.
#[derive(Clone)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// How often sections began, or interfaces were described.
    descriptions: u64,
    /// Time of the newest packet, for packets that have none of their own.
    last: Timestamp,
    /// Whether packets without a time were already named as a problem.
    timeless: bool,
    ended: bool,
    shown: Shown,
}

impl Pcapng {
    /// Begins with a file whose first bytes are a Section Header Block; `None` when its byte-order
    /// magic is wrong.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            order: Order::of_magic(bytes.get(BODY..)?)?,
            interfaces: Vec::new(),
            descriptions: 0,
            last: Timestamp::default(),
            timeless: false,
            ended: false,
            shown: Shown::default(),
        })
    }

    /// The next packet; its block then stands at the buffer's position.
    pub(super) fn next<R: Read>(
        &mut self,
        buffer: &mut Buffer<R>,
        notes: &mut Notes,
    ) -> Option<Record> {
        while !self.ended {
            let Some((kind, len)) = self.frame(buffer, notes) else { continue };
            // pcap-parser frames the block. Bodies are read here: its parsers collect options into
            // a vector for each packet, report a captured length beyond the block as a short read,
            // and read numbers in options of big-endian sections the wrong way round.
            let parse = match self.order {
                Order::Little => parse_unknownblock_le,
                Order::Big => parse_unknownblock_be,
            };
            let Ok((_, block)) = parse(buffer.filled()) else {
                self.damage("block cannot be read".to_owned(), buffer, notes);
                continue;
            };
            let body = block.data;
            let offset = buffer.offset();
            let fields = match kind {
                EPB_MAGIC => packet::enhanced(self.order, body),
                SPB_MAGIC => packet::simple(self.order, self.interfaces.first(), body),
                PB_MAGIC => packet::obsolete(self.order, body),
                _ => {
                    self.other_block(kind, body, offset, notes);
                    buffer.consume(len);
                    continue;
                }
            };
            let fields = match fields {
                Ok(fields) => fields,
                Err(text) => {
                    notes.problem(offset, text);
                    buffer.consume(len);
                    continue;
                }
            };
            let Some(interface) = self.interfaces.get_mut(fields.interface) else {
                let text = format!(
                    "packet names interface {}, but its section has {} of them",
                    fields.interface,
                    self.interfaces.len()
                );
                notes.problem(offset, text);
                buffer.consume(len);
                continue;
            };
            interface.dropped_between += fields.dropped;
            let number = notes.next_frame();
            match fields.ticks {
                Some(ticks) => self.last = interface.clock.time(ticks),
                None if !self.timeless => {
                    self.timeless = true;
                    let text = "packets without a time (Simple Packet Blocks) take the time of \
                                the packet before them";
                    notes.problem(offset, text.to_owned());
                }
                None => {}
            }
            let options_at = fields.data_at + fields.captured.next_multiple_of(4);
            if kind != SPB_MAGIC && body.len() >= options_at + 4 {
                let options = body.get(options_at..).unwrap_or_default();
                comments(self.order, options, Some(number), notes);
            }
            return Some(Record {
                time: self.last,
                link: interface.link,
                wire_len: fields.wire,
                number,
                offset,
                data_at: BODY + fields.data_at,
                data_len: fields.captured,
                len,
            });
        }
        None
    }

    /// Adds up what the interfaces of the current section lost, and forgets them.
    pub(super) fn close_section(&mut self, notes: &mut Notes) {
        for interface in self.interfaces.drain(..) {
            if let Some(count) = interface.dropped {
                notes.add_dropped(count);
            } else if interface.dropped_between > 0 {
                notes.add_dropped(interface.dropped_between);
            }
        }
    }

    /// Gets the block at the buffer's position into the buffer and returns its type and length.
    /// `None` when there is none: reading has then ended, or moved on behind damage.
    fn frame<R: Read>(
        &mut self,
        buffer: &mut Buffer<R>,
        notes: &mut Notes,
    ) -> Option<(u32, usize)> {
        if buffer.filled().len() < FRAME && !buffer.more(FRAME) {
            self.end(FRAME, "block header", buffer, notes);
            return None;
        }
        let bytes = buffer.filled();
        let kind = self.order.u32(bytes, 0)?;
        if kind == SHB_MAGIC {
            match Order::of_magic(bytes.get(BODY..)?) {
                Some(order) => self.order = order,
                None => {
                    let text = "section header without its byte-order magic".to_owned();
                    self.damage(text, buffer, notes);
                    return None;
                }
            }
        }
        let len = self.order.u32(bytes, 4)?;
        if !(FRAME as u32..=LONGEST).contains(&len) {
            self.damage(format!("block says {len} bytes, which no block has"), buffer, notes);
            return None;
        }
        let len = len as usize;
        if buffer.filled().len() < len && !buffer.more(len) {
            self.cut(len, buffer, notes);
            return None;
        }
        let behind = self.order.u32(buffer.filled(), len - 4)?;
        if behind as usize != len {
            let text = format!("block says {len} bytes in front and {behind} behind");
            if self.is_block(len, buffer) || !buffer.more(len + 1) {
                // What follows fits the length in front: only the one behind is wrong.
                notes.problem(buffer.offset(), text);
            } else {
                self.damage(text, buffer, notes);
                return None;
            }
        }
        Some((kind, len))
    }

    /// A block that carries no packet.
    fn other_block(&mut self, kind: u32, body: &[u8], offset: u64, notes: &mut Notes) {
        let order = self.order;
        self.descriptions += u64::from(matches!(kind, SHB_MAGIC | IDB_MAGIC));
        let options_at = match kind {
            SHB_MAGIC => {
                self.close_section(notes);
                16
            }
            IDB_MAGIC => {
                match Interface::parse(order, body) {
                    Some(interface) if self.interfaces.len() < MAX_INTERFACES => {
                        self.interfaces.push(interface);
                    }
                    Some(_) => {
                        let text = format!("section has more than {MAX_INTERFACES} interfaces");
                        notes.problem(offset, text);
                    }
                    None => {
                        let text = format!("interface description has only {} bytes", body.len());
                        notes.problem(offset, text);
                    }
                }
                8
            }
            ISB_MAGIC => {
                self.statistics(body);
                12
            }
            // Anything else is skipped.
            _ => return,
        };
        comments(order, body.get(options_at..).unwrap_or_default(), None, notes);
    }

    /// Interface Statistics Block: counts since the capture began, so the newest one holds.
    fn statistics(&mut self, body: &[u8]) {
        let Some(id) = self.order.u32(body, 0) else { return };
        let Some(interface) = self.interfaces.get_mut(id as usize) else { return };
        let mut dropped = None;
        for (code, value) in Options::new(self.order, body.get(12..).unwrap_or_default()) {
            if matches!(code, ISB_IFDROP | ISB_OSDROP)
                && let Some(count) = self.order.u64(value, 0)
            {
                dropped = Some(count.saturating_add(dropped.unwrap_or(0)));
            }
        }
        interface.dropped = dropped.or(interface.dropped);
    }
}

fn comments(order: Order, options: &[u8], frame: Option<u32>, notes: &mut Notes) {
    for (code, value) in Options::new(order, options) {
        if code == COMMENT {
            notes.comment(frame, value);
        }
    }
}
