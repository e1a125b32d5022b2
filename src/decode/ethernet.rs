//! Ethernet frames, VLAN tags, and what an EtherType announces.

use super::view::View;
use super::{Decoded, Scope, ip, mpls, ppp};

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;
/// IEEE 802.1Q customer tag.
pub(super) const VLAN: u16 = 0x8100;
/// IEEE 802.1ad service tag.
const QINQ: u16 = 0x88a8;
/// The service tag's number before 802.1ad.
const QINQ_OLD: u16 = 0x9100;
const MPLS_UNICAST: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
const PPPOE_SESSION: u16 = 0x8864;

/// An Ethernet frame, without preamble; a frame check sequence at its end does no harm, because
/// IP has its own length.
#[inline]
pub(super) fn frame<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    scope.descend()?;
    let ethertype = view.u16(12)?;
    payload(ethertype, view.skip(14)?, scope)
}

/// What follows an EtherType, or the length field that stands in its place below 1536
/// (IEEE 802.3, clause 3.2.6).
#[inline]
pub(super) fn payload<'a>(
    ethertype: u16,
    view: View<'a>,
    scope: &mut Scope<'_>,
) -> Option<Decoded<'a>> {
    match ethertype {
        IPV4 => ip::v4(view, scope),
        IPV6 => ip::v6(view, scope),
        VLAN | QINQ | QINQ_OLD => {
            scope.descend()?;
            payload(view.u16(2)?, view.skip(4)?, scope)
        }
        MPLS_UNICAST | MPLS_MULTICAST => mpls::stack(view, scope),
        PPPOE_SESSION => ppp::over_ethernet(view, scope),
        ..=1500 => llc(view, scope),
        _ => Some(Decoded::NotIp),
    }
}

/// An IEEE 802.2 LLC header; with SNAP (RFC 1042) an EtherType follows.
pub(super) fn llc<'a>(view: View<'a>, scope: &mut Scope<'_>) -> Option<Decoded<'a>> {
    /// SNAP's service access points, unnumbered information, and the OUI that means EtherTypes.
    const SNAP: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];
    scope.descend()?;
    if view.array(0)? != SNAP {
        return Some(Decoded::NotIp);
    }
    payload(view.u16(6)?, view.skip(8)?, scope)
}
