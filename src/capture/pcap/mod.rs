//! Records of pcap files: microseconds and nanoseconds, both byte orders, and the "modified"
//! format of Alexey Kuznetzov's patches with 8 more bytes in each record's header.

mod ordinary;
mod scouted;

use std::io::Read;

use pcap_parser::{PcapHeader, parse_pcap_header};

use super::buffer::Buffer;
use super::notes::Notes;
use super::reader::Record;
use super::shown::Shown;
use super::{LinkType, Timestamp};

/// Length of the file header.
pub(super) const HEADER: usize = 24;
/// What tcpdump and Wireshark take for the largest packet of ordinary link types.
const LONGEST: u32 = 262_144;
/// The largest packet that is believed when the file's snap length allows more.
const LONGEST_EVER: u32 = 16 * 1024 * 1024;
/// How far behind damage a sound record is searched for.
const WINDOW: u64 = 16 * 1024 * 1024;
/// Seconds from one record to the next that need no second look.
const NEAR: u32 = 86_400;
/// Records in a row that must make sense before reading resumes with the first of them.
const CHAIN: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layout {
    Little,
    Big,
    ModifiedLittle,
    ModifiedBig,
}

/// A record's header.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Header {
    sec: u32,
    /// Microseconds or nanoseconds.
    fraction: u32,
    captured: u32,
    wire: u32,
}

impl Layout {
    #[inline]
    const fn header_len(self) -> usize {
        match self {
            Self::Little | Self::Big => 16,
            Self::ModifiedLittle | Self::ModifiedBig => 24,
        }
    }

    /// The header of the record.
    #[inline]
    fn header(self, bytes: &[u8]) -> Option<Header> {
        if bytes.len() < self.header_len() {
            return None;
        }
        let (words, _) = bytes.first_chunk::<16>()?.as_chunks::<4>();
        let &[sec, fraction, captured, wire] = words else { return None };
        let is_big = matches!(self, Self::Big | Self::ModifiedBig);
        let number = |bytes| {
            let little = u32::from_le_bytes(bytes);
            if is_big { little.swap_bytes() } else { little }
        };
        Some(Header {
            sec: number(sec),
            fraction: number(fraction),
            captured: number(captured),
            wire: number(wire),
        })
    }
}

/// What is ordinary in a file.
#[derive(Clone, Copy)]
struct Usual {
    nanos_per_tick: i64,
    ticks_per_second: u32,
    /// The longest captured length that a record of this file may have.
    longest: u32,
}

impl Usual {
    #[inline]
    fn time(self, header: Header) -> Timestamp {
        let nanos = i64::from(header.fraction) * self.nanos_per_tick;
        Timestamp::from_nanos(i64::from(header.sec) * 1_000_000_000 + nanos)
    }

    /// Whether the header needs no second look behind one of this second.
    #[inline]
    fn is(self, header: Header, last: u32) -> bool {
        let further = i64::from(header.sec) - i64::from(last) + i64::from(NEAR);
        header.captured <= self.longest
            && header.captured <= header.wire
            && header.fraction < self.ticks_per_second
            && (header.sec | header.wire) != 0
            && further.cast_unsigned() <= u64::from(2 * NEAR)
    }
}

/// Walks the records of a pcap file.
#[derive(Clone)]
pub(super) struct Pcap {
    layout: Layout,
    link: LinkType,
    usual: Usual,
    last_sec: Option<u32>,
    ended: bool,
    shown: Shown,
}

impl Pcap {
    /// Reads the file header; `None` when the bytes aren't one.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let big_modified = bytes.starts_with(&[0xa1, 0xb2, 0xcd, 0x34]);
        let header = if big_modified {
            // Unknown to pcap-parser; the rest of the header is that of any big-endian file.
            let mut copy = [0; HEADER];
            copy.copy_from_slice(bytes.get(..HEADER)?);
            copy[..4].copy_from_slice(&[0xa1, 0xb2, 0xc3, 0xd4]);
            parse(&copy)?
        } else {
            parse(bytes)?
        };
        let layout = match (header.is_bigendian(), header.is_modified_format() || big_modified) {
            (false, false) => Layout::Little,
            (true, false) => Layout::Big,
            (false, true) => Layout::ModifiedLittle,
            (true, true) => Layout::ModifiedBig,
        };
        let nanos = header.is_nanosecond_precision();
        Some(Self {
            layout,
            link: LinkType::from_file(header.network.0.cast_unsigned()),
            usual: Usual {
                nanos_per_tick: if nanos { 1 } else { 1000 },
                ticks_per_second: if nanos { 1_000_000_000 } else { 1_000_000 },
                longest: header.snaplen.clamp(LONGEST, LONGEST_EVER),
            },
            last_sec: None,
            ended: false,
            shown: Shown::default(),
        })
    }

    /// Moves to the next record, which then stands at the buffer's position; `false` at the end.
    #[inline]
    pub(super) fn next<R: Read>(
        &mut self,
        buffer: &mut Buffer<R>,
        notes: &mut Notes,
        record: &mut Record,
    ) -> bool {
        while !self.ended {
            let header_len = self.layout.header_len();
            let filled = buffer.filled();
            let whole = |h: &Header| filled.len() - header_len >= h.captured as usize;
            let Some(header) = self.layout.header(filled).filter(whole) else {
                self.ended = !self.complete(buffer, notes);
                continue;
            };
            let last = self.last_sec.unwrap_or(header.sec);
            if !self.usual.is(header, last) && !self.is_credible(header, buffer, notes) {
                continue;
            }
            self.last_sec = Some(header.sec);
            // Field by field: a whole that is put together elsewhere would be read before the parts
            // of it have been written.
            record.time = self.usual.time(header);
            record.link = self.link;
            record.wire_len = header.wire;
            record.number = notes.next_frame();
            record.offset = buffer.offset();
            record.data_at = header_len;
            record.data_len = header.captured as usize;
            record.len = header_len + header.captured as usize;
            return true;
        }
        false
    }

    /// Gets the rest of a record that isn't all in the buffer. `false` at the end of what can be
    /// read; `true` when it is worth trying again, which may be further on.
    #[cold]
    fn complete<R: Read>(&mut self, buffer: &mut Buffer<R>, notes: &mut Notes) -> bool {
        let header_len = self.layout.header_len();
        if !buffer.more(header_len) {
            let left = buffer.filled().len();
            let offset = buffer.offset();
            if let Some(error) = buffer.take_error() {
                notes.problem(offset, error);
            } else if left > 0 {
                let text =
                    format!("record header has {header_len} bytes, only {left} of them are left");
                notes.problem(offset, text);
            }
            return false;
        }
        let Some(header) = self.layout.header(buffer.filled()) else { return false };
        if header.captured > self.usual.longest {
            let text = format!("record says {} bytes, more than any packet has", header.captured);
            return self.resume(text, buffer, notes);
        }
        let whole = header_len + header.captured as usize;
        if buffer.more(whole) {
            return true;
        }
        let offset = buffer.offset();
        if let Some(error) = buffer.take_error() {
            notes.problem(offset, error);
            return false;
        }
        let left = buffer.filled().len() - header_len;
        let text = format!("record says {} bytes, only {left} are left", header.captured);
        // Either the capture was cut here, or this length is wrong and whole records follow.
        match self.find_chain(1, left + header_len, buffer) {
            Some(at) => {
                notes.problem(offset, format!("{text}; reading resumes {at} bytes further on"));
                buffer.consume(at);
                true
            }
            None => {
                notes.problem(offset, text);
                false
            }
        }
    }

    /// Takes a second look at a record whose header is odd. `false` when it is damage: reading has
    /// then moved on, or ended.
    #[cold]
    fn is_credible<R: Read>(
        &mut self,
        header: Header,
        buffer: &mut Buffer<R>,
        notes: &mut Notes,
    ) -> bool {
        let text = if header == Header::default() {
            "zeros where a record should begin".to_owned()
        } else if header.captured > self.usual.longest {
            format!("record says {} bytes, more than any packet has", header.captured)
        } else {
            let len = self.layout.header_len() + header.captured as usize;
            // An odd record may be true: then another one, or the end, follows it. Otherwise it is
            // damage only if sound records begin inside of it.
            if self.follows(len, header.sec, buffer) {
                return true;
            }
            let Some(at) = self.find_chain(1, len, buffer) else { return true };
            let text = format!(
                "record of {} bytes does not fit what follows it; reading resumes {at} bytes \
                 further on",
                header.captured
            );
            notes.problem(buffer.offset(), text);
            buffer.consume(at);
            return false;
        };
        if !self.resume(text, buffer, notes) {
            self.ended = true;
        }
        false
    }

    /// Searches the next sound record behind damage and moves there; notes both.
    fn resume<R: Read>(&mut self, text: String, buffer: &mut Buffer<R>, notes: &mut Notes) -> bool {
        const PIECE: usize = 256 * 1024;
        let damage = buffer.offset();
        let mut from = 1;
        while buffer.offset() - damage < WINDOW {
            if let Some(at) = self.find_chain(from, PIECE, buffer) {
                buffer.consume(at);
                let further = buffer.offset() - damage;
                notes
                    .problem(damage, format!("{text}; reading resumes {further} bytes further on"));
                return true;
            }
            if !buffer.more(PIECE) {
                break;
            }
            buffer.consume(PIECE);
            from = 0;
        }
        notes.problem(damage, format!("{text}; nothing after it could be read"));
        if let Some(error) = buffer.take_error() {
            notes.problem(buffer.offset(), error);
        }
        false
    }

    /// Where in `from..to` of the buffer a chain of sound records begins.
    fn find_chain<R: Read>(&self, from: usize, to: usize, buffer: &mut Buffer<R>) -> Option<usize> {
        (from..to).find(|&at| self.is_chain(at, buffer))
    }

    /// Whether sound records follow each other from `at` on: several, or up to the very end.
    fn is_chain<R: Read>(&self, at: usize, buffer: &mut Buffer<R>) -> bool {
        let mut at = at;
        let mut reference = self.last_sec;
        for links in 0..CHAIN {
            if !buffer.more(at + self.layout.header_len()) {
                let left = buffer.filled().len().saturating_sub(at);
                return links > 1 || (links == 1 && left == 0);
            }
            match self.sound(at, reference, buffer) {
                Some(header) => {
                    reference = Some(header.sec);
                    at += self.layout.header_len() + header.captured as usize;
                }
                None => return false,
            }
        }
        true
    }

    /// Whether a sound record's header, or the end, stands at `at`.
    fn follows<R: Read>(&self, at: usize, sec: u32, buffer: &mut Buffer<R>) -> bool {
        if !buffer.more(at + self.layout.header_len()) {
            return buffer.filled().len() == at;
        }
        self.sound(at, Some(sec), buffer).is_some()
    }

    /// The header at `at` if everything in it makes sense; stricter than for a record in its place.
    #[inline]
    fn sound<R: Read>(
        &self,
        at: usize,
        reference: Option<u32>,
        buffer: &Buffer<R>,
    ) -> Option<Header> {
        self.sound_in(buffer.filled(), at, reference)
    }

    /// The same, of some bytes.
    #[inline]
    fn sound_in(&self, bytes: &[u8], at: usize, reference: Option<u32>) -> Option<Header> {
        let header = self.layout.header(bytes.get(at..)?)?;
        let near = reference.is_none_or(|sec| sec.abs_diff(header.sec) <= NEAR);
        (near
            && header.fraction < self.usual.ticks_per_second
            && header.captured <= header.wire
            && header.captured <= LONGEST
            && header.wire != 0
            && header.wire <= LONGEST_EVER)
            .then_some(header)
    }
}

fn parse(bytes: &[u8]) -> Option<PcapHeader> {
    parse_pcap_header(bytes).ok().map(|(_, header)| header)
}
