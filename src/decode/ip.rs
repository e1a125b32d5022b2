//! IPv4 and IPv6 headers, extension headers, and what an IP protocol number announces.

use std::net::IpAddr;

use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice, ip_number,
};

use super::defragment::{Fragment, Key};
use super::view::View;
use super::{Decoded, Scope, icmp, mpls, tcp, tunnel};

/// What the layers above need to know of an IP header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Identification field of IPv4.
    pub id: Option<u16>,
}

/// An IP packet of either version, by its first four bits.
pub(super) fn packet<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    match view.u8(0)? >> 4 {
        4 => v4(view, scope),
        6 => v6(view, scope),
        _ => None,
    }
}

/// An IPv4 packet (RFC 791).
#[inline]
pub(super) fn v4<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    scope.descend()?;
    let slice = Ipv4HeaderSlice::from_slice(view.data).ok()?;
    let header_len = slice.slice().len();
    let view = match usize::from(slice.total_len()) {
        // Segmentation offload: the driver fills the length in later, so the frame's is all
        // there is.
        0 => view,
        len if len < header_len => return None,
        len => view.limit(len),
    };
    let header = Header {
        src: slice.source_addr().into(),
        dst: slice.destination_addr().into(),
        ttl: slice.ttl(),
        id: Some(slice.identification()),
    };
    let protocol = slice.protocol().0;
    let body = view.skip(header_len)?;
    if slice.is_fragmenting_payload() {
        let key = Key::v4(&header, protocol);
        let offset = usize::from(slice.fragments_offset().value()) * 8;
        let last = !slice.more_fragments();
        return fragment(protocol, key, &header, Fragment { offset, last, view: body }, scope);
    }
    payload(protocol, body, &header, scope)
}

/// An IPv6 packet (RFC 8200).
#[inline]
pub(super) fn v6<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    scope.descend()?;
    let slice = Ipv6HeaderSlice::from_slice(view.data).ok()?;
    let body = view.skip(slice.slice().len())?;
    let body = match usize::from(slice.payload_length()) {
        // A jumbogram (RFC 2675), or segmentation offload as with IPv4.
        0 => body,
        len => body.limit(len),
    };
    let header = Header {
        src: slice.source_addr().into(),
        dst: slice.destination_addr().into(),
        ttl: slice.hop_limit(),
        id: None,
    };
    payload(slice.next_header().0, body, &header, scope)
}

/// What follows an IP header whose protocol or next header is `protocol`.
#[inline]
pub(super) fn payload<'a>(
    protocol: u8,
    view: View<'a>,
    header: &Header,
    scope: &mut Scope<'_>,
) -> Option<Decoded<'a>> {
    match protocol {
        TCP => tcp::segment(view, header),
        UDP => udp(view, scope),
        _ => other(protocol, view, header, scope),
    }
}

const TCP: u8 = ip_number::TCP.0;
const UDP: u8 = ip_number::UDP.0;
const ICMP: u8 = ip_number::ICMP.0;
const ICMPV6: u8 = ip_number::IPV6_ICMP.0;
const IPV4: u8 = ip_number::IPV4.0;
const IPV6: u8 = ip_number::IPV6.0;
const GRE: u8 = ip_number::GRE.0;
const MPLS: u8 = ip_number::MPLS_IN_IP.0;
const AUTH: u8 = ip_number::AUTH.0;
const FRAGMENT: u8 = ip_number::IPV6_FRAG.0;
const HOP_BY_HOP: u8 = ip_number::IPV6_HOP_BY_HOP.0;
const ROUTING: u8 = ip_number::IPV6_ROUTE.0;
const DESTINATION: u8 = ip_number::IPV6_DEST_OPTIONS.0;
const MOBILITY: u8 = ip_number::MOBILITY_HEADER.0;
const HOST_IDENTITY: u8 = ip_number::HIP.0;
const SHIM6: u8 = ip_number::SHIM6.0;

/// The protocols other than TCP and UDP: out of the way of the common case.
fn other<'a>(
    protocol: u8,
    view: View<'a>,
    header: &Header,
    scope: &mut Scope<'_>,
) -> Option<Decoded<'a>> {
    scope.descend()?;
    match protocol {
        ICMP | ICMPV6 => icmp::message(protocol, view, header),
        IPV4 => v4(view, scope),
        IPV6 => v6(view, scope),
        GRE => match tunnel::gre(view, scope) {
            None | Some(Decoded::NotIp) => Some(Decoded::OtherIp(GRE)),
            found => found,
        },
        MPLS => mpls::stack(view, scope),
        AUTH | HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 => {
            let (next, rest) = extension(protocol, view)?;
            payload(next, rest, header, scope)
        }
        FRAGMENT => v6_fragment(view, header, scope),
        _ => Some(Decoded::OtherIp(protocol)),
    }
}

/// Peels the authentication header (RFC 4302) or an IPv6 extension header other than the
/// fragment header: the number of the next header, and what follows.
pub(super) fn extension(protocol: u8, view: View<'_>) -> Option<(u8, View<'_>)> {
    let (next, len) = if protocol == AUTH {
        let slice = IpAuthHeaderSlice::from_slice(view.data).ok()?;
        (slice.next_header(), slice.slice().len())
    } else {
        let slice = Ipv6RawExtHeaderSlice::from_slice(view.data).ok()?;
        (slice.next_header(), slice.slice().len())
    };
    Some((next.0, view.skip(len)?))
}

/// IPv6's fragment header (RFC 8200, section 4.5) and the fragment behind it.
fn v6_fragment<'a>(view: View<'a>, header: &Header, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    let slice = Ipv6FragmentHeaderSlice::from_slice(view.data).ok()?;
    let protocol = slice.next_header().0;
    let body = view.skip(slice.slice().len())?;
    if !slice.is_fragmenting_payload() {
        // An "atomic" fragment (RFC 6946) is a whole datagram.
        return payload(protocol, body, header, scope);
    }
    let key = Key::v6(header, slice.identification());
    let offset = usize::from(slice.fragment_offset().value()) * 8;
    let last = !slice.more_fragments();
    fragment(protocol, key, header, Fragment { offset, last, view: body }, scope)
}

/// Keeps a fragment if what it is part of may be of use.
fn fragment<'a>(
    protocol: u8,
    key: Key,
    header: &Header,
    fragment: Fragment<'_>,
    scope: &mut Scope<'_>,
) -> Option<Decoded<'a>> {
    if ends_here(protocol) {
        return Some(Decoded::OtherIp(protocol));
    }
    if let Some(defragmenter) = scope.defragmenter.as_deref_mut() {
        defragmenter.add(key, header, protocol, fragment, scope.time);
    }
    Some(Decoded::Fragment)
}

/// Whether nothing inside `protocol` is ever read, so that its fragments needn't be kept.
fn ends_here(protocol: u8) -> bool {
    !matches!(
        protocol,
        TCP | UDP
            | ICMP
            | ICMPV6
            | IPV4
            | IPV6
            | GRE
            | MPLS
            | AUTH
            | FRAGMENT
            | HOP_BY_HOP
            | ROUTING
            | DESTINATION
            | MOBILITY
            | HOST_IDENTITY
            | SHIM6
    )
}

/// UDP (RFC 768), or what it tunnels.
fn udp<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    const HEADER: usize = 8;
    let (src, dst) = (view.u16(0)?, view.u16(2)?);
    let tunnelled = view.skip(HEADER).and_then(|body| tunnel::over_udp(dst, body, scope));
    Some(tunnelled.unwrap_or(Decoded::Udp { src, dst }))
}
