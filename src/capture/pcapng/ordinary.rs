//! A short cut for nearly every block of nearly every file: Enhanced Packet Blocks of little-endian
//! sections, one behind the other.
//!
//! It hands on what [`Pcapng::next`] would, only sooner, and leaves everything unusual to that.

use memchr::memmem;
use pcap_parser::EPB_MAGIC;

use super::interface::Interface;
use super::order::Order;
use super::{LONGEST, Pcapng, comments};
use crate::capture::notes::Notes;
use crate::capture::reader::{Onward, RawPacket};
use crate::capture::{LinkType, Timestamp};

/// Bytes of a block in front of its data.
const FIXED: usize = 28;

/// What packets need to know of their interface.
#[derive(Clone, Copy)]
struct Brief {
    id: u32,
    link: LinkType,
    nanos_per_tick: u64,
    offset: i64,
}

impl Brief {
    /// `None` for an interface that isn't there, or has an unusual clock.
    #[inline(never)]
    fn of(interfaces: &[Interface], id: u32) -> Option<Self> {
        let interface = interfaces.get(usize::try_from(id).ok()?)?;
        let (nanos_per_tick, offset) = interface.clock.simple()?;
        Some(Self { id, link: interface.link, nanos_per_tick, offset })
    }

    /// The time that `ticks` means, if it can be told.
    #[inline]
    fn time(self, ticks: u64) -> Option<Timestamp> {
        let nanos = i64::try_from(ticks.checked_mul(self.nanos_per_tick)?).ok()?;
        nanos.checked_add(self.offset).map(Timestamp::from_nanos)
    }
}

/// The data of the packet in the block at the beginning of these bytes, and what is behind that; `None` if it
/// isn't whole, or another block.
#[inline(always)]
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[kind, len, _, _, _, captured, _], _) = bytes.first_chunk::<FIXED>()?.as_chunks::<4>()
    else {
        return None;
    };
    let (block, behind) = bytes.split_at_checked(u32::from_le_bytes(len) as usize)?;
    let data = block.get(FIXED..)?.get(..u32::from_le_bytes(captured) as usize)?;
    (u32::from_le_bytes(kind) == EPB_MAGIC).then_some((data, behind))
}

impl Pcapng {
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
        let Order::Little = self.order else { return 0 };
        let Some(mut number) = notes.numbers(bytes) else { return 0 };
        let Some(mut brief) = Brief::of(&self.interfaces, 0) else { return 0 };
        onward.turn(brief.link);
        let mut rest = bytes;
        while let Some(fixed) = rest.first_chunk::<FIXED>() {
            let at = offset + (bytes.len() - rest.len()) as u64;
            self.shown.pass((at, rest), onward, first);
            let (&[kind, len, id, high, low, captured, wire], _) = fixed.as_chunks::<4>() else {
                break;
            };
            let [len, captured] = [len, captured].map(|bytes| u32::from_le_bytes(bytes) as usize);
            let Some((block, next)) = rest.split_at_checked(len) else { break };
            let Some((block, behind)) = block.split_last_chunk::<4>() else { break };
            let Some((data, options)) =
                block.get(FIXED..).and_then(|body| body.split_at_checked(captured))
            else {
                break;
            };
            if u32::from_le_bytes(kind) != EPB_MAGIC
                || u32::from_le_bytes(*behind) as usize != len
                || len > LONGEST as usize
            {
                break;
            }
            let id = u32::from_le_bytes(id);
            if id != brief.id {
                let Some(other) = Brief::of(&self.interfaces, id) else { break };
                brief = other;
                onward.turn(brief.link);
            }
            let ticks =
                u64::from(u32::from_le_bytes(high)) << 32 | u64::from(u32::from_le_bytes(low));
            let Some(time) = brief.time(ticks) else { break };
            let packet = RawPacket {
                time,
                link: brief.link,
                wire_len: u32::from_le_bytes(wire),
                number: number + 1,
                offset: at,
                data,
            };
            if !onward.take(packet) {
                break;
            }
            self.last = time;
            (number, rest) = (number + 1, next);
            if options.len() >= 4 {
                self.options(options, captured, number, notes);
            }
        }
        notes.frames = number;
        bytes.len() - rest.len()
    }

    /// Where blocks seem to begin that [`Pcapng::rest`] can walk.
    pub(in crate::capture) fn found_in(&self, bytes: &[u8]) -> Option<usize> {
        let Order::Little = self.order else { return None };
        let block = |at: usize| {
            let rest = bytes.get(at..)?;
            let (&[kind, len, _], _) = rest.first_chunk::<12>()?.as_chunks::<4>() else {
                return None;
            };
            let len = u32::from_le_bytes(len);
            let is_packet = u32::from_le_bytes(kind) == EPB_MAGIC && (32..=LONGEST).contains(&len);
            let behind = rest.get(..len as usize).filter(|_| is_packet)?.last_chunk::<4>()?;
            (u32::from_le_bytes(*behind) == len).then_some(at + len as usize)
        };
        memmem::find_iter(bytes, &EPB_MAGIC.to_le_bytes())
            .find(|at| block(*at).and_then(block).is_some())
    }

    /// Goes on behind blocks that were walked from `before` to `behind`, if the interfaces are the same.
    pub(in crate::capture) fn join(&mut self, before: &Self, behind: &Self) -> bool {
        let same = self.descriptions == before.descriptions;
        if same {
            self.last = behind.last;
        }
        same
    }

    /// What stands behind a packet's data: padding, and options.
    #[inline(never)]
    fn options(&self, behind: &[u8], captured: usize, number: u32, notes: &mut Notes) {
        let padding = captured.next_multiple_of(4) - captured;
        let options = behind.get(padding..).unwrap_or_default();
        comments(self.order, options, Some(number), notes);
    }
}
