//! Packet after packet to the end, sooner than one by one: nearly all of them stand whole in the
//! buffer behind the one before them, and need no more than to be handed on.

use std::cmp::Reverse;

use super::super::LinkType;
use super::super::facts::{Counted, Ledger};
use super::super::reader::{Onward, RawPacket};
use super::{FrameRef, Moment, Packet, Slot, Source, State, Timestamp};

/// No time at all.
const NEVER: (Timestamp, Timestamp) = (Timestamp::MAX, Timestamp::MIN);

/// Takes packets that are handed on, see [`Source::walk`].
pub trait Take {
    /// Packets are shown to [`Take::ahead`] so many before they are taken; 0 if they aren't.
    const AHEAD: usize = 0;
    /// So many of them at a time.
    const GROUP: usize = 0;

    /// Is shown packets before they are taken, where that is simple: link type and data. Each at most once;
    /// maybe not all will be taken.
    fn ahead<'p>(&mut self, _next: impl Iterator<Item = (LinkType, &'p [u8])>) {}

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
        self.walk_until(taker, |_| false);
    }

    /// The same, until `enough`, which is asked where a window ends; `false` at the end.
    pub(crate) fn walk_until<T: Take>(
        &mut self,
        taker: &mut T,
        enough: impl Fn(&T) -> bool,
    ) -> bool {
        while self.move_on() {
            if let Some(packet) = self.here() {
                one(packet, taker);
            }
            self.rest(taker);
            if enough(taker) {
                return true;
            }
        }
        false
    }

    /// Hands on packets behind the current one as long as they stand in the same window, and as long
    /// as that is simple; maybe none. Afterwards there is no current packet.
    #[inline(always)]
    pub(crate) fn rest(&mut self, taker: &mut impl Take) {
        let Some(bounds) = self.bounds() else { return };
        let Some(file) = self.current else { return };
        let Some(Slot { state: State::Open(reader), .. }) = self.slots.get_mut(file) else {
            return;
        };
        let mut rest = Rest::new(bounds, file as u32, self.order, &mut self.tally, taker);
        reader.rest(&mut rest);
        self.order = rest.finish();
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
pub(in crate::capture) struct Rest<'a, L, T> {
    /// Packets before the first of these times are left alone, and those after the second.
    bounds: (Timestamp, Timestamp),
    /// The same for packets that need no second look.
    near: (Timestamp, Timestamp),
    link: LinkType,
    file: u32,
    order: u64,
    /// The last packet that the tally knows.
    counted: u64,
    sums: Sums,
    tally: &'a mut L,
    taker: &'a mut T,
}

/// Of packets that the tally doesn't know yet.
#[derive(Clone, Copy)]
struct Sums {
    bytes: u64,
    truncated: u64,
    last: Timestamp,
}

impl Sums {
    fn new() -> Self {
        Self { bytes: 0, truncated: 0, last: Timestamp::MIN }
    }

    /// All that is counted of so many.
    #[inline]
    fn of(self, packets: u64) -> Counted {
        let Self { bytes, truncated, last } = self;
        Counted { packets, bytes, truncated, last }
    }
}

impl<'a, L: Ledger, T: Take> Rest<'a, L, T> {
    /// Of a file, behind so many packets of the capture.
    #[inline(always)]
    pub(in crate::capture) fn new(
        bounds: (Timestamp, Timestamp),
        file: u32,
        order: u64,
        tally: &'a mut L,
        taker: &'a mut T,
    ) -> Self {
        let (link, sums) = (LinkType::default(), Sums::new());
        Self { bounds, near: NEVER, link, file, order, counted: order, sums, tally, taker }
    }

    /// Counts what wasn't counted yet, and returns how many packets there are now.
    #[inline(always)]
    pub(in crate::capture) fn finish(self) -> u64 {
        self.tally.add(self.sums.of(self.order - self.counted));
        self.order
    }
}

impl<L: Ledger, T: Take> Onward for Rest<'_, L, T> {
    const AHEAD: usize = T::AHEAD;
    const GROUP: usize = T::GROUP;

    #[inline(always)]
    fn ahead<'p>(&mut self, next: impl Iterator<Item = &'p [u8]>) {
        let link = self.link;
        self.taker.ahead(next.map(|data| (link, data)));
    }

    #[inline(always)]
    fn turn(&mut self, link: LinkType) {
        self.link = link;
        // None is near until one was looked at.
        self.near = NEVER;
    }

    #[inline(always)]
    fn take(&mut self, raw: RawPacket<'_>) -> bool {
        if raw.time < self.near.0 || raw.time > self.near.1 {
            let counted = self.sums.of(self.order - self.counted);
            match turn(self.tally, self.bounds, counted, raw.time, self.link) {
                Some(near) => self.near = near,
                None => return false,
            }
            (self.counted, self.sums) = (self.order, Sums::new());
        }
        self.order += 1;
        self.sums.bytes += u64::from(raw.wire_len);
        self.sums.truncated += u64::from(raw.data.len() < raw.wire_len as usize);
        self.sums.last = self.sums.last.max(raw.time);
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

/// Takes a second look at a packet: `None` if it is to be left alone. Otherwise the tally takes what
/// was counted before it, and the times are returned of packets that need no second look behind it.
// All that it needs is handed over: what it could reach would have to stand in memory.
#[cold]
#[inline(never)]
fn turn(
    tally: &mut impl Ledger,
    (from, to): (Timestamp, Timestamp),
    counted: Counted,
    time: Timestamp,
    link: LinkType,
) -> Option<(Timestamp, Timestamp)> {
    if time < from || time > to {
        return None;
    }
    tally.add(counted);
    let near = tally.stand_at(time, link);
    Some((from.max(near.0), to.min(near.1)))
}

/// Hands on a packet. Out of the way of what is done for each of them.
#[inline(never)]
fn one(packet: Packet<'_>, taker: &mut impl Take) {
    taker.take(packet);
}
