//! Tunnels over IP and UDP: GRE, ERSPAN, VXLAN, Geneve.

use super::view::View;
use super::{Decoded, Scope, ethernet, ip, ppp};

/// An Ethernet frame, where an EtherType is expected ("Transparent Ethernet Bridging").
const BRIDGED_ETHERNET: u16 = 0x6558;

/// A GRE packet: RFC 2784 and 2890, and version 1 of PPTP (RFC 2637). `None` also when what it
/// carries isn't IP.
pub(super) fn gre<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGMENT: u16 = 0x0080;
    const VERSION: u16 = 0x0007;
    const PPP: u16 = 0x880b;
    const ERSPAN: u16 = 0x88be;
    const ERSPAN_3: u16 = 0x22eb;

    let (flags, protocol) = (view.u16(0)?, view.u16(2)?);
    let words = |bits: u16| (flags & bits).count_ones() as usize;
    if flags & VERSION == 1 {
        // The key is always there.
        let inner = view.skip(8 + 4 * words(SEQUENCE | ACKNOWLEDGMENT))?;
        return if protocol == PPP { ppp::frame(inner, scope) } else { None };
    }
    // The source routes of RFC 1701 are long gone.
    if flags & (VERSION | ROUTING) != 0 {
        return None;
    }
    let inner = view.skip(4 + 4 * words(CHECKSUM | KEY | SEQUENCE))?;
    match protocol {
        BRIDGED_ETHERNET => ethernet::frame(inner, scope),
        // Type I is a bare frame; only type II has a sequence number.
        ERSPAN if flags & SEQUENCE == 0 => ethernet::frame(inner, scope),
        ERSPAN | ERSPAN_3 => erspan(inner, scope),
        _ => ethernet::payload(protocol, inner, scope),
    }
}

/// A mirrored frame with ERSPAN's header of type II or III
/// (draft-foschiano-erspan-03, section 4).
fn erspan<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    const TYPE_2: u8 = 1;
    const TYPE_3: u8 = 2;
    match view.u8(0)? >> 4 {
        TYPE_2 => ethernet::frame(view.skip(8)?, scope),
        TYPE_3 => {
            let last = view.u16(10)?;
            let has_subheader = last & 1 == 1;
            let inner = view.skip(if has_subheader { 20 } else { 12 })?;
            match last >> 10 & 0x1f {
                0 => ethernet::frame(inner, scope),
                2 => ip::packet(inner, scope),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a UDP datagram to `port` tunnels; `None` when it is no tunnel or what would be inside
/// isn't IP, for the ports may serve something else.
pub(super) fn over_udp<'a>(
    port: u16,
    view: View<'a>,
    scope: &mut Scope<'_>,
) -> Option<Decoded<'a>> {
    let found = match port {
        // IANA's, and the one of Linux before there was one.
        4789 | 8472 => vxlan(view, scope)?,
        6081 => geneve(view, scope)?,
        _ => return None,
    };
    (!matches!(found, Decoded::NotIp)).then_some(found)
}

/// VXLAN (RFC 7348).
fn vxlan<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    /// The flag that the network identifier is valid: always set.
    const VALID: u8 = 0x08;
    if view.u8(0)? & VALID == 0 {
        return None;
    }
    ethernet::frame(view.skip(8)?, scope)
}

/// Geneve (RFC 8926).
fn geneve<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    let first = view.u8(0)?;
    if first >> 6 != 0 {
        return None;
    }
    let options_len = usize::from(first & 0x3f) * 4;
    let inner = view.skip(8 + options_len)?;
    match view.u16(2)? {
        BRIDGED_ETHERNET => ethernet::frame(inner, scope),
        ethertype => ethernet::payload(ethertype, inner, scope),
    }
}
