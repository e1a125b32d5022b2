//! Packet after packet to the end, sooner than one by one: nearly all of them stand whole in the
//! buffer behind the one before them, and need no more than to be handed on.

use std::cmp::Reverse;

use super::{FrameRef, Moment, Packet, Slot, Source, State, Timestamp};

impl Source {
    /// Hands on all packets that [`Source::next_packet`] has not handed out yet.
    pub fn walk(&mut self, mut take: impl FnMut(&Packet<'_>)) {
        while self.move_on() {
            if let Some(packet) = self.here() {
                one(&packet, &mut take);
            }
            self.rest(&mut take);
        }
    }

    /// Hands on packets behind the current one as long as they stand in the same window, and as long
    /// as that is simple; maybe none. Afterwards there is no current packet.
    #[inline(always)]
    pub(crate) fn rest(&mut self, take: &mut impl FnMut(&Packet<'_>)) {
        let Some((from, to)) = self.bounds() else { return };
        let Some(file) = self.current else { return };
        let Some(Slot { state: State::Open(reader), .. }) = self.slots.get_mut(file) else {
            return;
        };
        let (order, tally) = (&mut self.order, &mut self.tally);
        reader.rest(|raw| {
            if raw.time < from || raw.time > to {
                return false;
            }
            *order += 1;
            tally.count(raw.time, raw.link, raw.wire_len, raw.data.len());
            let frame = FrameRef { file: file as u32, number: raw.number };
            take(&Packet {
                moment: Moment { order: *order, time: raw.time, frame },
                link: raw.link,
                wire_len: raw.wire_len,
                data: raw.data,
            });
            true
        });
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

/// Hands on a packet. Never there where it would be made part of what is done for each packet.
#[inline(never)]
fn one(packet: &Packet<'_>, take: &mut dyn FnMut(&Packet<'_>)) {
    take(packet);
}
