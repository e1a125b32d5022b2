//! Decoded packets of one window.

use std::ops::Range;

use super::super::brief::{self, Brief, Bytes};
use super::super::flows::FlowKey;
use crate::capture::{LinkType, Moment, Packet, Source, Take, Timestamp};
use crate::decode::{self, Decoded, Decoder, Segment};

/// Decoded packets, in their order.
#[derive(Default)]
pub(in crate::engine) struct Batch {
    /// Places for them, the first `count` of which are taken: a packet is written where it stays.
    places: Vec<Item>,
    count: usize,
    /// Those that aren't brief.
    others: Vec<Other>,
    /// When the first of them was.
    first: Moment,
    /// The part of the file that they stand in.
    window: Vec<u8>,
    /// Payload that came in fragments.
    reassembled: Vec<u8>,
    /// Of the others, those that can only be decoded when what came before is known.
    later: Vec<Later>,
    /// It was decoded by a scout.
    scouted: bool,
    /// The source, when this is the last of all.
    pub(in crate::engine) over: Option<Source>,
}

/// A decoded packet without its payload.
// Small: it is written by one processor and read by another.
pub(in crate::engine) enum Item {
    Brief(Brief),
    /// Its place among the others.
    Other(u32),
}

/// Any other packet.
struct Other {
    time: Timestamp,
    /// So many packets behind the first of the batch.
    behind: u32,
    link: LinkType,
    decoded: Decoded<'static>,
    payload: Place,
}

/// Where payload is.
#[derive(Clone, Copy)]
enum Place {
    Window { at: u32, len: u32 },
    Reassembled { at: u32, len: u32 },
}

impl Batch {
    /// The packets. What they are, [`Batch::segment`] and [`Batch::other`] say.
    pub(in crate::engine) fn packets(&self) -> &[Item] {
        self.places.get(..self.count).unwrap_or_default()
    }

    /// When a packet was.
    #[inline(always)]
    pub(in crate::engine) fn moment(&self, brief: &Brief) -> Moment {
        brief.moment(self.first)
    }

    /// What it holds.
    #[inline(always)]
    pub(in crate::engine) fn segment(&self, brief: &Brief) -> Segment<'_> {
        brief.segment(&self.window)
    }

    /// The flow that a packet is of.
    #[inline]
    pub(in crate::engine) fn flow(&self, item: &Item) -> Option<FlowKey> {
        match item {
            Item::Brief(brief) => Some(brief.flow()),
            Item::Other(place) => match &self.others.get(*place as usize)?.decoded {
                Decoded::Segment(s) => Some(FlowKey::of(s)),
                _ => None,
            },
        }
    }

    /// Begins to fetch the beginning of a packet's payload.
    #[inline(always)]
    pub(in crate::engine) fn fetch(&self, item: &Item) {
        if let Item::Brief(brief) = item {
            brief.fetch(&self.window);
        }
    }

    /// One of the others: what it holds, when, and of which link type.
    pub(in crate::engine) fn other(&self, place: u32) -> Option<(Decoded<'_>, Moment, LinkType)> {
        let other = self.others.get(place as usize)?;
        let decoded = match other.decoded {
            Decoded::Segment(segment) => {
                Decoded::Segment(Segment { payload: self.payload(other.payload), ..segment })
            }
            decoded => decoded,
        };
        Some((decoded, brief::moment(self.first, other.behind, other.time), other.link))
    }

    fn payload(&self, place: Place) -> &[u8] {
        let (bytes, at, len) = match place {
            Place::Window { at, len } => (&self.window, at, len),
            Place::Reassembled { at, len } => (&self.reassembled, at, len),
        };
        bytes.get(at as usize..at as usize + len as usize).unwrap_or_default()
    }
}

impl Place {
    const NOWHERE: Self = Self::Window { at: 0, len: 0 };
}

impl Batch {
    #[inline]
    fn push(&mut self, item: Item) {
        if self.count == self.places.len() {
            self.grow();
        }
        if let Some(place) = self.places.get_mut(self.count) {
            *place = item;
            self.count += 1;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let more = self.places.len().max(1024);
        self.places.extend(std::iter::repeat_with(|| Item::Other(0)).take(more));
    }

    /// Begins anew.
    fn clear(&mut self) {
        self.count = 0;
        self.others.clear();
        self.reassembled.clear();
        self.later.clear();
        self.first = Moment::default();
    }

    /// Begins anew, for a scout; leaves room for the packet in front of those that it sees.
    pub(in crate::engine) fn clear_for_scout(&mut self) {
        self.clear();
        self.scouted = true;
        let (time, link) = (Timestamp::default(), LinkType::default());
        let (decoded, payload) = (Decoded::NotIp, Place::NOWHERE);
        self.push(Item::Other(0));
        self.others.push(Other { time, behind: 0, link, decoded, payload });
    }

    /// Gives back to the source what it is made of, and begins anew.
    pub(super) fn give_back(&mut self, source: &mut Source) {
        let window = std::mem::take(&mut self.window);
        if std::mem::take(&mut self.scouted) {
            source.give_back(window, Some(Box::new(std::mem::take(self))));
        } else {
            self.clear();
            source.give_back(window, None);
        }
    }

    /// It holds no packet.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A scout decoded it.
    #[cfg(test)]
    pub(super) fn is_scouted(&self) -> bool {
        self.scouted
    }

    /// The window that its packets stand in.
    pub(super) fn set_window(&mut self, window: Vec<u8>) {
        self.window = window;
    }

    /// Completes what a scout saw: the packet in front of it, which stands in the window as well, has come.
    pub(super) fn complete(
        &mut self,
        decoder: &mut Decoder,
        window: Vec<u8>,
        (moment, link, wire_len): (Moment, LinkType, u32),
        at: Range<usize>,
    ) {
        self.first = moment;
        self.later.push(Later { other: 0, wire_len, at });
        // What is at the end of the list comes before all others.
        self.later.rotate_right(1);
        if let Some(first) = self.others.first_mut() {
            (first.time, first.link) = (moment.time, link);
        }
        for Later { other, wire_len, at } in std::mem::take(&mut self.later) {
            let (Some(o), Some(data)) = (self.others.get_mut(other as usize), window.get(at))
            else {
                continue;
            };
            let moment = brief::moment(moment, o.behind, o.time);
            let decoded = decoder.decode(&Packet { moment, link: o.link, wire_len, data });
            (o.decoded, o.payload) = apart(decoded, Bytes::of(&window), &mut self.reassembled);
        }
        self.window = window;
    }
}

/// One of the others that is still to be decoded.
struct Later {
    other: u32,
    wire_len: u32,
    /// Where in the window it stands.
    at: Range<usize>,
}

/// Decodes packets into a batch.
pub(in crate::engine) struct Filling<'a> {
    /// `None` for a scout, to whom it isn't known what came before.
    pub(in crate::engine) decoder: Option<&'a mut Decoder>,
    pub(in crate::engine) batch: &'a mut Batch,
    pub(in crate::engine) window: Bytes,
}

impl Take for Filling<'_> {
    #[inline(always)]
    fn take(&mut self, packet: Packet<'_>) {
        let Packet { moment: Moment { order, time, frame }, link, wire_len, data } = packet;
        if let Some(h) = decode::headers(link, data)
            && let Ok(behind) = u32::try_from(order - self.batch.first.order)
            && let Some(place) = self.batch.places.get_mut(self.batch.count)
            && let Some(brief) = Brief::of(&h, time, behind, self.window)
        {
            *place = Item::Brief(brief);
            self.batch.count += 1;
            return;
        }
        let moment = Moment { order, time, frame };
        self.slowly(&Packet { moment, link, wire_len, data });
    }
}

impl Filling<'_> {
    /// Takes a packet whatever it is, also when there are no places left.
    #[inline(never)]
    fn slowly(&mut self, packet: &Packet<'_>) {
        match self.brief(packet) {
            Some(brief) => self.batch.push(Item::Brief(brief)),
            None => self.other(packet),
        }
    }

    fn brief(&self, packet: &Packet<'_>) -> Option<Brief> {
        let Packet { moment: Moment { order, time, .. }, link, data, .. } = *packet;
        let behind = u32::try_from(order - self.batch.first.order).ok()?;
        if let Some(h) = decode::headers(link, data) {
            return Brief::of(&h, time, behind, self.window);
        }
        Brief::of_syn(decode::plain(link, data, &mut None)?, time, behind)
    }

    #[inline(never)]
    pub(super) fn other(&mut self, packet: &Packet<'_>) {
        let other = self.batch.others.len() as u32;
        if self.batch.is_empty() {
            self.batch.first = packet.moment;
        }
        // Of one window, so there are never more.
        let behind = (packet.moment.order - self.batch.first.order) as u32;
        let decoded = match &mut self.decoder {
            Some(decoder) => decoder.decode(packet),
            None => decode::alone(packet),
        };
        let is_fragment = matches!(decoded, Decoded::Fragment);
        let (decoded, payload) = apart(decoded, self.window, &mut self.batch.reassembled);
        if is_fragment && self.decoder.is_none() {
            let from = self.window.place_of(packet.data).unwrap_or_default() as usize;
            let at = from..from + packet.data.len();
            self.batch.later.push(Later { other, wire_len: packet.wire_len, at });
        }
        let (time, link) = (packet.moment.time, packet.link);
        self.batch.push(Item::Other(other));
        self.batch.others.push(Other { time, behind, link, decoded, payload });
    }
}

/// What was decoded without its payload, and where that is.
fn apart(
    decoded: Decoded<'_>,
    window: Bytes,
    reassembled: &mut Vec<u8>,
) -> (Decoded<'static>, Place) {
    let mut place = Place::NOWHERE;
    let decoded = match decoded {
        Decoded::Segment(segment) => {
            let payload = segment.payload;
            let len = payload.len() as u32;
            place = match window.place_of(payload) {
                Some(at) => Place::Window { at, len },
                None => {
                    let at = reassembled.len() as u32;
                    reassembled.extend_from_slice(payload);
                    Place::Reassembled { at, len }
                }
            };
            Decoded::Segment(Segment { payload: &[], ..segment })
        }
        Decoded::Icmp(error) => Decoded::Icmp(error),
        Decoded::Udp { src, dst } => Decoded::Udp { src, dst },
        Decoded::Fragment => Decoded::Fragment,
        Decoded::OtherIp(protocol) => Decoded::OtherIp(protocol),
        Decoded::NotIp => Decoded::NotIp,
        Decoded::UnknownLink => Decoded::UnknownLink,
        Decoded::Malformed => Decoded::Malformed,
    };
    (decoded, place)
}
