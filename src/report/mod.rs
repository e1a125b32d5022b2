//! Views of what was found. They know finished results only.

mod advised;
pub mod check;
pub mod convert;
mod delta;
pub mod document;
pub mod escape;
pub mod explain;
pub mod filter;
pub mod json;
pub mod ladder;
mod names;
pub mod privacy;
pub mod schema;
mod serializer;
mod shape;
mod store;
pub mod text;
pub mod time;
pub mod watch;
mod write;
