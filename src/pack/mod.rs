//! Values written close together, for sessions at rest.
//!
//! A capture may hold a million sessions at once of which few say anything at a time. Those at rest
//! are kept packed: numbers by their length, flags as bits, moments by their distance from the one
//! before. What comes out is what went in; [`packed!`] sees to it that no field is forgotten.

mod packer;
mod unpacker;
mod values;

pub(crate) use packer::{Absent, Packer};
pub(crate) use unpacker::Unpacker;

use crate::capture::Moment;

/// Something that can be packed.
pub(crate) trait Pack: Sized {
    fn pack(&self, to: &mut Packer);
    /// `None` only for bytes that weren't packed from a value of this type.
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;

    /// Unpacks to where a value stands that holds nothing.
    fn unpack_to(&mut self, from: &mut Unpacker<'_>) -> Option<()> {
        *self = Self::unpack(from)?;
        Some(())
    }

    /// Unpacks to a box.
    fn unpack_boxed(from: &mut Unpacker<'_>) -> Option<Box<Self>> {
        Self::unpack(from).map(Box::new)
    }
}

/// Moments that were packed, each in its place: most are said again, as a reply's is with its
/// exchange and with its connection.
#[derive(Clone, Debug)]
struct Recent {
    moments: [Moment; 1 << Self::BITS],
    /// A bit for each place that was used.
    used: [u64; (1 << Self::BITS) / 64],
}

impl Recent {
    const BITS: u32 = 7;

    fn new() -> Self {
        Self { moments: [Moment::default(); 1 << Self::BITS], used: [0; (1 << Self::BITS) / 64] }
    }

    /// Forgets all of them. Mostly they are few: what was only noted has two.
    fn clear(&mut self) {
        for (used, moments) in self.used.iter_mut().zip(self.moments.chunks_exact_mut(64)) {
            while *used != 0 {
                if let Some(moment) = moments.get_mut(used.trailing_zeros() as usize) {
                    *moment = Moment::default();
                }
                *used &= *used - 1;
            }
        }
    }

    fn place(order: u64) -> usize {
        (order % (1 << Self::BITS)) as usize
    }

    /// The place of a moment, if it is there.
    #[inline]
    fn find(&self, moment: &Moment) -> Option<usize> {
        let place = Self::place(moment.order);
        is_same(&self.moments[place], moment).then_some(place)
    }

    #[inline]
    fn keep(&mut self, moment: Moment) {
        let place = Self::place(moment.order);
        self.moments[place] = moment;
        self.used[place / 64] |= 1 << (place % 64);
    }
}

/// In every part: moments are equal by their order alone.
#[inline]
fn is_same(a: &Moment, b: &Moment) -> bool {
    a.order == b.order && a.time == b.time && a.frame == b.frame
}

/// Whether a text is one that may be referred to, when so many are already.
#[inline]
fn is_remembered(bytes: &[u8], texts: usize) -> bool {
    bytes.len() >= 4 && texts < 64
}

/// Packs a struct field by field; a field that isn't named is an error. As long as there is
/// something in those after `without`, the value refuses to be packed.
///
/// `boxed` is for what is large and stands in a box: it is then unpacked there.
macro_rules! packed {
    (boxed $type:ty { $($field:ident),* $(,)? } $(without { $($absent:ident),* $(,)? })?) => {
        impl $crate::pack::Pack for $type {
            $crate::pack::packed!(@pack { $($field),* } $(without { $($absent),* })?);

            fn unpack(from: &mut $crate::pack::Unpacker<'_>) -> Option<Self> {
                Self::unpack_boxed(from).map(|boxed| *boxed)
            }

            fn unpack_boxed(from: &mut $crate::pack::Unpacker<'_>) -> Option<Box<Self>> {
                let mut new = Box::<Self>::default();
                $($crate::pack::Pack::unpack_to(&mut new.$field, from)?;)*
                Some(new)
            }
        }
    };
    (@pack { $($field:ident),* } $(without { $($absent:ident),* })?) => {
        fn pack(&self, to: &mut $crate::pack::Packer) {
            let Self { $($field,)* $($($absent,)*)? } = self;
            $($crate::pack::Pack::pack($field, to);)*
            $($(to.without($absent);)*)?
        }
    };
    ($type:ty { $($field:ident),* $(,)? } $(without { $($absent:ident),* $(,)? })?) => {
        impl $crate::pack::Pack for $type {
            $crate::pack::packed!(@pack { $($field),* } $(without { $($absent),* })?);

            fn unpack(from: &mut $crate::pack::Unpacker<'_>) -> Option<Self> {
                Some(Self {
                    $($field: $crate::pack::Pack::unpack(from)?,)*
                    $($($absent: Default::default(),)*)?
                })
            }

            fn unpack_boxed(from: &mut $crate::pack::Unpacker<'_>) -> Option<Box<Self>> {
                let room = Box::new_uninit();
                Some(Box::write(room, Self {
                    $($field: $crate::pack::Pack::unpack(from)?,)*
                    $($($absent: Default::default(),)*)?
                }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameRef, Timestamp};
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
        let back: Vec<Moment> = Packer::default().unpacked(&packed).unwrap();
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
        let back: Half = Packer::default().unpacked(&packed).unwrap();
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
            prop_assert_eq!(Packer::default().unpacked::<Mixed>(&packed), Some(value));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..99)) {
            let _ = Packer::default().unpacked::<(Vec<u64>, Vec<bool>, String)>(&bytes);
        }
    }
}
