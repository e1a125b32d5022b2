//! What serde asks of a serializer, as the few things that a report consists of: whoever writes, or
//! compares, has to know those alone.

use serde::ser::{self, Error as _, Impossible, Serialize};
use serde_json::Error;

/// Takes a report value by value.
pub(super) trait Target {
    /// An object or an array begins.
    fn open(&mut self, bracket: u8);
    /// It ends; `empty`: with nothing in it.
    fn close(&mut self, bracket: u8, empty: bool);
    /// Before an element, or a name.
    fn next(&mut self, first: bool);
    /// The name of a field, which is plain.
    fn name(&mut self, name: &'static str);
    /// Behind a name that was a text.
    fn colon(&mut self);
    /// A text, or a name that isn't a field's.
    fn text(&mut self, text: &str);
    /// `true`, `false` or `null`.
    fn literal(&mut self, literal: &'static str);
    /// A number.
    fn number(&mut self, number: Number);
    /// A value that is written already, as it has to stand there.
    fn written(&mut self, json: &[u8]);
}

/// A number of a report.
#[derive(Clone, Copy)]
pub(super) enum Number {
    /// Nearly all there are.
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// Hands a value on to a target.
#[inline]
pub(super) fn hand(value: &impl Serialize, target: &mut impl Target) {
    // Into memory, of types without anything that JSON can't hold.
    let _ = value.serialize(Serializer { target });
}

struct Serializer<'t, T> {
    target: &'t mut T,
}

/// An object or an array.
struct Compound<'t, T> {
    target: &'t mut T,
    empty: bool,
    close: u8,
}

impl<'t, T: Target> Compound<'t, T> {
    #[inline]
    fn open(target: &'t mut T, open: u8, close: u8) -> Self {
        target.open(open);
        Self { target, empty: true, close }
    }

    #[inline(always)]
    fn next(&mut self) {
        self.target.next(self.empty);
        self.empty = false;
    }

    #[inline]
    fn end(self) {
        self.target.close(self.close, self.empty);
    }
}

impl<T: Target> ser::SerializeSeq for Compound<'_, T> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<V: ?Sized + Serialize>(&mut self, value: &V) -> Result<(), Error> {
        self.next();
        value.serialize(Serializer { target: &mut *self.target })
    }

    fn end(self) -> Result<(), Error> {
        Compound::end(self);
        Ok(())
    }
}

impl<T: Target> ser::SerializeMap for Compound<'_, T> {
    type Ok = ();
    type Error = Error;

    /// Keys are texts in all types of the report.
    fn serialize_key<K: ?Sized + Serialize>(&mut self, key: &K) -> Result<(), Error> {
        self.next();
        key.serialize(Serializer { target: &mut *self.target })
    }

    fn serialize_value<V: ?Sized + Serialize>(&mut self, value: &V) -> Result<(), Error> {
        self.target.colon();
        value.serialize(Serializer { target: &mut *self.target })
    }

    fn end(self) -> Result<(), Error> {
        Compound::end(self);
        Ok(())
    }
}

impl<T: Target> ser::SerializeStruct for Compound<'_, T> {
    type Ok = ();
    type Error = Error;

    // Where it is called, the length of the name is known.
    #[inline(always)]
    fn serialize_field<V: ?Sized + Serialize>(
        &mut self,
        key: &'static str,
        value: &V,
    ) -> Result<(), Error> {
        self.next();
        self.target.name(key);
        value.serialize(Serializer { target: &mut *self.target })
    }

    fn end(self) -> Result<(), Error> {
        Compound::end(self);
        Ok(())
    }
}

macro_rules! numbers {
    ($($name:ident: $type:ty as $kind:ident,)*) => {
        $(#[inline]
        fn $name(self, v: $type) -> Result<(), Error> {
            self.target.number(Number::$kind(v.into()));
            Ok(())
        })*
    };
}

impl<'t, T: Target> ser::Serializer for Serializer<'t, T> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'t, T>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Compound<'t, T>;
    type SerializeStruct = Compound<'t, T>;
    type SerializeStructVariant = Impossible<(), Error>;

    numbers! {
        serialize_i8: i8 as Signed,
        serialize_i16: i16 as Signed,
        serialize_i32: i32 as Signed,
        serialize_i64: i64 as Signed,
        serialize_u8: u8 as Unsigned,
        serialize_u16: u16 as Unsigned,
        serialize_u32: u32 as Unsigned,
        serialize_u64: u64 as Unsigned,
        serialize_f64: f64 as Float,
    }

    fn serialize_f32(self, _: f32) -> Result<(), Error> {
        Err(Error::custom(NOT_IN_REPORTS))
    }

    #[inline]
    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.target.literal(if v { "true" } else { "false" });
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.target.text(v);
        Ok(())
    }

    /// Nothing in a report is bytes, but for what is written already.
    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        self.target.written(v);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<V: ?Sized + Serialize>(self, value: &V) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Error> {
        self.target.literal("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<V: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &V,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<V: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &V,
    ) -> Result<(), Error> {
        Err(Error::custom(NOT_IN_REPORTS))
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        Ok(Compound::open(self.target, b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        Err(Error::custom(NOT_IN_REPORTS))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        Err(Error::custom(NOT_IN_REPORTS))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(Error::custom(NOT_IN_REPORTS))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        Ok(Compound::open(self.target, b'{', b'}'))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        Ok(Compound::open(self.target, b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(Error::custom(NOT_IN_REPORTS))
    }
}

const NOT_IN_REPORTS: &str = "tuples, enums with data and short floats aren't in reports";
