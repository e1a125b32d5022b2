//! A short cut for nearly every packet of nearly every capture: Ethernet, at most one VLAN tag,
//! IP without options, TCP.
//!
//! It says nothing that the general way wouldn't say (a property test holds both equal), only
//! sooner, because nothing is passed through memory between the layers, and the segment is written
//! once, where it is to be. That is also why everything here is inlined.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::ip_number;

use super::view::View;
use super::{Endpoint, Segment, ethernet, tcp};

/// Puts the segment in an Ethernet frame into the empty `slot`; `None` when there is anything unusual
/// about it.
#[inline(always)]
pub(super) fn frame<'s, 'a>(
    data: &'a [u8],
    slot: &'s mut Option<Segment<'a>>,
) -> Option<&'s Segment<'a>> {
    let (mac, mut ip) = data.split_first_chunk::<14>()?;
    let mut ethertype = u16::from_be_bytes([mac[12], mac[13]]);
    if ethertype == ethernet::VLAN {
        let (tag, rest) = ip.split_first_chunk::<4>()?;
        (ethertype, ip) = (u16::from_be_bytes([tag[2], tag[3]]), rest);
    }
    match ethertype {
        ethernet::IPV4 => v4(ip, slot),
        ethernet::IPV6 => v6(ip, slot),
        _ => None,
    }
}

/// The two ends of the segment in an Ethernet frame without any tag, over IPv4 without options. It may be a
/// fragment.
#[inline(always)]
pub(super) fn ends(data: &[u8]) -> Option<[Endpoint; 2]> {
    let (mac, ip) = data.split_first_chunk::<14>()?;
    let h = ip.first_chunk::<24>()?;
    if [mac[12], mac[13]] != ethernet::IPV4.to_be_bytes()
        || h[0] != 0x45
        || h[9] != ip_number::TCP.0
    {
        return None;
    }
    let end =
        |ip: [u8; 4], port| Endpoint { ip: IpAddr::V4(ip.into()), port: u16::from_be_bytes(port) };
    Some([
        end([h[12], h[13], h[14], h[15]], [h[20], h[21]]),
        end([h[16], h[17], h[18], h[19]], [h[22], h[23]]),
    ])
}

#[inline(always)]
fn v4<'s, 'a>(data: &'a [u8], slot: &'s mut Option<Segment<'a>>) -> Option<&'s Segment<'a>> {
    /// More fragments, and the fragment's offset.
    const FRAGMENT: u16 = 0x3fff;
    let (h, body) = data.split_first_chunk::<20>()?;
    let body_len = u16::from_be_bytes([h[2], h[3]]).checked_sub(20)?;
    let fragment = u16::from_be_bytes([h[6], h[7]]) & FRAGMENT;
    if h[0] != 0x45 || fragment != 0 || h[9] != ip_number::TCP.0 {
        return None;
    }
    let (src, dst) =
        (Ipv4Addr::new(h[12], h[13], h[14], h[15]), Ipv4Addr::new(h[16], h[17], h[18], h[19]));
    let view = View { data: body, wire: 0 }.limit(usize::from(body_len));
    tcp::whole(view, (h[8], Some(u16::from_be_bytes([h[4], h[5]]))), (src, dst), slot)
}

// Apart: made in the same place, the endpoints of both versions would be moved there part by part.
#[inline(never)]
fn v6<'s, 'a>(data: &'a [u8], slot: &'s mut Option<Segment<'a>>) -> Option<&'s Segment<'a>> {
    let (h, body) = data.split_first_chunk::<40>()?;
    let body_len = u16::from_be_bytes([h[4], h[5]]);
    if h[0] >> 4 != 6 || h[6] != ip_number::TCP.0 || body_len == 0 {
        return None;
    }
    let (src, rest) = h[8..].split_first_chunk::<16>()?;
    let dst = rest.first_chunk::<16>()?;
    let (src, dst) = (Ipv6Addr::from(*src), Ipv6Addr::from(*dst));
    let view = View { data: body, wire: 0 }.limit(usize::from(body_len));
    tcp::whole(view, (h[7], None), (src, dst), slot)
}
