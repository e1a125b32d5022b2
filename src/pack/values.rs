//! What can be packed beside structs and enums of our own.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::time::Duration;

use smallvec::{Array, SmallVec};

use super::{Pack, Packer, Unpacker};
use crate::capture::{Moment, Timestamp};

impl Pack for bool {
    #[inline]
    fn pack(&self, to: &mut Packer) {
        to.bit(*self);
    }

    #[inline]
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.bit()
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {
        $(impl Pack for $type {
            #[inline]
            fn pack(&self, to: &mut Packer) {
                to.number(*self as u64);
            }

            #[inline]
            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                from.number()?.try_into().ok()
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, usize);

impl Pack for Timestamp {
    fn pack(&self, to: &mut Packer) {
        to.time(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.time()
    }
}

impl Pack for Moment {
    #[inline]
    fn pack(&self, to: &mut Packer) {
        to.moment(self);
    }

    #[inline]
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.moment()
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
        to.raw(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.raw()
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
    #[inline]
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
        T::unpack_boxed(from)
    }
}

macro_rules! lists {
    ($($type:ty, [$($bound:tt)*], $push:ident;)*) => {
        $(impl<$($bound)*> Pack for $type {
            fn pack(&self, to: &mut Packer) {
                to.number(self.len() as u64);
                for item in self {
                    item.pack(to);
                }
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                let count = from.number()?;
                let mut list = Self::with_capacity(from.room(count));
                for _ in 0..count {
                    list.$push(Pack::unpack(from)?);
                }
                Some(list)
            }
        })*
    };
}

lists! {
    Vec<T>, [T: Pack], push;
    VecDeque<T>, [T: Pack], push_back;
    SmallVec<A>, [A: Array<Item: Pack>], push;
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
