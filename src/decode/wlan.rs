//! IEEE 802.11 data frames, bare and behind a radiotap header.

use super::view::View;
use super::{Decoded, Scope, ethernet};

/// What follows the MAC header, when it isn't right behind it.
#[derive(Clone, Copy, PartialEq)]
enum Padding {
    None,
    /// Up to a multiple of four bytes, as some adapters hand frames over.
    ToWord,
}

/// A frame behind a radiotap header (<https://www.radiotap.org>).
pub(super) fn radiotap<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    /// The receiver knew the frame to be damaged.
    const BAD_FCS: u8 = 0x40;
    const DATA_PADDING: u8 = 0x20;
    let len = usize::from(u16::from_le_bytes(view.array(2)?));
    let flags = radiotap_flags(View::new(view.data.get(..len)?, len)).unwrap_or(0);
    if flags & BAD_FCS != 0 {
        return None;
    }
    let padding = if flags & DATA_PADDING != 0 { Padding::ToWord } else { Padding::None };
    data_frame(view.skip(len)?, padding, scope)
}

/// The field "Flags" of a radiotap header, if it has one.
fn radiotap_flags(header: View<'_>) -> Option<u8> {
    const TIMESTAMP: u32 = 1;
    const FLAGS: u32 = 1 << 1;
    const ANOTHER_BITMAP: u32 = 1 << 31;
    let bitmap = |at| header.array(at).map(u32::from_le_bytes);
    let present = bitmap(4)?;
    if present & FLAGS == 0 {
        return None;
    }
    let mut at = 4;
    while bitmap(at)? & ANOTHER_BITMAP != 0 {
        at += 4;
    }
    at += 4;
    // Flags come second, behind a timestamp of eight bytes at a multiple of eight.
    if present & TIMESTAMP != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    header.u8(at)
}

/// A bare frame.
pub(super) fn frame<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    data_frame(view, Padding::None, scope)
}

/// A MAC frame (IEEE 802.11, clause 9.3.2): LLC behind a header whose length depends on the
/// kind. Encrypted frames and aggregates of several (A-MSDU) are not looked into.
fn data_frame<'a>(view: View<'a>, padding: Padding, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    // First byte: version, type, subtype.
    const VERSION_AND_TYPE: u8 = 0x0f;
    const DATA: u8 = 0x08;
    const NO_DATA: u8 = 0x40;
    const QOS: u8 = 0x80;
    // Second byte: flags.
    const BOTH_DS: u8 = 0x03;
    const PROTECTED: u8 = 0x40;
    const ORDER: u8 = 0x80;
    // First byte of the QoS control field.
    const AGGREGATE: u8 = 0x80;

    let (kind, flags) = (view.u8(0)?, view.u8(1)?);
    if kind & VERSION_AND_TYPE != DATA || kind & NO_DATA != 0 || flags & PROTECTED != 0 {
        return Some(Decoded::NotIp);
    }
    let fragment_number = view.u8(22)? & 0xf;
    if fragment_number != 0 {
        return Some(Decoded::NotIp);
    }
    let mut len = 24;
    if flags & BOTH_DS == BOTH_DS {
        // A fourth address.
        len += 6;
    }
    if kind & QOS != 0 {
        if view.u8(len)? & AGGREGATE != 0 {
            return Some(Decoded::NotIp);
        }
        len += 2;
        if flags & ORDER != 0 {
            // HT control.
            len += 4;
        }
    }
    if padding == Padding::ToWord {
        len = len.next_multiple_of(4);
    }
    ethernet::llc(view.skip(len)?, scope)
}
