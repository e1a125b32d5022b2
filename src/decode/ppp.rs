//! PPP (RFC 1661) and what carries it: HDLC-like framing, PPPoE, PPTP's GRE.

use super::view::View;
use super::{Decoded, Scope, ethernet, ip, mpls};

/// A PPP frame, with or without the address and control fields of HDLC-like framing (RFC 1662),
/// and with the protocol field in two bytes or compressed into one.
pub(super) fn frame<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    /// All stations, unnumbered information.
    const ADDRESS_AND_CONTROL: [u8; 2] = [0xff, 0x03];
    scope.descend()?;
    let view = if view.array(0) == Some(ADDRESS_AND_CONTROL) { view.skip(2)? } else { view };
    let first = view.u8(0)?;
    // The last byte of a protocol number is odd, every other one even (RFC 1661, section 2).
    let (protocol, view) = if first & 1 == 1 {
        (u16::from(first), view.skip(1)?)
    } else {
        (view.u16(0)?, view.skip(2)?)
    };
    match protocol {
        0x0021 => ip::v4(view, scope),
        0x0057 => ip::v6(view, scope),
        0x0281 | 0x0283 => mpls::stack(view, scope),
        _ => Some(Decoded::NotIp),
    }
}

/// PPP in HDLC-like framing, or Cisco's own HDLC, whose control field an EtherType follows.
pub(super) fn hdlc<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    /// Unicast and multicast addresses of Cisco HDLC.
    const CISCO: [u8; 2] = [0x0f, 0x8f];
    if CISCO.contains(&view.u8(0)?) {
        return ethernet::payload(view.u16(2)?, view.skip(4)?, scope);
    }
    frame(view, scope)
}

/// A PPPoE session packet (RFC 2516), from its version on.
pub(super) fn over_ethernet<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    const VERSION_AND_TYPE: u8 = 0x11;
    /// Code of session data; discovery has others.
    const SESSION: u8 = 0;
    if view.u8(0)? != VERSION_AND_TYPE || view.u8(1)? != SESSION {
        return Some(Decoded::NotIp);
    }
    let len = usize::from(view.u16(4)?);
    frame(view.skip(6)?.limit(len), scope)
}
