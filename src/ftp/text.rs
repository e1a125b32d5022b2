//! Text from the wire.

use std::borrow::Cow;

/// As UTF-8, U+FFFD for invalid bytes: what [`String::from_utf8_lossy`] gives, sooner where all bytes
/// are valid.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
