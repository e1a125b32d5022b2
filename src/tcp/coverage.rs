//! Which bytes of a direction were captured, each counted once.

use crate::pack::packed;

/// Captured byte ranges of one direction, in stream offsets of 64 bits.
///
/// Nearly always one range that grows at its end. Holes that are never filled stay as gaps
/// between ranges; beyond [`Coverage::MAX_RANGES`] the oldest hole is given up as missing, so
/// that memory is bounded however many packets a capture lost.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// The first range; empty while nothing was captured.
    first: (u64, u64),
    bytes: u64,
    /// What few have: most see their bytes in order, and there may be a million.
    more: Option<Box<More>>,
}

#[derive(Clone, Debug, Default)]
struct More {
    /// Ranges after the first, sorted, disjoint, not touching.
    rest: Vec<(u64, u64)>,
    given_up: u64,
}

impl Coverage {
    /// Ranges kept apart before the oldest hole is given up.
    pub const MAX_RANGES: usize = 64;

    /// Adds `start..end` and returns how many of its bytes were new.
    #[inline(always)]
    pub fn add(&mut self, start: u64, end: u64) -> u64 {
        // The common case: the next segment in order, nothing outstanding.
        if start == self.first.1 && start < end && self.first.0 < start && self.more.is_none() {
            self.first.1 = end;
            self.bytes += end - start;
            return end - start;
        }
        self.add_any(start, end)
    }

    /// Nothing was captured yet, and what comes next begins here.
    pub(super) fn begin(&mut self, at: u64) {
        self.first = (at, at);
    }

    /// Adds so many bytes at the end of what was captured in one piece: [`Coverage::whole_end`] is some,
    /// or it [began](Coverage::begin) just now.
    #[inline(always)]
    pub(super) fn grow(&mut self, bytes: u64) {
        self.first.1 += bytes;
        self.bytes += bytes;
    }

    /// The end of what was captured, when all of it is one piece and nothing was ever missing.
    #[inline]
    pub(super) fn whole_end(&self) -> Option<u64> {
        self.first().filter(|_| self.more.is_none()).map(|r| r.1)
    }

    fn add_any(&mut self, start: u64, end: u64) -> u64 {
        if end <= start {
            return 0;
        }
        let first = &mut self.first;
        if first.0 == first.1 {
            *first = (start, end);
            self.bytes = end - start;
            return end - start;
        }
        let in_order = self.more.as_ref().is_none_or(|m| m.rest.is_empty());
        if in_order && start <= first.1 && start >= first.0 {
            let new = end.saturating_sub(first.1);
            first.1 = first.1.max(end);
            self.bytes += new;
            return new;
        }
        self.insert(start, end)
    }

    fn insert(&mut self, start: u64, end: u64) -> u64 {
        let more = self.more.get_or_insert_default();
        let mut all: Vec<(u64, u64)> = Vec::with_capacity(more.rest.len() + 2);
        all.push(self.first);
        all.append(&mut more.rest);
        let at = all.partition_point(|r| r.1 < start);
        let mut merged = (start, end);
        let mut known = 0;
        let mut until = at;
        while let Some(r) = all.get(until).filter(|r| r.0 <= end) {
            known += r.1.min(end).saturating_sub(r.0.max(start));
            merged = (merged.0.min(r.0), merged.1.max(r.1));
            until += 1;
        }
        all.splice(at..until, [merged]);
        while all.len() > Self::MAX_RANGES {
            let second = all.remove(1);
            more.given_up += second.0 - all[0].1;
            all[0].1 = second.1;
        }
        let new = (end - start).saturating_sub(known);
        self.bytes += new;
        self.first = all.remove(0);
        more.rest = all;
        new
    }

    fn first(&self) -> Option<(u64, u64)> {
        Some(self.first).filter(|r| r.0 < r.1)
    }

    fn rest(&self) -> &[(u64, u64)] {
        self.more.as_ref().map(|m| m.rest.as_slice()).unwrap_or_default()
    }

    /// Bytes captured, each once.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The first offset captured.
    pub fn start(&self) -> Option<u64> {
        self.first().map(|r| r.0)
    }

    /// The end of the highest range captured.
    #[inline(always)]
    pub fn end(&self) -> Option<u64> {
        match &self.more {
            None => (self.first.0 < self.first.1).then_some(self.first.1),
            Some(_) => self.rest().last().copied().or(self.first()).map(|r| r.1),
        }
    }

    /// The end of what is captured without a hole from the start.
    pub fn contiguous_end(&self) -> Option<u64> {
        self.first().map(|r| r.1)
    }

    /// All of `start..end` was captured in one piece, and nothing was given up: a quick answer, which
    /// is right for nearly all.
    #[inline]
    pub fn has_all(&self, start: u64, end: u64) -> bool {
        self.more.is_none() && (start >= end || self.first.0 <= start && end <= self.first.1)
    }

    /// Holes in `start..end`: bytes that were never captured, lowest first.
    pub fn holes(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut at = start;
        self.first()
            .into_iter()
            .chain(self.rest().iter().copied())
            .chain(std::iter::once((end, end)))
            .filter_map(move |r| {
                let hole = (at, r.0.min(end));
                at = at.max(r.1);
                (hole.1 > hole.0).then_some(hole)
            })
    }

    /// Bytes in holes that were given up because there were too many.
    pub fn given_up(&self) -> u64 {
        self.more.as_ref().map_or(0, |m| m.given_up)
    }
}

packed!(Coverage { first, bytes, more });
packed!(More { rest, given_up });

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_byte_counts_once() {
        let mut c = Coverage::default();
        assert_eq!(c.add(10, 20), 10);
        assert_eq!(c.add(10, 20), 0);
        assert_eq!(c.add(15, 25), 5);
        assert_eq!(c.add(30, 40), 10);
        assert_eq!(c.add(0, 5), 5);
        assert_eq!(c.add(4, 35), 10);
        assert_eq!((c.bytes(), c.start(), c.end()), (40, Some(0), Some(40)));
        assert_eq!(c.holes(0, 50).collect::<Vec<_>>(), vec![(40, 50)]);
    }

    #[test]
    fn too_many_holes_are_given_up_from_the_start() {
        let mut c = Coverage::default();
        for i in 0..200 {
            c.add(i * 10, i * 10 + 5);
        }
        assert_eq!(c.bytes(), 1000);
        assert_eq!(c.given_up(), (200 - Coverage::MAX_RANGES as u64) * 5);
        assert_eq!(c.holes(0, 1995).count(), Coverage::MAX_RANGES - 1);
    }

    proptest! {
        #[test]
        fn equals_a_set_of_bytes(ranges in prop::collection::vec((0u64..200, 0u64..20), 0..40)) {
            let mut c = Coverage::default();
            let mut set = std::collections::BTreeSet::new();
            for (start, len) in ranges {
                let before = set.len();
                set.extend(start..start + len);
                prop_assert_eq!(c.add(start, start + len), (set.len() - before) as u64);
            }
            prop_assert_eq!(c.bytes(), set.len() as u64);
            let missing: u64 = c.holes(0, 250).map(|h| h.1 - h.0).sum();
            prop_assert_eq!(missing, 250 - set.len() as u64);
        }
    }
}
