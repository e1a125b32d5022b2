//! One capture, packet by packet.

use std::io::Read;

use super::buffer::Buffer;
use super::content::Content;
use super::feed::Feed;
use super::notes::Notes;
use super::pcap::{self, Pcap};
use super::pcapng::Pcapng;
use super::scout::{Found, Scouting, Seen};
use super::{LinkType, Timestamp};

/// A packet of one file.
#[derive(Clone, Copy, Debug)]
pub struct RawPacket<'a> {
    /// Capture time.
    pub time: Timestamp,
    /// What `data` begins with.
    pub link: LinkType,
    /// Length on the wire in bytes.
    pub wire_len: u32,
    /// 1-based number in the file.
    pub number: u32,
    /// Byte offset of its record in the (decompressed) file.
    pub offset: u64,
    /// The captured bytes.
    pub data: &'a [u8],
}

/// A packet of which the data stands in the buffer, relative to the buffer's position.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) wire_len: u32,
    pub(super) number: u32,
    pub(super) offset: u64,
    pub(super) data_at: usize,
    pub(super) data_len: usize,
    /// All of the record, which is used up when the next one is asked for.
    pub(super) len: usize,
}

/// Takes packets one behind the other. Not a closure, which the compiler would call where it is to be
/// inlined, since there are several formats.
pub(super) trait Onward {
    /// Packets are shown to [`Onward::ahead`] so many before they are handed on; 0 if they aren't.
    const AHEAD: usize;
    /// So many of them at a time.
    const GROUP: usize;

    /// Is shown the data of packets before they are handed on.
    fn ahead<'p>(&mut self, next: impl Iterator<Item = &'p [u8]>);

    /// The packets that follow are of this link type, if any do.
    fn turn(&mut self, link: LinkType);

    /// Takes a packet; `false` if this one isn't taken, nor any behind it.
    fn take(&mut self, packet: RawPacket<'_>) -> bool;
}

/// Walks the records of a file.
#[derive(Clone)]
pub(super) enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Format {
    /// Hands on the packets that stand whole in `bytes`, one behind the other, until there is anything
    /// unusual or one isn't taken. Returns how many bytes they had.
    #[inline(always)]
    pub(super) fn rest(
        &mut self,
        bytes: &[u8],
        offset: u64,
        notes: &mut Notes,
        onward: &mut impl Onward,
    ) -> usize {
        match self {
            Self::Pcap(pcap) => pcap.rest(bytes, offset, notes, onward),
            Self::Pcapng(pcapng) => pcapng.rest(bytes, offset, notes, onward),
        }
    }

    /// Where in some bytes of the file records seem to begin, of times near this one, that [`Format::rest`]
    /// can walk, and how it would stand there.
    pub(super) fn found_in(&self, bytes: &[u8], near: Timestamp) -> Option<(usize, Self)> {
        match self {
            Self::Pcap(pcap) => pcap.found_in(bytes, near).map(|(at, pcap)| (at, Self::Pcap(pcap))),
            Self::Pcapng(pcapng) => Some((pcapng.found_in(bytes)?, self.clone())),
        }
    }

    /// Goes on behind records that were walked from `before` to `behind`. `false`, and nothing happens, if
    /// they are to be walked otherwise.
    pub(super) fn join(&mut self, before: &Self, behind: &Self) -> bool {
        match (self, before, behind) {
            (Self::Pcap(here), Self::Pcap(before), Self::Pcap(behind)) => here.join(before, behind),
            (Self::Pcapng(here), Self::Pcapng(before), Self::Pcapng(behind)) => {
                here.join(before, behind)
            }
            _ => false,
        }
    }
}

/// Walks a pcap or pcapng stream; lends each packet out of its buffer, without copying.
///
/// Never fails on what the stream holds: damage is noted, and reading resumes behind it where that
/// is safe.
pub struct Reader<R> {
    buffer: Buffer<R>,
    format: Format,
    notes: Notes,
    /// The packet handed out last.
    record: Record,
}

impl Reader<Feed> {
    /// From now on, other threads read ahead.
    pub(super) fn read_ahead(&mut self) {
        self.buffer.read_ahead();
    }

    /// From now on, windows are kept, see [`super::Source::keep_windows`].
    pub(super) fn keep_windows(&mut self) -> bool {
        self.buffer.keep_windows()
    }

    pub(super) fn left_window(&mut self) -> Option<Vec<u8>> {
        self.buffer.left_window()
    }

    /// The window of the last packets, at the end; `None` if none are kept.
    pub(super) fn last_window(&mut self) -> Option<Vec<u8>> {
        self.buffer.last_window()
    }

    pub(super) fn window(&self) -> &[u8] {
        self.buffer.window()
    }

    pub(super) fn give_back(&mut self, window: Vec<u8>, found: Option<Found>) {
        self.buffer.give_back(window, found);
    }

    /// It reads a file, any part of which may be read before those in front of it.
    pub(super) fn can_be_scouted(&self) -> bool {
        self.buffer.can_be_scouted()
    }

    /// From now on, others walk pieces ahead, as they are told how packets are read, and windows are kept.
    pub(super) fn scout(&mut self, scouting: impl FnOnce(Format) -> Scouting) {
        self.buffer.scout(scouting(self.format.clone()));
    }

    /// What others saw of the packets right behind the one that was moved to last, what they made of them,
    /// and the window that all of these stand in. Reading goes on behind them.
    pub(super) fn scouted<T: Send + 'static>(&mut self) -> Option<(Seen, Box<T>, Vec<u8>)> {
        let Self { buffer, format, notes, record } = self;
        let (seen, found) = buffer.seen_at(record.len)?;
        let frames = notes.frames.checked_add(seen.packets)?;
        if !found.is::<T>() || !format.join(&seen.before, &seen.behind) {
            return None;
        }
        let (seen, found, window) = buffer.leave_seen()?;
        notes.frames = frames;
        *record = Record::default();
        Some((seen, found.downcast().ok()?, window))
    }
}

/// Why a stream is no capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotACapture {
    /// There is nothing in it.
    Empty,
    /// It ends before a capture's header does.
    HeaderCut {
        /// Bytes that there are.
        have: usize,
        /// Bytes of the header.
        need: usize,
    },
    /// Its content is something else, named when it is known.
    Other(Option<&'static str>),
    /// Reading its first bytes failed.
    Read(String),
}

impl<R: Read> Reader<R> {
    /// Reads the header of a capture; `file` is its index in the list of input files.
    ///
    /// Reads no more of a pipe than it needs to tell what is in it.
    pub fn new(input: R, file: u32) -> Result<Self, NotACapture> {
        let mut buffer = Buffer::new(input);
        buffer.more(4);
        let need = match Content::of(buffer.filled()) {
            Content::Pcap => pcap::HEADER,
            Content::Pcapng => 28,
            _ => 0,
        };
        if need == 0 {
            // Only to name what it is.
            buffer.more(512);
            if let Some(error) = buffer.take_error() {
                return Err(NotACapture::Read(error));
            }
            return Err(match Content::of(buffer.filled()) {
                Content::Empty => NotACapture::Empty,
                Content::Other(name) => NotACapture::Other(Some(name)),
                _ => NotACapture::Other(None),
            });
        }
        if !buffer.more(need) {
            if let Some(error) = buffer.take_error() {
                return Err(NotACapture::Read(error));
            }
            return Err(NotACapture::HeaderCut { have: buffer.filled().len(), need });
        }
        let bytes = buffer.filled();
        let format = if need == pcap::HEADER {
            Pcap::new(bytes).map(Format::Pcap)
        } else {
            Pcapng::new(bytes).map(Format::Pcapng)
        };
        let Some(format) = format else { return Err(NotACapture::Other(None)) };
        if let Format::Pcap(_) = format {
            buffer.consume(pcap::HEADER);
        }
        Ok(Self { buffer, format, notes: Notes::new(file), record: Record::default() })
    }

    /// The next packet; `None` at the end of what can be read.
    #[allow(clippy::should_implement_trait, reason = "the packet borrows from the reader")]
    pub fn next(&mut self) -> Option<RawPacket<'_>> {
        if !self.advance() {
            return None;
        }
        let record = &self.record;
        Some(RawPacket {
            time: record.time,
            link: record.link,
            wire_len: record.wire_len,
            number: record.number,
            offset: record.offset,
            data: self.data(),
        })
    }

    /// Moves to the next packet; `false` at the end of what can be read.
    #[inline]
    pub(super) fn advance(&mut self) -> bool {
        self.buffer.consume(self.record.len);
        let (buffer, notes, record) = (&mut self.buffer, &mut self.notes, &mut self.record);
        let found = match &mut self.format {
            Format::Pcap(pcap) => pcap.next(buffer, notes, record),
            Format::Pcapng(pcapng) => match pcapng.next(buffer, notes) {
                Some(next) => {
                    *record = next;
                    true
                }
                None => false,
            },
        };
        if !found {
            self.record.len = 0;
        }
        found
    }

    /// Hands on packets behind the one that was moved to last, as long as they stand in the buffer,
    /// are nothing unusual, and `onward` takes them. Afterwards there is none that was
    /// moved to last.
    #[inline(always)]
    pub(super) fn rest(&mut self, onward: &mut impl Onward) {
        let Self { buffer, format, notes, record } = self;
        buffer.consume(std::mem::take(record).len);
        let (bytes, offset) = (buffer.filled(), buffer.offset());
        let used = format.rest(bytes, offset, notes, onward);
        buffer.consume(used);
    }

    /// The packet that was moved to last.
    #[inline]
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    /// Its data.
    #[inline]
    pub(super) fn data(&self) -> &[u8] {
        let Record { data_at, data_len, .. } = self.record;
        self.buffer.filled().get(data_at..data_at + data_len).unwrap_or_default()
    }

    /// What was noted beside the packets.
    pub(super) fn finish(mut self) -> Notes {
        if let Format::Pcapng(pcapng) = &mut self.format {
            pcapng.close_section(&mut self.notes);
        }
        self.notes
    }

    /// The problems met so far.
    pub fn problems(&self) -> &[super::Problem] {
        &self.notes.problems
    }
}
