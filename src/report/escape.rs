//! Nothing from the wire reaches a terminal as it is.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with control characters (C0, C1, DEL), and characters that turn the direction of
/// writing, written as escapes: a file name or a banner must not move the cursor.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_harmful(c) && (c as u32) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if is_harmful(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// JSON that may be shown on a terminal: serde_json escapes C0 only. The value stays the same.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    let beyond = |c: char| c >= '\x7f' && is_harmful(c);
    if json.is_ascii() && !json.contains('\x7f') || !json.chars().any(beyond) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if beyond(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Direction marks, embeddings, overrides, isolates; separators; what has no width.
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{00ad}'
            // Annotations and tags.
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_written_out() {
        assert_eq!(escape("a\x1b[2Jb\r\n\u{9b}c\u{202e}"), "a\\x1b[2Jb\\r\\n\\x9bc\\u{202e}");
        assert!(matches!(escape("naïve 名"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_harmful_survives_and_nothing_is_escaped_twice() {
        let all: String = ('\0'..='\u{10ffff}').collect();
        let safe = escape(&all).into_owned();
        assert!(!safe.contains(is_harmful));
        assert!(matches!(escape(&safe), Cow::Borrowed(_)));
    }

    #[test]
    fn json_keeps_its_value() {
        let value = "a\u{9b}2J\x7f\u{202e}\u{e0041}\x1b naïve 名\n";
        let json = serde_json::to_string(value).unwrap();
        let shown = escape_json(&json);
        assert!(!shown.chars().any(is_harmful), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), value);
    }
}
