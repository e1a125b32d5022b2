//! Packets logged by Linux netfilter: LINKTYPE_NFLOG.

use super::view::View;
use super::{Decoded, Scope, ip};

/// Address family, version and resource id, then attributes: length and type in the byte order
/// of the machine that captured, then the value, padded to four bytes.
pub(super) fn packet<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    /// The only version there is.
    const VERSION: u8 = 0;
    if view.u8(1)? != VERSION {
        return Some(Decoded::NotIp);
    }
    let attributes = view.skip(4)?;
    // The order isn't told, but types are small numbers, so in the wrong one they are large.
    let little = u16::from_le_bytes(attributes.array(2)?) & TYPE < 256;
    let number = if little { u16::from_le_bytes } else { u16::from_be_bytes };
    let packet = payload(attributes, number)?;
    match packet.u8(0)? >> 4 {
        4 | 6 => ip::packet(packet, scope),
        _ => Some(Decoded::NotIp),
    }
}

/// The type of an attribute, without netlink's two flag bits.
const TYPE: u16 = 0x3fff;

/// The value of the attribute that holds the packet.
fn payload(mut view: View<'_>, number: fn([u8; 2]) -> u16) -> Option<View<'_>> {
    const HEADER: usize = 4;
    const NFULA_PAYLOAD: u16 = 9;
    loop {
        let len = usize::from(number(view.array(0)?));
        let kind = number(view.array(2)?);
        let value = len.checked_sub(HEADER)?;
        if kind & TYPE == NFULA_PAYLOAD {
            return Some(view.skip(HEADER)?.limit(value));
        }
        view = view.skip(len.next_multiple_of(4))?;
    }
}
