//! Packet after packet to the end, sooner than one by one: nearly all of them stand whole in the
//! buffer behind the one before them, and need no more than to be handed on.

use std::cmp::Reverse;

use super::super::LinkType;
use super::super::facts::{Counted, Tally};
use super::super::reader::{Onward, RawPacket};
use super::{FrameRef, Moment, Packet, Slot, Source, State, Timestamp};

/// Takes packets that are handed on, see [`Source::walk`].
pub trait Take {
    /// Takes the next packet. To be inlined where much depends on it: it is called in several places.
    fn take(&mut self, packet: Packet<'_>);
}

impl<F: FnMut(Packet<'_>)> Take for F {
    #[inline]
    fn take(&mut self, packet: Packet<'_>) {
        self(packet);
    }
}

impl Source {
    /// Hands on all packets that [`Source::next_packet`] has not handed out yet.
    pub fn walk(&mut self, taker: &mut impl Take) {
        while self.move_on() {
            if let Some(packet) = self.here() {
                one(packet, taker);
            }
            self.rest(taker);
        }
    }

    /// Hands on packets behind the current one as long as they stand in the same window, and as long
    /// as that is simple; maybe none. Afterwards there is no current packet.
    #[inline(always)]
    pub(crate) fn rest(&mut self, taker: &mut impl Take) {
        let Some((from, to)) = self.bounds() else { return };
        let Some(file) = self.current else { return };
        let Some(Slot { state: State::Open(reader), .. }) = self.slots.get_mut(file) else {
            return;
        };
        let mut rest = Rest {
            from,
            to,
            near: (to, from),
            link: LinkType::default(),
            file: file as u32,
            order: self.order,
            counted: self.order,
            bytes: 0,
            truncated: 0,
            last: Timestamp::from_nanos(i64::MIN),
            tally: &mut self.tally,
            taker,
        };
        reader.rest(&mut rest);
        rest.count();
        self.order = rest.order;
    }

    /// The times of packets of which it is known that they are wanted, and next.
    fn bounds(&self) -> Option<(Timestamp, Timestamp)> {
        if self.filter.is_some() {
            return None;
        }
        let to = match self.heads.peek() {
            None => self.until,
            // Before those of all other files.
            Some(Reverse((head, _))) => {
                let before = Timestamp::from_nanos(head.nanos().checked_sub(1)?);
                if before < *head { self.until.min(before) } else { return None }
            }
        };
        Some((self.since, to))
    }
}

/// The rest of a window, on its way to whoever takes it. What is counted is added up here, and told
/// the tally when packets come to another cell of time.
struct Rest<'a, T> {
    /// Packets before this time are left alone, and those after that one.
    from: Timestamp,
    to: Timestamp,
    /// The same for packets that need no second look: none at first.
    near: (Timestamp, Timestamp),
    link: LinkType,
    file: u32,
    order: u64,
    /// The last packet that the tally knows.
    counted: u64,
    /// Bytes of those that it doesn't know, and so on.
    bytes: u64,
    truncated: u64,
    last: Timestamp,
    tally: &'a mut Tally,
    taker: &'a mut T,
}

impl<T: Take> Onward for Rest<'_, T> {
    #[inline(always)]
    fn take(&mut self, raw: RawPacket<'_>) -> bool {
        let near = raw.time >= self.near.0 && raw.time <= self.near.1 && raw.link == self.link;
        if !near && !self.turn_to(raw.time, raw.link) {
            return false;
        }
        self.order += 1;
        self.bytes += u64::from(raw.wire_len);
        self.truncated += u64::from(raw.data.len() < raw.wire_len as usize);
        self.last = self.last.max(raw.time);
        let frame = FrameRef { file: self.file, number: raw.number };
        self.taker.take(Packet {
            moment: Moment { order: self.order, time: raw.time, frame },
            link: raw.link,
            wire_len: raw.wire_len,
            data: raw.data,
        });
        true
    }
}

impl<T> Rest<'_, T> {
    /// Takes a second look at a packet's time and link type; `false` if it is to be left alone.
    #[cold]
    fn turn_to(&mut self, time: Timestamp, link: LinkType) -> bool {
        if time < self.from || time > self.to {
            return false;
        }
        self.count();
        let (from, to) = self.tally.stand_at(time, link);
        self.near = (self.from.max(from), self.to.min(to));
        self.link = link;
        true
    }

    /// Has the tally count what it doesn't know.
    fn count(&mut self) {
        let packets = self.order - self.counted;
        let Self { bytes, truncated, last, .. } = *self;
        self.tally.add(Counted { packets, bytes, truncated, last });
        (self.counted, self.bytes, self.truncated) = (self.order, 0, 0);
    }
}

/// Hands on a packet. Out of the way of what is done for each of them.
#[inline(never)]
fn one(packet: Packet<'_>, taker: &mut impl Take) {
    taker.take(packet);
}
