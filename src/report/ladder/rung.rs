//! What a ladder is made of: one rung for each thing that was seen or waited for.

use std::time::Duration;

use crate::capture::Moment;

/// Which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Commands and replies.
    Control,
    /// A data channel: which of the data lanes it is drawn in, from the left.
    Data(usize),
}

/// How a rung is meant to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Beside the point.
    Quiet,
    /// Bytes of a transfer.
    Bulk,
    /// An error or a refusal.
    Bad,
}

/// One thing on a ladder.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Something that one side sent.
    Arrow {
        /// From the client's side to the server's.
        to_server: bool,
        /// What.
        text: String,
        /// It never got an answer: the arrow ends before the other side.
        lost: bool,
        /// How to read it.
        tone: Tone,
    },
    /// Something about the lane itself.
    Mark {
        /// What.
        text: String,
        /// How to read it.
        tone: Tone,
    },
    /// Where the session stalled.
    Stall {
        /// How long.
        length: Duration,
        /// What was waited for.
        verdict: String,
    },
    /// A time in which nothing was said, as such no fault.
    Pause(Duration),
    /// Rungs that are not shown.
    Skipped(usize),
}

/// One rung.
#[derive(Clone, Debug)]
pub struct Rung {
    /// The packet; none for stalls, pauses and what is skipped.
    pub at: Option<Moment>,
    /// Where it stands.
    pub lane: Lane,
    /// What it shows.
    pub step: Step,
}

impl Rung {
    /// An arrow.
    pub fn arrow(
        at: Moment,
        lane: Lane,
        to_server: bool,
        text: impl Into<String>,
        tone: Tone,
    ) -> Self {
        let step = Step::Arrow { to_server, text: text.into(), lost: false, tone };
        Self { at: Some(at), lane, step }
    }

    /// A mark.
    pub fn mark(at: Moment, lane: Lane, text: impl Into<String>, tone: Tone) -> Self {
        Self { at: Some(at), lane, step: Step::Mark { text: text.into(), tone } }
    }

    /// The arrow never got an answer.
    pub fn lost(mut self) -> Self {
        if let Step::Arrow { lost, .. } = &mut self.step {
            *lost = true;
        }
        self
    }
}
