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
mod tally;
mod view;
mod without_ftp;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use ratatui::text::Line;

use crate::diagnose::Judged;
use crate::engine::Analysis;
use lines::{Lines, print};
use view::View;

pub use clock::Zone;
pub(crate) use diagnosis::ids;
pub(crate) use header::problem;
pub use tally::{Gathered, Tally};

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
///
/// # Errors
/// Those of `out`.
pub fn text(analysis: &Analysis, options: &TextOptions, out: &mut impl Write) -> io::Result<()> {
    let mut tally = Tally::default();
    analysis.sessions.iter().for_each(|j| tally.add(j));
    told(analysis, &tally, options, out)
}

/// The same of an analysis that holds those sessions that were [`Gathered`]; `tally` is what there is to say
/// of all.
///
/// # Errors
/// Those of `out`.
pub fn told(
    analysis: &Analysis,
    tally: &Tally,
    options: &TextOptions,
    out: &mut impl Write,
) -> io::Result<()> {
    let view = View::new(analysis, tally, options);
    let mut show = |lines: Lines| print(&lines, options.color, out);
    show(header::lines(&view))?;
    if tally.sessions() == 0 {
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
    let (fine, mut broken): (Vec<&Judged>, Vec<&Judged>) =
        analysis.sessions.iter().partition(|j| tally::is_quiet(j));
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
