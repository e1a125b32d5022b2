//! What isn't as RFC 959 and RFC 854 have it on the control connection.

use crate::capture::Moment;
use crate::ftp::command::{Command, Verb};
use crate::ftp::line::{Ending, Line};
use crate::pack::{packed, packed_enum};

/// Something that a line or a reply should not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddityKind {
    /// A line that ends in LF alone.
    LfOnly,
    /// A line that never ended: the side said no more.
    NoEnd,
    /// A line of the server that belongs to no reply.
    NoCode,
    /// A multi-line reply without its last line, and another reply after it.
    Unended,
    /// The same, and nothing after it.
    NeverEnded,
    /// A line longer than any program reads.
    TooLong,
    /// Telnet sequences where RFC 959 has none.
    Telnet,
}

/// An oddity of one side.
#[derive(Clone, Copy, Debug)]
pub struct Oddity {
    /// What.
    pub kind: OddityKind,
    /// The client's.
    pub by_client: bool,
    /// The packet with the first one's last byte.
    pub first: Moment,
    /// The packet with the latest one's last byte.
    pub last: Moment,
    /// How many.
    pub count: u64,
}

/// How a line came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) ending: Ending,
    pub(super) long: bool,
    pub(super) telnet: bool,
}

impl Shape {
    /// Of a line; `cut` when the capture doesn't hold its end.
    pub(super) fn of(line: &Line<'_>, cut: bool) -> Self {
        // What stands before the LF of a long line isn't kept.
        let ending = if cut || line.truncated { Ending::CrLf } else { line.ending };
        Self { ending, long: line.truncated && !cut, telnet: line.telnet }
    }

    /// As nearly every line is.
    fn is_plain(self) -> bool {
        self.ending == Ending::CrLf && !self.long && !self.telnet
    }

    /// What is odd about it.
    fn oddities(self, by_client: bool, line: &[u8]) -> impl Iterator<Item = OddityKind> {
        // Not the text inside of a reply, which may come from a file, nor the middle of TLS.
        let word = line.split(|b| *b == b' ').next().unwrap_or_default();
        let speaks = if by_client {
            Verb::known(word).is_some()
        } else {
            matches!(line, [b'1'..=b'6', b'0'..=b'9', b'0'..=b'9', ..])
        };
        // Telnet's Interrupt Process and Synch announce these (RFC 959, section 4.1.3).
        let urgent = by_client
            && Command::parse(line)
                .is_some_and(|c| matches!(c.verb, Verb::ABOR | Verb::STAT | Verb::QUIT));
        [
            (self.ending == Ending::Lf, OddityKind::LfOnly),
            (self.ending == Ending::None, OddityKind::NoEnd),
            (self.long, OddityKind::TooLong),
            (self.telnet && !urgent, OddityKind::Telnet),
        ]
        .into_iter()
        .filter_map(move |(is, kind)| (is && speaks).then_some(kind))
    }
}

/// The oddities of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Oddities {
    pub(super) found: Vec<Oddity>,
}

impl Oddities {
    /// Takes note of a line.
    pub(super) fn line(&mut self, by_client: bool, line: &[u8], shape: Shape, at: Moment) {
        if shape.is_plain() {
            return;
        }
        for kind in shape.oddities(by_client, line) {
            self.add(kind, by_client, at);
        }
    }

    /// Takes note of something.
    pub(super) fn add(&mut self, kind: OddityKind, by_client: bool, at: Moment) {
        if let Some(o) = self.found.iter_mut().find(|o| o.kind == kind && o.by_client == by_client)
        {
            o.count += 1;
            o.last = at;
            return;
        }
        self.found.push(Oddity { kind, by_client, first: at, last: at, count: 1 });
    }
}

packed_enum!(OddityKind {
    0 => LfOnly,
    1 => NoEnd,
    2 => NoCode,
    3 => Unended,
    4 => NeverEnded,
    5 => TooLong,
    6 => Telnet,
});
packed!(Oddity { kind, by_client, first, last, count });
packed!(Oddities { found });
