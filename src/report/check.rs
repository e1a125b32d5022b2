//! STUB
#![allow(missing_docs)]
use std::io::{self, Write};
use crate::engine::Analysis; use super::text::TextOptions;
pub fn check(a: &Analysis, o: &TextOptions, out: &mut impl Write) -> io::Result<()> { super::text::text(a, o, out) }
