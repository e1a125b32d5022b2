//! MPLS label stacks (RFC 3032) and the guess at what they carry.

use super::view::View;
use super::{Decoded, Scope, ethernet, ip};

/// A label stack and the packet or frame beneath it.
///
/// Labels don't say what they carry. Routers that must know look at the first four bits, and so
/// does this: 4 and 6 are IP, 0 is the control word of a pseudowire (RFC 4385), here one that
/// carries Ethernet (RFC 4448). Frames without control word are told by their EtherType, which
/// also settles the case of a destination address that begins with 4 or 6.
pub(super) fn stack<'a>(mut view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    const BOTTOM_OF_STACK: u32 = 0x100;
    loop {
        scope.descend()?;
        let label = view.u32(0)?;
        view = view.skip(4)?;
        if label & BOTTOM_OF_STACK != 0 {
            break;
        }
    }
    let first = view.u8(0)? >> 4;
    let ip = match first {
        4 => has_ipv4_checksum(view),
        6 => has_ipv6_length(view) || !is_ethernet(view),
        _ => false,
    };
    if ip {
        ip::packet(view, scope)
    } else if is_ethernet(view) {
        ethernet::frame(view, scope)
    } else if first == 0 {
        let frame = view.skip(4)?;
        if is_ethernet(frame) { ethernet::frame(frame, scope) } else { Some(Decoded::NotIp) }
    } else if first == 4 {
        // A header whose checksum was left to the hardware.
        ip::packet(view, scope)
    } else {
        Some(Decoded::NotIp)
    }
}

/// Whether an Ethernet frame with IP or a VLAN tag starts here.
fn is_ethernet(view: View<'_>) -> bool {
    let first = view.u8(14).map(|byte| byte >> 4);
    match view.u16(12) {
        Some(0x0800) => first == Some(4),
        Some(0x86dd) => first == Some(6),
        Some(0x8100 | 0x88a8) => true,
        _ => false,
    }
}

/// Whether an IPv6 header whose length is that of the whole packet starts here.
fn has_ipv6_length(view: View<'_>) -> bool {
    view.u16(4).is_some_and(|len| usize::from(len) + 40 == view.wire)
}

/// Whether an IPv4 header with the right checksum starts here (RFC 1071).
fn has_ipv4_checksum(view: View<'_>) -> bool {
    let header_len = usize::from(view.u8(0).unwrap_or(0) & 0xf) * 4;
    let Some(header) = view.data.get(..header_len) else { return false };
    let sum: u32 = header
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
        .sum();
    header_len >= 20 && (sum >> 16) + (sum & 0xffff) == 0xffff
}
