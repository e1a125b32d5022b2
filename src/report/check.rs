//! STUB
#![allow(missing_docs)]
use super::text::TextOptions;
use crate::engine::Analysis;
use std::io::{self, Write};
pub fn check(a: &Analysis, o: &TextOptions, out: &mut impl Write) -> io::Result<()> {
    super::text::text(a, o, out)
}
