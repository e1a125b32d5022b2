//! The report for people: problems first, one screen each.

pub mod clock;
pub mod escape;
pub mod lines;
pub mod palette;
pub mod stages;
pub mod units;

mod diagnosis;
mod header;
mod ports;
mod session;
mod view;
pub mod wireshark;

pub use clock::Zone;

/// How the report is to look.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// With ANSI colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: u16,
    /// Zone of the times.
    pub zone: Zone,
    /// Without healthy sessions.
    pub only_problems: bool,
}
