//! What every part of the report needs to know.

use super::clock::Clock;
use super::tally::Tally;
use super::{TextOptions, units};
use crate::capture::{FrameRef, Moment};
use crate::engine::Analysis;
use crate::session::Session;

/// What every part of the report needs to know.
#[derive(Debug)]
pub struct View<'a> {
    /// What is shown.
    pub analysis: &'a Analysis,
    /// What is said of all sessions together.
    pub tally: &'a Tally,
    /// In which zone.
    pub clock: Clock,
    /// Columns.
    pub width: usize,
    /// Frame numbers alone are ambiguous.
    pub several_files: bool,
}

impl<'a> View<'a> {
    /// Narrower than this nothing can be drawn.
    const NARROWEST: u16 = 60;
    /// Longer lines are hard to read.
    const WIDEST: u16 = 140;

    /// The view of a report.
    pub fn new(analysis: &'a Analysis, tally: &'a Tally, options: &TextOptions) -> Self {
        Self {
            analysis,
            tally,
            clock: Clock::new(options.zone),
            width: usize::from(options.width.clamp(Self::NARROWEST, Self::WIDEST)),
            several_files: analysis.capture.files.len() > 1,
        }
    }

    /// `frame 25`, with the number of its file when there are several.
    pub fn frame(&self, frame: FrameRef) -> String {
        if self.several_files {
            format!("frame {}:{}", frame.file + 1, frame.number)
        } else {
            format!("frame {}", frame.number)
        }
    }

    /// Time since the session began.
    pub fn since_start(&self, session: &Session, at: Moment) -> String {
        units::offset(at.time.since(session.first.time))
    }
}
