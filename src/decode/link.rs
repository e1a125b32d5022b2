//! Link types: what a packet's first byte belongs to.

use super::view::View;
use super::{Decoded, Scope, ethernet, ip, nflog, ppp, wlan};
use crate::capture::LinkType;

// Numbers of the LINKTYPE_ registry, https://www.tcpdump.org/linktypes.html
const NULL: u16 = 0;
const EN10MB: u16 = 1;
const PPP: u16 = 9;
/// DLT_RAW of most systems and of OpenBSD: not file values, but some programs write them.
const DLT_RAW: u16 = 12;
const DLT_RAW_OPENBSD: u16 = 14;
const PPP_HDLC: u16 = 50;
const PPP_ETHER: u16 = 51;
const RAW: u16 = 101;
const IEEE802_11: u16 = 105;
const LOOP: u16 = 108;
const LINUX_SLL: u16 = 113;
const IEEE802_11_RADIOTAP: u16 = 127;
const IPV4: u16 = 228;
const IPV6: u16 = 229;
const NFLOG: u16 = 239;
const LINUX_SLL2: u16 = 276;

/// Ethernet, for which there is a short cut.
pub(super) const ETHERNET: LinkType = LinkType(EN10MB);

/// What a packet of link type `link` holds; `None` when a header is damaged or cut off.
#[inline]
pub(super) fn decode<'a>(
    link: LinkType,
    view: View<'a>,
    scope: &mut Scope<'_>,
) -> Option<Decoded<'a>> {
    match link.0 {
        EN10MB => ethernet::frame(view, scope),
        NULL | LOOP => loopback(view, scope),
        RAW | DLT_RAW | DLT_RAW_OPENBSD | IPV4 | IPV6 => ip::packet(view, scope),
        LINUX_SLL => cooked(view, 2, 14, 16, scope),
        LINUX_SLL2 => cooked(view, 8, 0, 20, scope),
        PPP => ppp::frame(view, scope),
        PPP_HDLC => ppp::hdlc(view, scope),
        PPP_ETHER => ppp::over_ethernet(view, scope),
        IEEE802_11 => wlan::frame(view, scope),
        IEEE802_11_RADIOTAP => wlan::radiotap(view, scope),
        NFLOG => nflog::packet(view, scope),
        _ => Some(Decoded::UnknownLink),
    }
}

/// BSD loopback: four bytes of address family. NULL has them in the byte order of the machine
/// that captured, which the file doesn't tell; LOOP in network byte order. No family that is IP
/// reads as another one in the other order, so both are tried.
fn loopback<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    let family = view.u32(0)?;
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    match family {
        // AF_INET everywhere; AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
        2 | 10 | 23 | 24 | 28 | 30 => ip::packet(view.skip(4)?, scope),
        _ => Some(Decoded::NotIp),
    }
}

/// Linux "cooked" captures, both versions: the ARPHRD_ type of the device and the protocol at the
/// given offsets in a header of `len` bytes.
fn cooked<'a>(
    view: View<'a>,
    device: usize,
    protocol: usize,
    len: usize,
    scope: &mut Scope<'_>,
) -> Option<Decoded<'a>> {
    const ARPHRD_NETLINK: u16 = 824;
    if view.u16(device)? == ARPHRD_NETLINK {
        return Some(Decoded::NotIp);
    }
    match view.u16(protocol)? {
        // ETH_P_802_2: an 802.2 LLC header follows.
        4 => ethernet::llc(view.skip(len)?, scope),
        ethertype => ethernet::payload(ethertype, view.skip(len)?, scope),
    }
}
