//! What a reader remembers about one file beside its packets.

use super::Problem;

/// Problems kept of one file; a file that is damaged throughout would otherwise fill the report.
const MAX_PROBLEMS: usize = 50;
/// Comments kept of one file.
const MAX_COMMENTS: usize = 100;
/// Characters kept of one comment.
const MAX_COMMENT: usize = 4096;

/// A comment that a capture carries (pcapng `opt_comment`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Index into the list of input files.
    pub file: u32,
    /// The packet it belongs to; `None` when it is about the section or an interface.
    pub frame: Option<u32>,
    /// The text, at most 4096 characters of it.
    pub text: String,
}

/// Problems, comments and counts of one file.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) file: u32,
    /// Packets read so far, which is also the number of the newest one.
    pub(super) frames: u32,
    pub(super) problems: Vec<Problem>,
    pub(super) more_problems: u64,
    pub(super) comments: Vec<Comment>,
    pub(super) comment_count: u64,
    /// What interface statistics say was lost; `None` when they say nothing.
    pub(super) dropped: Option<u64>,
}

impl Notes {
    pub(super) fn new(file: u32) -> Self {
        Self { file, ..Self::default() }
    }

    /// Counts a packet and returns its number.
    #[inline]
    pub(super) fn next_frame(&mut self) -> u32 {
        self.frames = self.frames.saturating_add(1);
        self.frames
    }

    /// The number of the newest packet, if there are numbers left for all that can be in `bytes`.
    #[inline]
    pub(super) fn numbers(&self, bytes: &[u8]) -> Option<u32> {
        self.frames.checked_add(u32::try_from(bytes.len()).ok()?).map(|_| self.frames)
    }

    /// Notes that something at `offset` could not be read, after the newest packet.
    pub(super) fn problem(&mut self, offset: u64, text: String) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.more_problems += 1;
            return;
        }
        let frame = (self.frames > 0).then_some(self.frames);
        self.problems.push(Problem { file: self.file, offset: Some(offset), frame, text });
    }

    /// Notes a comment; `frame` is the packet that it belongs to.
    pub(super) fn comment(&mut self, frame: Option<u32>, text: &[u8]) {
        self.comment_count += 1;
        if self.comments.len() < MAX_COMMENTS {
            // A character is at most four bytes, so cutting the bytes first bounds the work.
            let cut = text.get(..4 * MAX_COMMENT).unwrap_or(text);
            let text = String::from_utf8_lossy(cut).chars().take(MAX_COMMENT).collect();
            self.comments.push(Comment { file: self.file, frame, text });
        }
    }

    /// Adds what an interface says it lost.
    pub(super) fn add_dropped(&mut self, count: u64) {
        self.dropped = Some(self.dropped.unwrap_or(0).saturating_add(count));
    }

    /// The problems, with a last one that counts those that weren't kept; and the comments.
    pub(super) fn into_parts(self) -> (Vec<Problem>, Vec<Comment>) {
        let mut problems = self.problems;
        if self.more_problems > 0 {
            problems.push(Problem {
                file: self.file,
                offset: None,
                frame: None,
                text: format!("{} more places of this file could not be read", self.more_problems),
            });
        }
        (problems, self.comments)
    }
}
