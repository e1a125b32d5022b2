//! JSON, as serde_json writes it (compact, or indented inside of a document), with what must not
//! reach a terminal escaped. A report is mostly names and plain words, which serde_json goes through
//! byte by byte; here they are copied.

use serde::Serialize;

use super::escape::escape_json;
use super::serializer::{Number, Target, hand};
use super::time::four;

/// Writes a value that stands `level` levels deep in a document to the end of `out`, two spaces for each
/// level.
pub(super) fn indented(value: &impl Serialize, level: usize, out: &mut Vec<u8>) {
    hand(value, &mut Writer::<true> { out, level });
}

/// Writes a value on one line to the end of `out`.
pub(super) fn on_one_line(value: &impl Serialize, out: &mut Vec<u8>) {
    hand(value, &mut Writer::<false> { out, level: 0 });
}

/// A new line and the spaces before what stands at most eleven levels deep, behind a comma and not.
/// Texts of a fixed length are copied without a call; what is too much is cut off again.
const BEHIND: [u8; 24] = *b",\n                      ";
const FIRST: [u8; 24] = *b"\n                       ";

pub(super) struct Writer<'a, const INDENTED: bool> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) level: usize,
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
}

impl<const INDENTED: bool> Target for Writer<'_, INDENTED> {
    #[inline]
    fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.level += 1;
    }

    #[inline]
    fn close(&mut self, bracket: u8, empty: bool) {
        self.level -= 1;
        if !empty {
            self.line(false);
        }
        self.out.push(bracket);
    }

    #[inline(always)]
    fn next(&mut self, first: bool) {
        self.line(!first);
    }

    // Where it is called, the length of the name is known.
    #[inline(always)]
    fn name(&mut self, name: &'static str) {
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(if INDENTED { b"\": " } else { b"\":" });
    }

    #[inline]
    fn colon(&mut self) {
        self.out.extend_from_slice(if INDENTED { b": " } else { b":" });
    }

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

    #[inline]
    fn literal(&mut self, literal: &'static str) {
        self.out.extend_from_slice(literal.as_bytes());
    }

    #[inline]
    fn number(&mut self, number: Number) {
        digits(number, self.out);
    }

    fn written(&mut self, json: &[u8]) {
        self.out.extend_from_slice(json);
    }
}

/// Writes a number to the end of `out`. Those of at most eight digits as one word: what is written digit by
/// digit is slow to be moved as a whole. Others by the library, which knows how numbers are written.
#[inline]
pub(super) fn digits(number: Number, out: &mut Vec<u8>) {
    // Into memory: there are no errors.
    let _ = match number {
        Number::Unsigned(n @ ..100_000_000) => {
            let n = n as u32;
            let word = four(n / 10_000) | four(n % 10_000) << 32;
            // The last digit stands even if it is 0.
            let zeros = ((word & (EACH * 0x0f)) | 1 << 56).trailing_zeros() / 8;
            let end = out.len() + 8 - zeros as usize;
            out.extend_from_slice(&(word >> (8 * zeros)).to_le_bytes());
            out.truncate(end);
            Ok(())
        }
        Number::Unsigned(n) => serde_json::to_writer(out, &n),
        Number::Signed(n) => serde_json::to_writer(out, &n),
        Number::Float(n) => serde_json::to_writer(out, &n),
    };
}

/// ASCII without controls, and without what JSON escapes. All of it is looked at, whatever is found,
/// eight bytes at a time.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
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
    fn numbers_of_each_length() {
        for n in (0..20).map(|e| 10_u64.pow(e)).chain([4_294_967_296, u64::MAX]) {
            for n in [n - 1, n, n / 2, n.saturating_add(n / 3)] {
                assert_eq!(on_one_line(&n), n.to_string());
                assert_eq!(on_one_line(&-(n as i64)), (-(n as i64)).to_string());
            }
        }
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
