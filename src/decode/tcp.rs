//! The TCP header (RFC 9293, section 3.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{TcpOptionElement, TcpOptionsIterator, TcpSlice};

use super::ip::Header;
use super::view::View;
use super::{Decoded, Endpoint, Flags, Segment, Seq, SynOptions};

/// Length of the header without options, in bytes.
const MIN_HEADER: usize = 20;
/// Position of the control bits.
pub(super) const FLAGS_AT: usize = 13;

/// The segment that fills `view`; `None` when its header is damaged or was cut before the flags.
pub(super) fn segment<'a>(view: View<'a>, ip: &Header) -> Option<Decoded<'a>> {
    let whole = whole(view, (ip.ttl, ip.id), (ip.src, ip.dst), &mut None).copied();
    whole.map(Decoded::Segment).or_else(|| cut(view, ip))
}

/// An address of which the version may be known: then an endpoint is made of it sooner.
pub(super) trait Address {
    fn at(self, port: u16) -> Endpoint;
}

impl Address for IpAddr {
    #[inline(always)]
    fn at(self, port: u16) -> Endpoint {
        Endpoint::new(self, port)
    }
}

impl Address for Ipv4Addr {
    #[inline(always)]
    fn at(self, port: u16) -> Endpoint {
        Endpoint { ip: IpAddr::V4(self), port }
    }
}

impl Address for Ipv6Addr {
    #[inline(always)]
    fn at(self, port: u16) -> Endpoint {
        Endpoint::new(IpAddr::V6(self), port)
    }
}

/// Puts the segment that fills `view` into the empty `slot`, if all of its header was captured.
#[inline(always)]
pub(super) fn whole<'s, 'a>(
    view: View<'a>,
    (ttl, ip_id): (u8, Option<u16>),
    (src, dst): (impl Address, impl Address),
    slot: &'s mut Option<Segment<'a>>,
) -> Option<&'s Segment<'a>> {
    let slice = TcpSlice::from_slice(view.data).ok()?;
    let flags = Flags(*slice.header_slice().get(FLAGS_AT)?);
    let segment = slot.insert(Segment {
        // Made where they stay: moved, they would be put together of their parts each time.
        src: src.at(slice.source_port()),
        dst: dst.at(slice.destination_port()),
        seq: Seq(slice.sequence_number()),
        ack: Seq(slice.acknowledgment_number()),
        flags,
        window: slice.window_size(),
        ttl,
        ip_id,
        checksum: slice.checksum(),
        syn_options: SynOptions::default(),
        payload: slice.payload(),
        payload_len: payload_len(view, slice.header_slice().len()),
    });
    if flags.syn() {
        read(slice.options(), &mut segment.syn_options);
    }
    Some(segment)
}

/// A header that the snap length cut, read by hand as far as it goes. The first 14 bytes hold
/// all that a connection needs: ports, numbers, data offset and flags.
#[cold]
fn cut<'a>(view: View<'a>, ip: &Header) -> Option<Decoded<'a>> {
    let header_len = usize::from(view.u8(12)? >> 4) * 4;
    if header_len < MIN_HEADER || header_len > view.wire {
        return None;
    }
    let flags = Flags(view.u8(FLAGS_AT)?);
    let mut options = SynOptions::default();
    if flags.syn() {
        read(view.data.get(MIN_HEADER..).unwrap_or(&[]), &mut options);
    }
    Some(Decoded::Segment(Segment {
        src: Endpoint::new(ip.src, view.u16(0)?),
        dst: Endpoint::new(ip.dst, view.u16(2)?),
        seq: Seq(view.u32(4)?),
        ack: Seq(view.u32(8)?),
        flags,
        window: view.u16(14).unwrap_or(Segment::UNREAD_WINDOW),
        ttl: ip.ttl,
        ip_id: ip.id,
        checksum: view.u16(16).unwrap_or(0),
        syn_options: options,
        payload: &[],
        payload_len: payload_len(view, header_len),
    }))
}

#[inline]
pub(super) fn payload_len(view: View<'_>, header_len: usize) -> u32 {
    u32::try_from(view.wire.saturating_sub(header_len)).unwrap_or(u32::MAX)
}

/// The options of a SYN; what follows a damaged or cut one is not read.
// Writes where they are to be, so that nothing waits for it in the common case.
#[inline(never)]
fn read(options: &[u8], found: &mut SynOptions) {
    for option in TcpOptionsIterator::from_slice(options).map_while(Result::ok) {
        match option {
            TcpOptionElement::MaximumSegmentSize(mss) => found.mss = Some(mss),
            TcpOptionElement::WindowScale(shift) => found.window_scale = Some(shift),
            TcpOptionElement::SelectiveAcknowledgementPermitted => found.sack = true,
            _ => {}
        }
    }
}
