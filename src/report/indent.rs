//! Values that stand inside of a document, written as serde_json writes a document by itself.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Two spaces for each level, beginning with that of what stands around the value.
struct Indented {
    level: usize,
    empty: bool,
}

/// JSON of a value that stands `level` levels deep.
pub(super) fn indented(value: &impl Serialize, level: usize) -> String {
    let mut json = Vec::with_capacity(4096);
    let mut out =
        serde_json::Serializer::with_formatter(&mut json, Indented { level, empty: true });
    // Into memory, of types without anything that JSON can't hold.
    let _ = value.serialize(&mut out);
    String::from_utf8(json).unwrap_or_default()
}

impl Indented {
    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        const SPACES: &[u8] = &[b' '; 32];
        out.write_all(b"\n")?;
        let mut missing = self.level * 2;
        while missing > 0 {
            let piece = missing.min(SPACES.len());
            out.write_all(SPACES.get(..piece).unwrap_or_default())?;
            missing -= piece;
        }
        Ok(())
    }

    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level += 1;
        self.empty = true;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level -= 1;
        if !self.empty {
            self.line(out)?;
        }
        self.empty = false;
        out.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.line(out)
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.empty = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn as_serde_json_writes_it() {
        let value =
            json!({"a": [], "b": {}, "c": [1, {"d": [[], "x\ny"]}], "e": null, "f": {"g": 0.5}});
        assert_eq!(indented(&value, 0), serde_json::to_string_pretty(&value).unwrap());
        let deep = json!([value, [value]]);
        let alone = serde_json::to_string_pretty(&deep).unwrap();
        assert_eq!(indented(&deep, 3), alone.replace('\n', "\n      "));
    }
}
