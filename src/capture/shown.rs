//! Packets that are shown before they are handed on, for whoever wants to prepare for them.

use super::reader::Onward;

/// How far the packets of a file were shown.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    /// The first place in the file that was not.
    to: u64,
    /// Packets that were, and were not handed on since.
    ahead: usize,
}

/// The data of the packet at the beginning of some bytes, and what is behind it; `None` if it isn't whole, or
/// nothing that is simple.
type First<'a> = Option<(&'a [u8], &'a [u8])>;

impl Shown {
    /// A packet is about to be handed on: the one at this place of the file, where `rest` begins. Shows others
    /// if it is time; `first` finds one after the other.
    #[inline(always)]
    pub(super) fn pass<'a, O: Onward>(
        &mut self,
        (at, rest): (u64, &'a [u8]),
        onward: &mut O,
        first: impl Fn(&'a [u8]) -> First<'a>,
    ) {
        if O::AHEAD == 0 {
            return;
        }
        if self.ahead <= O::AHEAD {
            self.show(at, rest, onward, first);
        }
        self.ahead = self.ahead.saturating_sub(1);
    }

    #[inline(never)]
    fn show<'a, O: Onward>(
        &mut self,
        at: u64,
        rest: &'a [u8],
        onward: &mut O,
        first: impl Fn(&'a [u8]) -> First<'a>,
    ) {
        if self.to <= at {
            (self.to, self.ahead) = (at, 0);
        }
        let Some(mut next) = rest.get((self.to - at) as usize..) else { return };
        while self.ahead <= O::AHEAD && first(next).is_some() {
            let mut count = 0;
            let mut group = std::iter::from_fn(|| {
                let (packet, behind) = first(next).filter(|_| count < O::GROUP)?;
                (next, count) = (behind, count + 1);
                Some(packet)
            });
            onward.ahead(group.by_ref());
            // Those that nobody wanted to see.
            group.for_each(drop);
            self.ahead += count;
        }
        self.to = at + (rest.len() - next.len()) as u64;
    }
}
