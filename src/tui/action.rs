//! What a key asks for, and what the terminal then has to do.

use std::path::PathBuf;

use crate::capture::FrameRef;

/// What a key, the mouse or the feed asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// One line up or down; the number is the direction and how many.
    Move(isize),
    /// One page up or down.
    Page(isize),
    /// The first line.
    First,
    /// The last line.
    Last,
    /// Opens what is under the cursor.
    Open,
    /// Back to where one came from; from the list: nothing.
    Back,
    /// The next tab of a session.
    NextTab,
    /// The one before.
    PreviousTab,
    /// The tab with this number, from 0.
    Tab(usize),
    /// The findings over the whole capture.
    Findings,
    /// The help.
    Help,
    /// Starts typing a filter.
    Filter,
    /// Removes the filter.
    ClearFilter,
    /// Orders by the next column.
    SortNext,
    /// Orders by the column before.
    SortPrevious,
    /// The other way round.
    SortReverse,
    /// Since the start, since the line before, time of day.
    Times,
    /// Shows more detail of the timeline, or less.
    Zoom(isize),
    /// The next stall, diagnosis or problem.
    NextProblem,
    /// The one before.
    PreviousProblem,
    /// Copies what one would paste elsewhere: advice, a display filter, a path.
    Copy,
    /// Copies the Wireshark display filter.
    CopyFilter,
    /// Saves the session's packets.
    Save,
    /// Stops or resumes showing what is new.
    Pause,
    /// Stays with the newest session.
    Follow,
    /// The next theme.
    Theme,
    /// Mouse on or off.
    Mouse,
    /// A click on this cell of the screen: column, row.
    Click(u16, u16),
    /// Back; from the list: leaves.
    Quit,
    /// Leaves from wherever one is.
    Leave,
    /// A character typed into the filter.
    Type(char),
    /// Removes the last character.
    Erase,
    /// Accepts what was typed.
    Accept,
}

/// What the terminal has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Put text on the clipboard.
    Copy(String),
    /// Read a packet again; it comes back through [`App::packet`](super::App::packet).
    Load(FrameRef),
    /// Write a session's packets; the outcome comes back as a notice.
    Save {
        /// Its [`Row::key`](super::Row::key).
        key: u64,
        /// Where to.
        path: PathBuf,
    },
    /// Mouse on or off.
    Mouse(bool),
}
