//! A short cut for nearly every packet of nearly every capture: Ethernet, at most one VLAN tag,
//! IP without options, TCP.
//!
//! It says nothing that the general way wouldn't say (a property test holds both equal), only
//! sooner: 12 ns a packet instead of 20 when measured, because nothing is passed through memory
//! between the layers. That is also why everything here is inlined.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::ip_number;

use super::ip::Header;
use super::view::View;
use super::{Segment, tcp};

/// Hands on the segment in an Ethernet frame; `None` when there is anything unusual about it.
#[inline(always)]
pub(super) fn frame<'a, T>(data: &'a [u8], take: &mut impl FnMut(&Segment<'a>) -> T) -> Option<T> {
    let (mac, mut ip) = data.split_first_chunk::<14>()?;
    let mut ethertype = [mac[12], mac[13]];
    if ethertype == [0x81, 0x00] {
        let (tag, rest) = ip.split_first_chunk::<4>()?;
        (ethertype, ip) = ([tag[2], tag[3]], rest);
    }
    match ethertype {
        // Twice, since what two ways lead to would have to be kept and copied.
        [0x08, 0x00] => v4(ip).map(|segment| take(&segment)),
        [0x86, 0xdd] => v6(ip).map(|segment| take(&segment)),
        _ => None,
    }
}

#[inline(always)]
fn v4(data: &[u8]) -> Option<Segment<'_>> {
    /// More fragments, and the fragment's offset.
    const FRAGMENT: u16 = 0x3fff;
    let (h, body) = data.split_first_chunk::<20>()?;
    let body_len = u16::from_be_bytes([h[2], h[3]]).checked_sub(20)?;
    let fragment = u16::from_be_bytes([h[6], h[7]]) & FRAGMENT;
    if h[0] != 0x45 || fragment != 0 || h[9] != ip_number::TCP.0 {
        return None;
    }
    let header = Header {
        src: IpAddr::V4(Ipv4Addr::new(h[12], h[13], h[14], h[15])),
        dst: IpAddr::V4(Ipv4Addr::new(h[16], h[17], h[18], h[19])),
        ttl: h[8],
        id: Some(u16::from_be_bytes([h[4], h[5]])),
    };
    let view = View { data: body, wire: 0 }.limit(usize::from(body_len));
    tcp::whole(view, &header)
}

#[inline(always)]
fn v6(data: &[u8]) -> Option<Segment<'_>> {
    let (h, body) = data.split_first_chunk::<40>()?;
    let body_len = u16::from_be_bytes([h[4], h[5]]);
    if h[0] >> 4 != 6 || h[6] != ip_number::TCP.0 || body_len == 0 {
        return None;
    }
    let (src, rest) = h[8..].split_first_chunk::<16>()?;
    let dst = rest.first_chunk::<16>()?;
    let header = Header {
        src: IpAddr::V6(Ipv6Addr::from(*src)),
        dst: IpAddr::V6(Ipv6Addr::from(*dst)),
        ttl: h[7],
        id: None,
    };
    let view = View { data: body, wire: 0 }.limit(usize::from(body_len));
    tcp::whole(view, &header)
}
