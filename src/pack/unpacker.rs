//! Reading.

use super::{Pack, Recent, is_remembered};
use crate::capture::{FrameRef, Moment, Timestamp};

/// Where values are unpacked from.
#[derive(Debug)]
pub(crate) struct Unpacker<'a> {
    whole: &'a [u8],
    /// Where the next bit stands, and where there are none any more.
    bit: usize,
    bits_end: usize,
    /// Where the next byte stands.
    at: usize,
    last: Moment,
    recent: &'a mut Recent,
    texts: Vec<&'a [u8]>,
}

impl<'a> Unpacker<'a> {
    /// What [`super::Packer::packed`] was given; `recent` is empty.
    pub(super) fn with<T: Pack>(recent: &'a mut Recent, packed: &'a [u8]) -> Option<T> {
        let (few, behind) = packed.split_first_chunk()?;
        let (bits, behind) = match u16::from_le_bytes(*few) {
            u16::MAX => {
                let (many, behind) = behind.split_first_chunk()?;
                (usize::try_from(u64::from_le_bytes(*many)).ok()?, behind)
            }
            few => (usize::from(few), behind),
        };
        if bits > behind.len() {
            return None;
        }
        T::unpack(&mut Self {
            whole: behind,
            bit: 0,
            bits_end: bits * 8,
            at: bits,
            last: Moment::default(),
            recent,
            texts: Vec::new(),
        })
    }

    /// Eight bytes from `at` on, zeros behind the last one.
    #[inline]
    fn word(&self, at: usize) -> u64 {
        match self.whole.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(word) => u64::from_le_bytes(*word),
            None => self.last_word(at),
        }
    }

    #[cold]
    fn last_word(&self, at: usize) -> u64 {
        let rest = self.whole.get(at..).unwrap_or_default();
        rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    /// The bits from here on: 57 of them, and more.
    #[inline]
    fn bits(&self) -> u64 {
        self.word(self.bit / 8) >> (self.bit % 8)
    }

    /// Moves on by so many bits.
    #[inline]
    fn pass(&mut self, count: u32) -> Option<()> {
        self.bit += count as usize;
        (self.bit <= self.bits_end).then_some(())
    }

    #[inline]
    pub(super) fn bit(&mut self) -> Option<bool> {
        let bit = self.bits() & 1 != 0;
        self.pass(1)?;
        Some(bit)
    }

    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        let bits = self.bits();
        if bits & 1 == 0 {
            self.pass(1)?;
            return Some(0);
        }
        if bits & 2 == 0 {
            self.pass(2)?;
            let byte = *self.whole.get(self.at)?;
            self.at += 1;
            return Some(byte.into());
        }
        self.pass(5)?;
        let unused = 7 - (bits >> 2 & 7) as u32;
        let n = self.word(self.at) << (unused * 8) >> (unused * 8);
        self.at += (8 - unused) as usize;
        (self.at <= self.whole.len()).then_some(n)
    }

    #[inline]
    fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1).cast_signed() ^ -((n & 1).cast_signed()))
    }

    #[inline]
    pub fn raw<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = *self.whole.get(self.at..)?.first_chunk()?;
        self.at += N;
        Some(array)
    }

    pub(super) fn time(&mut self) -> Option<Timestamp> {
        let nanos = self.signed()?.wrapping_add(self.last.time.nanos());
        self.last.time = Timestamp::from_nanos(nanos);
        Some(self.last.time)
    }

    pub(super) fn moment(&mut self) -> Option<Moment> {
        let bits = self.bits();
        if bits & 1 != 0 {
            self.pass(1)?;
            return Some(self.last);
        }
        if bits & 2 != 0 {
            self.pass(2 + Recent::BITS)?;
            self.last = self.recent.moments[Recent::place(bits >> 2)];
            return Some(self.last);
        }
        self.pass(2)?;
        let last = self.last;
        let time = self.time()?;
        let step = self.signed()?.cast_unsigned();
        let expected = last.frame.number.wrapping_add(step as u32);
        let number = u32::try_from(self.signed()?.checked_add(i64::from(expected))?).ok()?;
        let file = last.frame.file ^ u32::try_from(self.number()?).ok()?;
        let frame = FrameRef { file, number };
        self.last = Moment { order: last.order.wrapping_add(step), time, frame };
        self.recent.keep(self.last);
        Some(self.last)
    }

    /// Bytes that are said once.
    pub fn blob(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let blob = self.whole.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(blob)
    }

    /// Bytes.
    pub fn slice(&mut self) -> Option<&'a [u8]> {
        if self.bit()? {
            let known = usize::try_from(self.number()?).ok()?;
            return self.texts.get(known).copied();
        }
        let len = usize::try_from(self.number()?).ok()?;
        let slice = self.whole.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        if is_remembered(slice, self.texts.len()) {
            self.texts.push(slice);
        }
        Some(slice)
    }

    /// How many items of a list to make room for: no more than there can be.
    pub(super) fn room(&self, items: u64) -> usize {
        let left = self.bits_end.saturating_sub(self.bit) + self.whole.len();
        usize::try_from(items).unwrap_or(usize::MAX).min(left).min(4096)
    }
}
