//! From a packet's bytes to a TCP segment or an ICMP error about one.
//!
//! Each file peels one kind of header and hands what is inside to the next: `link` knows the link
//! types, `ethernet` the EtherTypes, `ip` the IP protocols; they meet in `tcp` and `icmp`. A
//! header that is damaged or cut off ends in [`Decoded::Malformed`]; no port is ever guessed.

mod defragment;
mod ethernet;
mod fast;
mod headers;
mod icmp;
mod ip;
mod link;
mod mpls;
mod nflog;
mod ppp;
mod segment;
mod tcp;
mod tunnel;
mod view;
mod wlan;

#[cfg(test)]
mod tests;

pub(crate) use fast::Ends;
pub(crate) use headers::Headers;
pub use segment::{Decoded, Endpoint, Flags, IcmpError, IcmpKind, Segment, Seq, SynOptions};

use crate::capture::{LinkType, Packet, Timestamp};
use defragment::{Datagram, Defragmenter};
use view::View;

/// How many headers are peeled off one packet before it counts as damaged. Real stacks of tags,
/// labels and tunnels stay far below; it bounds the recursion on hostile ones.
const MAX_LAYERS: u8 = 32;

/// How often a reassembled datagram may itself hold the last fragment of another one.
const MAX_NESTED_DATAGRAMS: usize = 4;

/// Turns packets into TCP segments and ICMP errors about them.
///
/// It has to see the packets in capture order, because it keeps IP fragments until the rest of
/// their datagram arrives. Memory is bounded; time is that of the packets.
#[derive(Debug, Default)]
pub struct Decoder {
    defragmenter: Defragmenter,
    /// The datagram that the last result borrows from.
    whole: Option<Datagram>,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What `packet` holds; with several layers of IP, what the innermost one holds.
    ///
    /// A segment that came in IP fragments belongs to the packet that completes it; the packets
    /// before it are [`Decoded::Fragment`].
    #[inline]
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Decoded<'a> {
        match plain(packet.link, packet.data, &mut None) {
            Some(segment) => Decoded::Segment(*segment),
            None => self.layer_by_layer(packet),
        }
    }

    /// The general way, which knows everything that `fast` knows and the rest.
    #[inline(never)]
    pub(crate) fn layer_by_layer<'a>(&'a mut self, packet: &Packet<'a>) -> Decoded<'a> {
        let wire = usize::try_from(packet.wire_len).unwrap_or(usize::MAX);
        let view = View::new(packet.data, wire);
        let time = packet.moment.time;
        let mut scope = Scope::new(time, Some(&mut self.defragmenter));
        let found = link::decode(packet.link, view, &mut scope).unwrap_or(Decoded::Malformed);
        if let Decoded::Fragment = found
            && let Some(whole) = self.defragmenter.take_completed()
        {
            return self.reassembled(whole, time);
        }
        found
    }

    /// What a reassembled datagram holds.
    fn reassembled(&mut self, mut whole: Datagram, time: Timestamp) -> Decoded<'_> {
        // A datagram in a tunnel may be a fragment too, so the first look may touch the
        // defragmenter. The last look doesn't, which lets its result borrow from `self`.
        for _ in 0..MAX_NESTED_DATAGRAMS {
            let mut scope = Scope::new(time, Some(&mut self.defragmenter));
            let _ = whole.decode(&mut scope);
            match self.defragmenter.take_completed() {
                Some(inner) => whole = inner,
                None => break,
            }
        }
        self.whole.insert(whole).decode(&mut Scope::new(time, None)).unwrap_or(Decoded::Malformed)
    }
}

/// What [`Decoder::decode`] says of a packet, whatever came before it; but of fragments, only that they
/// are.
pub(crate) fn alone<'a>(packet: &Packet<'a>) -> Decoded<'a> {
    let wire = usize::try_from(packet.wire_len).unwrap_or(usize::MAX);
    let mut scope = Scope::new(packet.moment.time, None);
    link::decode(packet.link, View::new(packet.data, wire), &mut scope)
        .unwrap_or(Decoded::Malformed)
}

/// Puts the segment of a packet that is nothing unusual into the empty `slot`.
///
/// For those to whom it matters: what [`Decoder::decode`] returns is written twice.
#[inline(always)]
pub(crate) fn plain<'s, 'a>(
    link: LinkType,
    data: &'a [u8],
    slot: &'s mut Option<Segment<'a>>,
) -> Option<&'s Segment<'a>> {
    if link == link::ETHERNET { fast::frame(data, slot) } else { None }
}

/// The headers of the segment of a packet, if it is over IPv4 and no SYN, and nothing about it is unusual.
#[inline(always)]
pub(crate) fn headers(link: LinkType, data: &[u8]) -> Option<Headers<'_>> {
    if link == link::ETHERNET { fast::headers(data) } else { None }
}

/// The two ends of the segment of a packet, if it is most likely one: for those who look ahead.
#[inline(always)]
pub(crate) fn ends(link: LinkType, data: &[u8]) -> Option<Ends> {
    if link != link::ETHERNET {
        return None;
    }
    match fast::ends(data) {
        None => other_ends(data),
        ends => ends,
    }
}

#[inline(never)]
fn other_ends(data: &[u8]) -> Option<Ends> {
    fast::frame(data, &mut None).map(|s| Ends::Other(s.src, s.dst))
}

/// What the layers of one packet share.
struct Scope<'d> {
    time: Timestamp,
    /// Layers that may still be peeled.
    layers: u8,
    /// Where fragments go; `None` leaves them alone.
    defragmenter: Option<&'d mut Defragmenter>,
}

impl<'d> Scope<'d> {
    fn new(time: Timestamp, defragmenter: Option<&'d mut Defragmenter>) -> Self {
        Self { time, layers: MAX_LAYERS, defragmenter }
    }

    /// Notes that another header is peeled; `None` when there were too many.
    fn descend(&mut self) -> Option<()> {
        self.layers = self.layers.checked_sub(1)?;
        Some(())
    }
}
