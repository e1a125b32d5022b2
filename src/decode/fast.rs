//! A short cut for nearly every packet of nearly every capture: Ethernet, at most one VLAN tag,
//! IP without options, TCP.
//!
//! It says nothing that the general way wouldn't say (a property test holds both equal), only
//! sooner, because nothing is passed through memory between the layers, and the segment is written
//! once, where it is to be. That is also why everything here is inlined.

use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::ip_number;

use super::headers::Headers;
use super::view::View;
use super::{Endpoint, Segment, ethernet, tcp};

/// Puts the segment in an Ethernet frame into the empty `slot`; `None` when there is anything unusual
/// about it.
#[inline(always)]
pub(super) fn frame<'s, 'a>(
    data: &'a [u8],
    slot: &'s mut Option<Segment<'a>>,
) -> Option<&'s Segment<'a>> {
    inside(data, slot)
}

/// The headers of the segment in an Ethernet frame, if it is over IPv4 and no SYN; `None` when there is anything
/// unusual about it.
#[inline(always)]
pub(super) fn headers(data: &[u8]) -> Option<Headers<'_>> {
    inside(data, Unread)
}

/// What is made of a packet.
// No functions that are handed over: of the way to those, nobody can say that it has to be inlined.
trait Make<'a>: Sized {
    type Made;

    /// Of the header of IPv4, and what is in the packet.
    fn v4(self, header: &'a [u8; 20], view: View<'a>) -> Option<Self::Made>;

    /// Of a packet of IPv6.
    fn v6(self, data: &'a [u8]) -> Option<Self::Made>;
}

impl<'s, 'a> Make<'a> for &'s mut Option<Segment<'a>> {
    type Made = &'s Segment<'a>;

    #[inline(always)]
    fn v4(self, h: &'a [u8; 20], view: View<'a>) -> Option<Self::Made> {
        let (src, dst) =
            (Ipv4Addr::new(h[12], h[13], h[14], h[15]), Ipv4Addr::new(h[16], h[17], h[18], h[19]));
        tcp::whole(view, (h[8], Some(u16::from_be_bytes([h[4], h[5]]))), (src, dst), self)
    }

    #[inline(always)]
    fn v6(self, data: &'a [u8]) -> Option<Self::Made> {
        v6(data, self)
    }
}

/// Leaves everything where it is.
struct Unread;

impl<'a> Make<'a> for Unread {
    type Made = Headers<'a>;

    #[inline(always)]
    fn v4(self, header: &'a [u8; 20], view: View<'a>) -> Option<Self::Made> {
        Headers::of(header, view)
    }

    #[inline(always)]
    fn v6(self, _: &'a [u8]) -> Option<Self::Made> {
        None
    }
}

#[inline(always)]
fn inside<'a, M: Make<'a>>(data: &'a [u8], make: M) -> Option<M::Made> {
    let (mac, mut ip) = data.split_first_chunk::<14>()?;
    let mut ethertype = u16::from_be_bytes([mac[12], mac[13]]);
    if ethertype == ethernet::VLAN {
        let (tag, rest) = ip.split_first_chunk::<4>()?;
        (ethertype, ip) = (u16::from_be_bytes([tag[2], tag[3]]), rest);
    }
    match ethertype {
        ethernet::IPV4 => v4(ip, make),
        ethernet::IPV6 => make.v6(ip),
        _ => None,
    }
}

/// The two ends of a segment. Apart where they need no memory: endpoints are large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Over IPv4, as nearly all are found: each as one number, its port in the lowest 16 bits, its address in
    /// those above. What is made of parts and read as a whole would have to be written first.
    V4(u64, u64),
    /// As any can be said.
    Other(Endpoint, Endpoint),
}

/// The two ends of the segment in an Ethernet frame without any tag, over IPv4 without options. It may be a
/// fragment.
#[inline(always)]
pub(super) fn ends(data: &[u8]) -> Option<Ends> {
    let (mac, ip) = data.split_first_chunk::<14>()?;
    let h = ip.first_chunk::<24>()?;
    if [mac[12], mac[13]] != ethernet::IPV4.to_be_bytes()
        || h[0] != 0x45
        || h[9] != ip_number::TCP.0
    {
        return None;
    }
    let end = |ip: [u8; 4], port: [u8; 2]| {
        u64::from(u32::from_be_bytes(ip)) << 16 | u64::from(u16::from_be_bytes(port))
    };
    Some(Ends::V4(
        end([h[12], h[13], h[14], h[15]], [h[20], h[21]]),
        end([h[16], h[17], h[18], h[19]], [h[22], h[23]]),
    ))
}

#[inline(always)]
fn v4<'a, M: Make<'a>>(data: &'a [u8], make: M) -> Option<M::Made> {
    /// More fragments, and the fragment's offset.
    const FRAGMENT: u16 = 0x3fff;
    let (h, body) = data.split_first_chunk::<20>()?;
    let body_len = u16::from_be_bytes([h[2], h[3]]).checked_sub(20)?;
    let fragment = u16::from_be_bytes([h[6], h[7]]) & FRAGMENT;
    if h[0] != 0x45 || fragment != 0 || h[9] != ip_number::TCP.0 {
        return None;
    }
    make.v4(h, View { data: body, wire: 0 }.limit(usize::from(body_len)))
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
