//! ICMP (RFC 792) and ICMPv6 (RFC 4443) errors, and the TCP header that they quote.

use etherparse::{Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, ip_number};

use super::ip::{self, Header};
use super::view::View;
use super::{Decoded, Endpoint, IcmpError, IcmpKind, Seq};

/// Type, code, checksum, and a word whose meaning depends on the type.
const HEADER: usize = 8;
/// Extension headers that are walked in a quoted IPv6 packet.
const MAX_EXTENSIONS: usize = 8;

/// An ICMP message of `protocol` 1 or 58. One that quotes no TCP header, or too little of it, is
/// [`Decoded::OtherIp`].
pub(super) fn message<'a>(protocol: u8, view: View<'a>, header: &Header) -> Option<Decoded<'a>> {
    Some(error(protocol, view, header).map_or(Decoded::OtherIp(protocol), Decoded::Icmp))
}

fn error(protocol: u8, view: View<'_>, header: &Header) -> Option<IcmpError> {
    let (icmp_type, icmp_code) = (view.u8(0)?, view.u8(1)?);
    let (kind, (src, dst, seq)) = if protocol == ip_number::ICMP.0 {
        (kind_v4(icmp_type, icmp_code, view)?, quote_v4(view.skip(HEADER)?)?)
    } else {
        (kind_v6(icmp_type, icmp_code, view)?, quote_v6(view.skip(HEADER)?)?)
    };
    let from = header.src.to_canonical();
    Some(IcmpError { from, ttl: header.ttl, kind, icmp_type, icmp_code, src, dst, seq })
}

/// The meaning of an ICMP type and code; `None` when it is no error.
fn kind_v4(icmp_type: u8, code: u8, view: View<'_>) -> Option<IcmpKind> {
    Some(match (icmp_type, code) {
        (3, 0) => IcmpKind::NetUnreachable,
        (3, 1) => IcmpKind::HostUnreachable,
        (3, 2) => IcmpKind::ProtocolUnreachable,
        (3, 3) => IcmpKind::PortUnreachable,
        // The next hop's MTU is in the lower half of the word (RFC 1191).
        (3, 4) => IcmpKind::TooBig(u32::from(view.u16(6)?)),
        (3, 9 | 10 | 13) => IcmpKind::Prohibited,
        (11, 0) => IcmpKind::TimeExceeded,
        // Source quench, redirect and parameter problem quote a packet as well.
        (3 | 4 | 5 | 11 | 12, _) => IcmpKind::Other,
        _ => return None,
    })
}

/// The meaning of an ICMPv6 type and code; `None` when it is no error.
fn kind_v6(icmp_type: u8, code: u8, view: View<'_>) -> Option<IcmpKind> {
    Some(match (icmp_type, code) {
        (1, 0) => IcmpKind::NetUnreachable,
        (1, 1 | 5 | 6) => IcmpKind::Prohibited,
        (1, 3) => IcmpKind::HostUnreachable,
        (1, 4) => IcmpKind::PortUnreachable,
        (2, _) => IcmpKind::TooBig(view.u32(4)?),
        (3, 0) => IcmpKind::TimeExceeded,
        (1 | 3 | 4, _) => IcmpKind::Other,
        _ => return None,
    })
}

/// Sender, receiver and sequence number of a quoted segment.
type Quote = (Endpoint, Endpoint, Seq);

fn quote_v4(view: View<'_>) -> Option<Quote> {
    // The header alone is asked for: the quote is shorter than its total length says, and some
    // systems even write that field in their own byte order.
    let slice = Ipv4HeaderSlice::from_slice(view.data).ok()?;
    if slice.fragments_offset().value() != 0 {
        return None;
    }
    let (mut next, mut view) = (slice.protocol().0, view.skip(slice.slice().len())?);
    if next == ip_number::AUTH.0 {
        (next, view) = ip::extension(next, view)?;
    }
    quote_tcp(next, view, slice.source_addr().into(), slice.destination_addr().into())
}

fn quote_v6(view: View<'_>) -> Option<Quote> {
    let slice = Ipv6HeaderSlice::from_slice(view.data).ok()?;
    let (mut next, mut view) = (slice.next_header(), view.skip(slice.slice().len())?);
    for _ in 0..MAX_EXTENSIONS {
        match next {
            ip_number::IPV6_FRAG => {
                let fragment = Ipv6FragmentHeaderSlice::from_slice(view.data).ok()?;
                if fragment.fragment_offset().value() != 0 {
                    return None;
                }
                next = fragment.next_header();
                view = view.skip(fragment.slice().len())?;
            }
            ip_number::AUTH
            | ip_number::IPV6_HOP_BY_HOP
            | ip_number::IPV6_ROUTE
            | ip_number::IPV6_DEST_OPTIONS
            | ip_number::MOBILITY_HEADER => {
                let (number, rest) = ip::extension(next.0, view)?;
                next = number.into();
                view = rest;
            }
            _ => break,
        }
    }
    quote_tcp(next.0, view, slice.source_addr().into(), slice.destination_addr().into())
}

/// The first eight bytes of a quoted TCP header: all that RFC 792 promises.
fn quote_tcp(
    protocol: u8,
    view: View<'_>,
    src: std::net::IpAddr,
    dst: std::net::IpAddr,
) -> Option<Quote> {
    if protocol != ip_number::TCP.0 {
        return None;
    }
    let src = Endpoint::new(src, view.u16(0)?);
    let dst = Endpoint::new(dst, view.u16(2)?);
    Some((src, dst, Seq(view.u32(4)?)))
}
