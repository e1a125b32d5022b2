//! Writing.

use std::collections::{BTreeMap, VecDeque};

use super::{Pack, Recent, Unpacker, is_remembered, is_same};
use crate::capture::{Moment, Timestamp};

/// Something that may be there or not.
pub(crate) trait Absent: Default {
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Absent for VecDeque<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<K, V> Absent for BTreeMap<K, V> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// Where values are packed to: flags and lengths to one row of bits, all else to one of bytes.
#[derive(Debug)]
pub(crate) struct Packer {
    bytes: Vec<u8>,
    bits: Vec<u8>,
    /// Bits that aren't in `bits` yet, the first of them lowest, and how many.
    open: u64,
    used: u32,
    last: Moment,
    recent: Recent,
    /// Texts that may be said again: their length and first bytes, and where they stand in `bytes`.
    texts: Vec<(u64, u32)>,
    /// Something was there that is never packed.
    refused: bool,
}

impl Default for Packer {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            bits: Vec::new(),
            open: 0,
            used: 0,
            last: Moment::default(),
            recent: Recent::new(),
            texts: Vec::new(),
            refused: false,
        }
    }
}

impl Packer {
    /// Packs one value by itself; `None` while it holds what is never packed.
    pub fn packed(&mut self, value: &impl Pack) -> Option<Box<[u8]>> {
        self.bytes.clear();
        self.bits.clear();
        (self.open, self.used) = (0, 0);
        self.last = Moment::default();
        self.recent.clear();
        self.texts.clear();
        self.refused = false;
        value.pack(self);
        if self.refused {
            return None;
        }
        let open = (self.used as usize).div_ceil(8);
        let bits = self.bits.len() + open;
        let mut whole = Vec::with_capacity(2 + bits + self.bytes.len());
        // How many bytes of bits: in two bytes, or in ten.
        match u16::try_from(bits).ok().filter(|n| *n < u16::MAX) {
            Some(few) => whole.extend_from_slice(&few.to_le_bytes()),
            None => {
                whole.extend_from_slice(&u16::MAX.to_le_bytes());
                whole.extend_from_slice(&(bits as u64).to_le_bytes());
            }
        }
        whole.extend_from_slice(&self.bits);
        whole.extend_from_slice(self.open.to_le_bytes().get(..open).unwrap_or_default());
        whole.extend_from_slice(&self.bytes);
        Some(whole.into_boxed_slice())
    }

    /// What [`Packer::packed`] was given.
    pub fn unpacked<T: Pack>(&mut self, packed: &[u8]) -> Option<T> {
        self.recent.clear();
        Unpacker::with(&mut self.recent, packed)
    }

    /// Takes note of something that is never packed.
    #[inline]
    pub fn without(&mut self, absent: &impl Absent) {
        self.refused |= !absent.is_absent();
    }

    /// Adds the `count` lowest bits of `bits`, at most 32; the others are 0.
    #[inline]
    fn put(&mut self, bits: u64, count: u32) {
        self.open |= bits << self.used;
        self.used += count;
        if self.used >= 64 {
            self.bits.extend_from_slice(&self.open.to_le_bytes());
            self.used -= 64;
            self.open = bits >> (count - self.used);
        }
    }

    #[inline]
    pub(super) fn bit(&mut self, bit: bool) {
        self.put(u64::from(bit), 1);
    }

    /// A number: `0` for 0, `10` for one byte, `11` and its length less one for others.
    #[inline]
    pub(super) fn number(&mut self, n: u64) {
        if n == 0 {
            self.put(0, 1);
        } else if n < 256 {
            self.put(0b01, 2);
            self.bytes.push(n as u8);
        } else {
            self.long(n);
        }
    }

    fn long(&mut self, n: u64) {
        let unused = n.leading_zeros() / 8;
        self.put(u64::from(7 - unused) << 2 | 0b11, 5);
        self.bytes.extend_from_slice(&n.to_le_bytes());
        self.bytes.truncate(self.bytes.len() - unused as usize);
    }

    #[inline]
    fn signed(&mut self, n: i64) {
        self.number((n << 1 ^ n >> 63).cast_unsigned());
    }

    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A time, by its distance from the one before.
    pub(super) fn time(&mut self, time: Timestamp) {
        self.signed(time.nanos().wrapping_sub(self.last.time.nanos()));
        self.last.time = time;
    }

    /// A moment: `1` for the one before again, `01` and its place for one of the latest.
    pub(super) fn moment(&mut self, moment: &Moment) {
        let last = self.last;
        if is_same(moment, &last) {
            return self.put(1, 1);
        }
        if let Some(place) = self.recent.find(moment) {
            self.put((place as u64) << 2 | 0b10, 2 + Recent::BITS);
            self.last = *moment;
            return;
        }
        self.put(0, 2);
        self.time(moment.time);
        let step = moment.order.wrapping_sub(last.order);
        self.signed(step.cast_signed());
        // In one file, frames are counted as packets are.
        let expected = last.frame.number.wrapping_add(step as u32);
        self.signed(i64::from(moment.frame.number) - i64::from(expected));
        self.number(u64::from(moment.frame.file ^ last.frame.file));
        self.last = *moment;
        self.recent.keep(*moment);
    }

    /// Bytes that are said once.
    pub fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Bytes; only a reference to them when they were packed before.
    pub fn slice(&mut self, bytes: &[u8]) {
        let sign = sign(bytes);
        let is_known = |(known, at): &(u64, u32)| {
            let at = *at as usize;
            *known == sign && self.bytes.get(at..at + bytes.len()) == Some(bytes)
        };
        let known = match is_remembered(bytes, 0) {
            true => self.texts.iter().position(is_known),
            false => None,
        };
        self.bit(known.is_some());
        if let Some(known) = known {
            self.number(known as u64);
            return;
        }
        self.number(bytes.len() as u64);
        if is_remembered(bytes, self.texts.len())
            && let Ok(at) = u32::try_from(self.bytes.len())
        {
            self.texts.push((sign, at));
        }
        self.bytes.extend_from_slice(bytes);
    }
}

/// Tells most texts apart: the length and the first bytes.
#[inline]
fn sign(bytes: &[u8]) -> u64 {
    let head = bytes.first_chunk().map_or(0, |head: &[u8; 4]| u64::from(u32::from_le_bytes(*head)));
    let tail = bytes.last_chunk().map_or(0, |tail: &[u8; 4]| u64::from(u32::from_le_bytes(*tail)));
    (head | tail << 32) ^ (bytes.len() as u64) << 24
}
