//! JSON, as serde_json writes it (compact, or indented inside of a document), with what must not
//! reach a terminal escaped. A report is mostly names and plain words, which serde_json goes through
//! byte by byte; here they are copied.

use serde::ser::{self, Error as _, Impossible, Serialize};
use serde_json::Error;

use super::escape::escape_json;

/// Writes a value that stands `level` levels deep in a document to the end of `out`, two spaces for each
/// level.
pub(super) fn indented(value: &impl Serialize, level: usize, out: &mut Vec<u8>) {
    // Into memory, of types without anything that JSON can't hold.
    let _ = value.serialize(&mut Writer::<true> { out, level });
}

/// Writes a value on one line to the end of `out`.
pub(super) fn on_one_line(value: &impl Serialize, out: &mut Vec<u8>) {
    let _ = value.serialize(&mut Writer::<false> { out, level: 0 });
}

/// A new line and the spaces before what stands at most eleven levels deep, behind a comma and not.
/// Texts of a fixed length are copied without a call; what is too much is cut off again.
const BEHIND: [u8; 24] = *b",\n                      ";
const FIRST: [u8; 24] = *b"\n                       ";

struct Writer<'a, const INDENTED: bool> {
    out: &'a mut Vec<u8>,
    level: usize,
}

impl<const INDENTED: bool> Writer<'_, INDENTED> {
    /// A new line, behind a comma or not.
    #[inline(always)]
    fn line(&mut self, comma: bool) {
        if !INDENTED {
            if comma {
                self.out.push(b',');
            }
            return;
        }
        let (text, breaks) = if comma { (&BEHIND, 2) } else { (&FIRST, 1) };
        let end = self.out.len() + breaks + 2 * self.level;
        self.out.extend_from_slice(text);
        if end <= self.out.len() {
            self.out.truncate(end);
        } else {
            self.out.resize(end, b' ');
        }
    }

    #[inline]
    fn colon(&mut self) {
        self.out.extend_from_slice(if INDENTED { b": " } else { b":" });
    }

    /// A text in quotes.
    #[inline]
    fn text(&mut self, text: &str) {
        self.out.push(b'"');
        if is_plain(text.as_bytes()) {
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        } else {
            self.lines(text);
        }
    }

    /// Most texts that aren't plain are of several plain lines.
    #[cold]
    fn lines(&mut self, text: &str) {
        let (start, bytes) = (self.out.len(), text.as_bytes());
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
            let line = bytes.get(from..end).unwrap_or_default();
            if !is_plain(line) {
                self.out.truncate(start);
                return self.escaped(text);
            }
            if from > 0 {
                self.out.extend_from_slice(b"\\n");
            }
            self.out.extend_from_slice(line);
            from = end + 1;
        }
        self.out.push(b'"');
    }

    fn escaped(&mut self, text: &str) {
        let json = serde_json::to_string(text).unwrap_or_default();
        let json = escape_json(&json);
        self.out.extend_from_slice(json.strip_prefix('"').unwrap_or(&json).as_bytes());
    }

    fn library(&mut self, value: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut *self.out, value)
    }
}

/// ASCII without controls, and without what JSON escapes. All of it is looked at, whatever is found,
/// eight bytes at a time.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let marks = if let Some(last) = text.last_chunk() {
        let (chunks, _) = text.as_chunks();
        // The last ones may be looked at twice.
        let last = special(u64::from_le_bytes(*last));
        chunks.iter().fold(last, |marks, chunk| marks | special(u64::from_le_bytes(*chunk)))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        special(u64::from(first) << 32 | u64::from(last))
    } else {
        special(text.iter().fold(EACH * u64::from(b' '), |all, b| all << 8 | u64::from(*b)))
    };
    marks & (EACH * 0x80) == 0
}

/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The highest bit of a byte is set if it is special. Those of bytes above a special one may be as well:
/// additions carry over from it.
#[inline]
fn special(bytes: u64) -> u64 {
    let is = |byte: u8| {
        let zero = bytes ^ (EACH * u64::from(byte));
        zero.wrapping_sub(EACH) & !zero
    };
    let control = bytes.wrapping_sub(EACH * u64::from(b' ')) & !bytes;
    let beyond = bytes | bytes.wrapping_add(EACH);
    control | beyond | is(b'"') | is(b'\\')
}

/// An object or an array that is being written.
struct Compound<'w, 'a, const INDENTED: bool> {
    writer: &'w mut Writer<'a, INDENTED>,
    empty: bool,
    close: u8,
}

impl<'w, 'a, const INDENTED: bool> Compound<'w, 'a, INDENTED> {
    #[inline]
    fn open(writer: &'w mut Writer<'a, INDENTED>, open: u8, close: u8) -> Self {
        writer.out.push(open);
        writer.level += 1;
        Self { writer, empty: true, close }
    }

    #[inline(always)]
    fn next(&mut self) {
        self.writer.line(!self.empty);
        self.empty = false;
    }

    #[inline]
    fn end(self) {
        self.writer.level -= 1;
        if !self.empty {
            self.writer.line(false);
        }
        self.writer.out.push(self.close);
    }
}

impl<const INDENTED: bool> ser::SerializeSeq for Compound<'_, '_, INDENTED> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.next();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        Compound::end(self);
        Ok(())
    }
}

impl<const INDENTED: bool> ser::SerializeMap for Compound<'_, '_, INDENTED> {
    type Ok = ();
    type Error = Error;

    /// Keys are texts in all types of the report.
    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Error> {
        self.next();
        key.serialize(&mut *self.writer)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.colon();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        Compound::end(self);
        Ok(())
    }
}

impl<const INDENTED: bool> ser::SerializeStruct for Compound<'_, '_, INDENTED> {
    type Ok = ();
    type Error = Error;

    // Where it is called, the length of the name is known.
    #[inline(always)]
    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.next();
        // Names of fields are plain.
        self.writer.out.push(b'"');
        self.writer.out.extend_from_slice(key.as_bytes());
        self.writer.out.extend_from_slice(if INDENTED { b"\": " } else { b"\":" });
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        Compound::end(self);
        Ok(())
    }
}

/// By the library, which knows how numbers are written.
macro_rules! numbers {
    ($($name:ident: $type:ty,)*) => {
        $(#[inline]
        fn $name(self, v: $type) -> Result<(), Error> {
            self.library(&v)
        })*
    };
}

impl<'w, 'a, const INDENTED: bool> ser::Serializer for &'w mut Writer<'a, INDENTED> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'w, 'a, INDENTED>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Compound<'w, 'a, INDENTED>;
    type SerializeStruct = Compound<'w, 'a, INDENTED>;
    type SerializeStructVariant = Impossible<(), Error>;

    numbers! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
    }

    #[inline]
    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.out.extend_from_slice(if v { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.text(v);
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        self.collect_seq(v)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
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

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(Error::custom(NOT_IN_REPORTS))
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        Ok(Compound::open(self, b'[', b']'))
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
        Ok(Compound::open(self, b'{', b'}'))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        Ok(Compound::open(self, b'{', b'}'))
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

const NOT_IN_REPORTS: &str = "tuples and enums with data aren't in reports";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn indented(value: &impl Serialize, level: usize) -> String {
        let mut out = Vec::new();
        super::indented(value, level, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn on_one_line(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        super::on_one_line(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn as_serde_json_writes_it() {
        let value = json!({
            "a": [], "b": {}, "c": [1, {"d": [[], "x\ny"]}], "e": null, "f": {"g": 0.5, "h": -7},
            "i\"": [true, false, 1e300, 0.1, 0.0, u64::MAX, i64::MIN, f64::NAN], "": ["", "\n", "\n\na\r\n"]
        });
        assert_eq!(indented(&value, 0), serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(on_one_line(&value), value.to_string());
        let deep = json!([value, [value]]);
        let alone = serde_json::to_string_pretty(&deep).unwrap();
        assert_eq!(indented(&deep, 3), alone.replace('\n', "\n      "));
        // Deeper than spaces are kept ready for.
        let deepest = (0..40).fold(value, |v, _| json!([v, {"k": 1}]));
        assert_eq!(indented(&deepest, 0), serde_json::to_string_pretty(&deepest).unwrap());
    }

    #[test]
    fn every_character_is_written_as_it_was_before() {
        let before = |text: &str| escape_json(&serde_json::to_string(text).unwrap()).into_owned();
        for c in '\0'..='\u{10ffff}' {
            let mut alone = [0; 4];
            let alone = c.encode_utf8(&mut alone);
            assert_eq!(on_one_line(&&*alone), before(alone));
        }
        // Wherever it stands, in texts of each length, also behind another.
        for (c, length) in ('\0'..='\u{ff}').flat_map(|c| (0..20).map(move |n| (c, n))) {
            for place in 0..=length {
                let mut text = "~ !#[]abcdefghijklmn"[..length].to_owned();
                text.insert(place, c);
                assert_eq!(on_one_line(&text), before(&text));
            }
        }
        // And among lines.
        for c in ('\0'..='\u{ff}').chain(['\u{202e}', '\u{e0041}', '名']) {
            for place in [0, 1, 7, 31, 32, 40] {
                let mut text = "A plain text, longer than a register is.".to_owned();
                text.insert(place, c);
                assert_eq!(on_one_line(&text), before(&text));
                text.insert(5, '\n');
                assert_eq!(on_one_line(&text), before(&text));
            }
        }
    }
}
