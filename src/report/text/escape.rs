//! Text from the wire never reaches the terminal as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes text from the wire safe to print: control characters (C0, DEL, C1), line separators and
/// characters that turn the direction of the text round are written as `\x1b` or `\u{202e}`.
///
/// A server chooses its replies and a client its file names: neither may move the cursor, set the
/// window's title or make one file name look like another.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !is_unsafe(c) {
            safe.push(c);
            continue;
        }
        let code = u32::from(c);
        // Writing to a string can't fail.
        let _ = if code < 0x100 {
            write!(safe, "\\x{code:02x}")
        } else {
            write!(safe, "\\u{{{code:x}}}")
        };
    }
    Cow::Owned(safe)
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Direction marks, embeddings, overrides and isolates.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separator, characters without width, deprecated format characters.
            | '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{00ad}'
            // Tags.
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_left_alone() {
        for text in ["", "227 Entering Passive Mode", "übung.txt", "日本語", "a\\x1b"] {
            assert!(matches!(escape(text), Cow::Borrowed(t) if t == text));
        }
    }

    #[test]
    fn controls_become_visible() {
        assert_eq!(escape("a\x1b[2Jb"), "a\\x1b[2Jb");
        assert_eq!(escape("a\r\nb\tc\0"), "a\\x0d\\x0ab\\x09c\\x00");
        assert_eq!(escape("\x7f\u{9b}31m"), "\\x7f\\x9b31m");
        assert_eq!(escape("gpj\u{202e}.exe"), "gpj\\u{202e}.exe");
        assert_eq!(escape("\u{2066}x\u{2069}\u{200f}"), "\\u{2066}x\\u{2069}\\u{200f}");
    }

    #[test]
    fn nothing_unsafe_survives() {
        let all: String = ('\0'..='\u{10ffff}').collect();
        assert!(!escape(&all).contains(is_unsafe));
    }
}
