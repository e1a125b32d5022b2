//! The report for people: problems first, one screen each.

pub mod clock;
pub mod lines;
pub mod palette;
pub mod stages;
pub mod units;
pub mod wireshark;

mod diagnosis;
mod findings;
mod header;
mod healthy;
mod kinds;
mod ports;
mod servers;
mod session;
mod table;
mod view;
mod without_ftp;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use ratatui::text::Line;

use crate::diagnose::{Judged, Status};
use crate::engine::Analysis;
use lines::{Lines, print};
use view::View;

pub use clock::Zone;
pub(crate) use diagnosis::ids;
pub(crate) use header::problem;

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
    /// Some sessions were left out by a filter: none left doesn't mean that there was none.
    pub filtered: bool,
}

/// Sessions of one kind that get a screen each; the others are listed.
const SCREENS: usize = 3;

/// Writes the report for people.
pub fn text(analysis: &Analysis, options: &TextOptions, out: &mut impl Write) -> io::Result<()> {
    let view = View::new(analysis, options);
    let mut show = |lines: Lines| print(&lines, options.color, out);
    show(header::lines(&view))?;
    if analysis.sessions.is_empty() {
        return show(without_ftp::lines(&view, options.filtered));
    }
    let mut below = |lines: Lines| {
        if lines.is_empty() {
            Ok(())
        } else {
            show(vec![Line::default()]).and_then(|()| show(lines))
        }
    };
    below(findings::serious(&view))?;
    let quiet = |j: &&Judged| matches!(j.status, Status::Healthy | Status::Undetermined);
    let (fine, mut broken): (Vec<&Judged>, Vec<&Judged>) =
        analysis.sessions.iter().partition(quiet);
    broken.sort_by_key(|j| (j.status, j.session.id));
    for group in kinds::group(&broken) {
        for judged in group.iter().take(SCREENS) {
            below(session::lines(&view, judged))?;
        }
        if let Some(others) = group.get(SCREENS..).filter(|o| !o.is_empty()) {
            below(kinds::others(&view, others))?;
        }
    }
    if !fine.is_empty() && !options.only_problems {
        below(healthy::lines(&view, &fine))?;
    }
    below(findings::notes(&view))?;
    below(servers::lines(&view))
}
