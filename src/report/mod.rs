//! Views of what was found. They know finished results only.

pub mod convert;
pub mod document;
pub mod json;
pub mod ladder;
pub mod text;
