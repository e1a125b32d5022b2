//! A short cut for nearly every record of nearly every file: those of little-endian files that stand whole, one
//! behind the other, with nothing odd about them.

use super::{Header, Layout, Pcap};
use crate::capture::notes::Notes;
use crate::capture::reader::{Onward, RawPacket};

/// The data of the record at the beginning of these bytes, and what is behind it; `None` if it isn't whole.
#[inline(always)]
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, behind) = bytes.split_first_chunk::<16>()?;
    let captured = u32::from_le_bytes(*header[8..].first_chunk()?);
    behind.split_at_checked(captured as usize)
}

impl Pcap {
    /// Hands on the packets that stand whole in `bytes`, one behind the other, until there is
    /// anything unusual or one isn't taken. Returns how many bytes they had.
    #[inline(always)]
    pub(in crate::capture) fn rest<O: Onward>(
        &mut self,
        bytes: &[u8],
        offset: u64,
        notes: &mut Notes,
        onward: &mut O,
    ) -> usize {
        let (Layout::Little, Some(mut last)) = (self.layout, self.last_sec) else { return 0 };
        let Some(mut number) = notes.numbers(bytes) else { return 0 };
        let (usual, link, mut rest) = (self.usual, self.link, bytes);
        onward.turn(link);
        while let Some((header, behind)) = rest.split_first_chunk::<16>() {
            let at = offset + (bytes.len() - rest.len()) as u64;
            self.shown.pass((at, rest), onward, first);
            let (&[sec, fraction, captured, wire], _) = header.as_chunks::<4>() else { break };
            let header = Header {
                sec: u32::from_le_bytes(sec),
                fraction: u32::from_le_bytes(fraction),
                captured: u32::from_le_bytes(captured),
                wire: u32::from_le_bytes(wire),
            };
            let Some((data, next)) = behind.split_at_checked(header.captured as usize) else {
                break;
            };
            if !usual.is(header, last) {
                break;
            }
            let packet = RawPacket {
                time: usual.time(header),
                link,
                wire_len: header.wire,
                number: number + 1,
                offset: at,
                data,
            };
            if !onward.take(packet) {
                break;
            }
            (last, number, rest) = (header.sec, number + 1, next);
        }
        self.last_sec = Some(last);
        notes.frames = number;
        bytes.len() - rest.len()
    }
}
