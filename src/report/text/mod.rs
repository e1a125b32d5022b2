//! STUB
#![allow(missing_docs)]
use std::io::{self, Write};
use crate::engine::Analysis;
#[derive(Clone, Copy, Debug, PartialEq, Eq)] pub enum Zone { Utc, Local }
#[derive(Clone, Copy, Debug)] pub struct TextOptions { pub color: bool, pub width: u16, pub zone: Zone, pub only_problems: bool }
pub fn text(a: &Analysis, o: &TextOptions, out: &mut impl Write) -> io::Result<()> {
    let _ = o;
    for j in &a.sessions { writeln!(out, "{} {} {}", j.session.id, j.status.name(), j.diagnoses.iter().map(|d| format!("{} {}", d.code, d.summary)).collect::<Vec<_>>().join("; "))?; }
    Ok(())
}
