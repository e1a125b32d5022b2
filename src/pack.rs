//! Values written close together, for sessions at rest.
//!
//! A capture may hold a million sessions at once of which few say anything at a time. Those at rest
//! are kept packed: numbers by their length, flags as bits, moments by their distance from the one
//! before. What comes out is what went in; [`packed!`] sees to it that no field is forgotten.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::time::Duration;

use crate::capture::{FrameRef, Moment, Timestamp};

/// Something that can be packed.
pub(crate) trait Pack: Sized {
    fn pack(&self, to: &mut Packer);
    /// `None` only for bytes that weren't packed from a value of this type.
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

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

/// Where values are packed to.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    bytes: Vec<u8>,
    bits: Vec<u8>,
    /// Bits in the last byte of `bits`.
    used: u32,
    last: Moment,
    /// Where texts stand in `bytes`: the first few, which may be said again.
    texts: Vec<(usize, usize)>,
    /// Something was there that is never packed.
    refused: bool,
}

impl Packer {
    /// Packs one value by itself; `None` while it holds what is never packed.
    pub fn packed(&mut self, value: &impl Pack) -> Option<Box<[u8]>> {
        self.bytes.clear();
        self.bits.clear();
        self.used = 8;
        self.last = Moment::default();
        self.texts.clear();
        self.refused = false;
        value.pack(self);
        if self.refused {
            return None;
        }
        let mut whole = Vec::with_capacity(self.bits.len() + self.bytes.len() + 4);
        varint(self.bits.len() as u64, &mut whole);
        whole.extend_from_slice(&self.bits);
        whole.extend_from_slice(&self.bytes);
        Some(whole.into_boxed_slice())
    }

    /// Takes note of something that is never packed.
    pub fn without(&mut self, absent: &impl Absent) {
        self.refused |= !absent.is_absent();
    }

    fn bit(&mut self, bit: bool) {
        if self.used == 8 {
            self.bits.push(0);
            self.used = 0;
        }
        if let Some(byte) = self.bits.last_mut() {
            *byte |= u8::from(bit) << self.used;
        }
        self.used += 1;
    }

    /// A number that is often 0.
    fn number(&mut self, n: u64) {
        self.bit(n != 0);
        if n != 0 {
            varint(n, &mut self.bytes);
        }
    }

    fn signed(&mut self, n: i64) {
        self.number((n << 1 ^ n >> 63).cast_unsigned());
    }

    /// Bytes; only a reference to them when they were packed before.
    pub fn slice(&mut self, bytes: &[u8]) {
        let same = |(at, len): &(usize, usize)| {
            *len == bytes.len() && self.bytes.get(*at..at + len) == Some(bytes)
        };
        let known = self.texts.iter().position(same);
        self.bit(known.is_some());
        if let Some(known) = known {
            self.number(known as u64);
            return;
        }
        self.number(bytes.len() as u64);
        if is_remembered(bytes, self.texts.len()) {
            self.texts.push((self.bytes.len(), bytes.len()));
        }
        self.bytes.extend_from_slice(bytes);
    }
}

/// Whether a text is one that may be referred to, when so many are already.
fn is_remembered(bytes: &[u8], texts: usize) -> bool {
    bytes.len() >= 4 && texts < 64
}

fn varint(mut n: u64, to: &mut Vec<u8>) {
    while n >= 0x80 {
        to.push(n as u8 | 0x80);
        n >>= 7;
    }
    to.push(n as u8);
}

/// Where values are unpacked from.
#[derive(Debug)]
pub(crate) struct Unpacker<'a> {
    bytes: &'a [u8],
    bits: &'a [u8],
    used: u32,
    last: Moment,
    texts: Vec<&'a [u8]>,
}

impl<'a> Unpacker<'a> {
    /// What [`Packer::packed`] was given.
    pub fn unpacked<T: Pack>(packed: &'a [u8]) -> Option<T> {
        let mut whole = Self::over(packed, &[]);
        let bits = usize::try_from(whole.varint()?).ok()?;
        let (bits, bytes) = whole.bytes.split_at_checked(bits)?;
        T::unpack(&mut Self::over(bytes, bits))
    }

    fn over(bytes: &'a [u8], bits: &'a [u8]) -> Self {
        Self { bytes, bits, used: 0, last: Moment::default(), texts: Vec::new() }
    }

    fn bit(&mut self) -> Option<bool> {
        let bit = self.bits.first()? >> self.used & 1;
        self.used += 1;
        if self.used == 8 {
            self.used = 0;
            self.bits = self.bits.get(1..)?;
        }
        Some(bit != 0)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    fn number(&mut self) -> Option<u64> {
        if self.bit()? { self.varint() } else { Some(0) }
    }

    fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1).cast_signed() ^ -((n & 1).cast_signed()))
    }

    /// Bytes.
    pub fn slice(&mut self) -> Option<&'a [u8]> {
        if self.bit()? {
            let known = usize::try_from(self.number()?).ok()?;
            return self.texts.get(known).copied();
        }
        let len = usize::try_from(self.number()?).ok()?;
        let (slice, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        if is_remembered(slice, self.texts.len()) {
            self.texts.push(slice);
        }
        Some(slice)
    }
}

/// Packs a struct field by field; a field that isn't named is an error. As long as there is
/// something in those after `without`, the value refuses to be packed.
macro_rules! packed {
    ($type:ty { $($field:ident),* $(,)? } $(without { $($absent:ident),* $(,)? })?) => {
        impl $crate::pack::Pack for $type {
            fn pack(&self, to: &mut $crate::pack::Packer) {
                let Self { $($field,)* $($($absent,)*)? } = self;
                $($crate::pack::Pack::pack($field, to);)*
                $($(to.without($absent);)*)?
            }

            fn unpack(from: &mut $crate::pack::Unpacker<'_>) -> Option<Self> {
                Some(Self {
                    $($field: $crate::pack::Pack::unpack(from)?,)*
                    $($($absent: Default::default(),)*)?
                })
            }
        }
    };
}

/// Packs an enum; one that isn't named is an error.
macro_rules! packed_enum {
    ($type:ty { $($number:literal => $variant:ident $(($($field:ident),*))? $({$($name:ident),*})?),* $(,)? }) => {
        impl $crate::pack::Pack for $type {
            fn pack(&self, to: &mut $crate::pack::Packer) {
                match self {
                    $(Self::$variant $(($($field),*))? $({$($name),*})? => {
                        $crate::pack::Pack::pack(&($number as u8), to);
                        $($($crate::pack::Pack::pack($field, to);)*)?
                        $($($crate::pack::Pack::pack($name, to);)*)?
                    })*
                }
            }

            fn unpack(from: &mut $crate::pack::Unpacker<'_>) -> Option<Self> {
                Some(match <u8 as $crate::pack::Pack>::unpack(from)? {
                    $($number => {
                        $($(let $field = $crate::pack::Pack::unpack(from)?;)*)?
                        $($(let $name = $crate::pack::Pack::unpack(from)?;)*)?
                        Self::$variant $(($($field),*))? $({$($name),*})?
                    })*
                    _ => return None,
                })
            }
        }
    };
}

pub(crate) use {packed, packed_enum};

impl Pack for bool {
    fn pack(&self, to: &mut Packer) {
        to.bit(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.bit()
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {
        $(impl Pack for $type {
            fn pack(&self, to: &mut Packer) {
                to.number(*self as u64);
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                from.number()?.try_into().ok()
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, usize);

impl Pack for Timestamp {
    fn pack(&self, to: &mut Packer) {
        to.signed(self.nanos().wrapping_sub(to.last.time.nanos()));
        to.last.time = *self;
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let nanos = from.signed()?.wrapping_add(from.last.time.nanos());
        from.last.time = Self::from_nanos(nanos);
        Some(from.last.time)
    }
}

impl Pack for Moment {
    fn pack(&self, to: &mut Packer) {
        let last = to.last;
        let same = *self == last && self.time == last.time && self.frame == last.frame;
        to.bit(same);
        if same {
            return;
        }
        self.time.pack(to);
        let step = self.order.wrapping_sub(last.order);
        to.signed(step.cast_signed());
        // In one file, frames are counted as packets are.
        let expected = last.frame.number.wrapping_add(step as u32);
        to.signed(i64::from(self.frame.number) - i64::from(expected));
        to.number(u64::from(self.frame.file ^ last.frame.file));
        to.last = *self;
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let last = from.last;
        if from.bit()? {
            return Some(last);
        }
        let time = Timestamp::unpack(from)?;
        let step = from.signed()?.cast_unsigned();
        let expected = last.frame.number.wrapping_add(step as u32);
        let number = u32::try_from(from.signed()? + i64::from(expected)).ok()?;
        let file = last.frame.file ^ u32::try_from(from.number()?).ok()?;
        let frame = FrameRef { file, number };
        from.last = Moment { order: last.order.wrapping_add(step), time, frame };
        Some(from.last)
    }
}

impl Pack for Duration {
    fn pack(&self, to: &mut Packer) {
        (self.as_secs(), self.subsec_nanos()).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (seconds, nanos) = Pack::unpack(from)?;
        Some(Self::new(seconds, nanos))
    }
}

impl Pack for IpAddr {
    fn pack(&self, to: &mut Packer) {
        match self {
            Self::V4(ip) => (false, ip.octets()).pack(to),
            Self::V6(ip) => (true, ip.octets()).pack(to),
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(if from.bit()? {
            <[u8; 16]>::unpack(from)?.into()
        } else {
            <[u8; 4]>::unpack(from)?.into()
        })
    }
}

impl<const N: usize> Pack for [u8; N] {
    fn pack(&self, to: &mut Packer) {
        to.bytes.extend_from_slice(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (array, rest) = from.bytes.split_first_chunk::<N>()?;
        from.bytes = rest;
        Some(*array)
    }
}

impl Pack for String {
    fn pack(&self, to: &mut Packer) {
        to.slice(self.as_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(std::str::from_utf8(from.slice()?).ok()?.to_owned())
    }
}

impl Pack for Box<str> {
    fn pack(&self, to: &mut Packer) {
        to.slice(self.as_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(std::str::from_utf8(from.slice()?).ok()?.into())
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, to: &mut Packer) {
        to.bit(self.is_some());
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(if from.bit()? { Some(T::unpack(from)?) } else { None })
    }
}

impl<T: Pack> Pack for Box<T> {
    fn pack(&self, to: &mut Packer) {
        T::pack(self, to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        T::unpack(from).map(Box::new)
    }
}

macro_rules! lists {
    ($($type:ty, [$($bound:tt)*];)*) => {
        $(impl<$($bound)*> Pack for $type {
            fn pack(&self, to: &mut Packer) {
                to.number(self.len() as u64);
                for item in self {
                    item.pack(to);
                }
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                (0..from.number()?).map(|_| Pack::unpack(from)).collect()
            }
        })*
    };
}

lists! {
    Vec<T>, [T: Pack];
    VecDeque<T>, [T: Pack];
}

macro_rules! maps {
    ($($type:ty, [$($bound:tt)*];)*) => {
        $(impl<$($bound)*> Pack for $type {
            fn pack(&self, to: &mut Packer) {
                to.number(self.len() as u64);
                for (key, value) in self {
                    key.pack(to);
                    value.pack(to);
                }
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                (0..from.number()?).map(|_| Pack::unpack(from)).collect()
            }
        })*
    };
}

maps! {
    BTreeMap<K, V>, [K: Pack + Ord, V: Pack];
    HashMap<K, V, S>, [K: Pack + Eq + Hash, V: Pack, S: BuildHasher + Default];
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),*);)*) => {
        $(impl<$($name: Pack),*> Pack for ($($name,)*) {
            fn pack(&self, to: &mut Packer) {
                $(self.$at.pack(to);)*
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                Some(($($name::unpack(from)?,)*))
            }
        })*
    };
}

tuples! {
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3, E 4);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Mixed = (Vec<u64>, Option<String>, Vec<(bool, String)>);

    #[test]
    fn moments_in_any_order() {
        let moment = |order: u64, nanos: i64, file: u32, number: u32| Moment {
            order,
            time: Timestamp::from_nanos(nanos),
            frame: FrameRef { file, number },
        };
        let all = vec![
            moment(1, 0, 0, 1),
            moment(1, 0, 0, 1),
            moment(u64::MAX, i64::MAX, u32::MAX, u32::MAX),
            moment(0, i64::MIN + 1, 0, 0),
            moment(5, -1, 7, 3),
        ];
        let packed = Packer::default().packed(&all).unwrap();
        let back: Vec<Moment> = Unpacker::unpacked(&packed).unwrap();
        assert_eq!(format!("{all:?}"), format!("{back:?}"));
    }

    #[test]
    fn what_is_never_packed_refuses() {
        #[derive(Default)]
        struct Half {
            a: u8,
            b: Option<u8>,
        }
        packed!(Half { a } without { b });
        let mut packer = Packer::default();
        assert!(packer.packed(&Half { a: 1, b: Some(1) }).is_none());
        let packed = packer.packed(&Half { a: 1, b: None }).unwrap();
        let back: Half = Unpacker::unpacked(&packed).unwrap();
        assert_eq!((back.a, back.b), (1, None));
    }

    proptest! {
        #[test]
        fn what_comes_out_went_in(
            numbers in prop::collection::vec(any::<u64>(), 0..9),
            text in prop::option::of(".{0,9}"),
            list in prop::collection::vec((any::<bool>(), "[ab]{0,5}"), 0..99),
        ) {
            let value: Mixed = (numbers, text, list);
            let packed = Packer::default().packed(&value).unwrap();
            prop_assert_eq!(Unpacker::unpacked::<Mixed>(&packed), Some(value));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..99)) {
            let _ = Unpacker::unpacked::<(Vec<u64>, Vec<bool>, String)>(&bytes);
        }
    }
}
