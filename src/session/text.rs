//! What the texts of commands and replies say.

/// At most `max` characters.
pub(super) fn bounded(mut text: String, max: usize) -> String {
    text.truncate(head(&text, max).len());
    text
}

/// The first `max` characters.
pub(super) fn head(text: &str, max: usize) -> &str {
    // Not counted where there are too few bytes for so many.
    if text.len() <= max {
        return text;
    }
    text.char_indices().nth(max).and_then(|(cut, _)| text.get(..cut)).unwrap_or(text)
}

/// The path in a 257 reply: in double quotes, which are doubled inside (RFC 959, appendix II).
pub(super) fn quoted(text: &str) -> Option<String> {
    let from = text.find('"')? + 1;
    let mut path = String::new();
    let mut rest = text.get(from..)?.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '"' {
            if rest.peek() != Some(&'"') {
                return Some(path);
            }
            rest.next();
        }
        path.push(c);
    }
    None
}

/// The size in a preliminary reply: "150 Opening BINARY mode data connection for x (1234 bytes)."
pub(super) fn stated_bytes(text: &str) -> Option<u64> {
    // By a letter that few texts have.
    let mut ys = memchr::memchr_iter(b'y', text.as_bytes());
    let end = ys.find_map(|y| y.checked_sub(2).filter(|at| starts_at(text, *at, " bytes")))?;
    let before = text.get(..end)?;
    let digits = before.len() - before.bytes().rev().take_while(u8::is_ascii_digit).count();
    before.get(digits..)?.parse().ok()
}

fn starts_at(text: &str, at: usize, word: &str) -> bool {
    text.as_bytes().get(at..).is_some_and(|t| t.starts_with(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_257() {
        assert_eq!(quoted("257 \"/a \"\"b\"\" c\" is cwd").as_deref(), Some("/a \"b\" c"));
        assert_eq!(quoted("257 \"/open"), None);
    }

    #[test]
    fn sizes_in_150() {
        let text = "150 Opening BINARY mode data connection for x.iso (1234 bytes).";
        assert_eq!(stated_bytes(text), Some(1234));
        assert_eq!(stated_bytes("150 Here comes the directory listing."), None);
        assert_eq!(stated_bytes("150 no bytes"), None);
        assert_eq!(stated_bytes("150 by your leave: 12 bytes, 13 bytes"), Some(12));
    }
}
