//! Replies (RFC 959, section 4.2), also those of servers that take it less strictly.

use std::borrow::Cow;

use nom::bytes::complete::take;
use nom::character::complete::one_of;
use nom::combinator::{opt, rest, verify};
use nom::{IResult, Parser};

use crate::capture::Moment;
use crate::pack::packed;

/// A complete reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Three digits, 100 to 699.
    pub code: u16,
    /// The packet with the last byte of its last line.
    pub moment: Moment,
    /// The packet with the last byte of its first line.
    pub first: Moment,
    /// Its lines with codes, as sent, joined by LF; bounded.
    raw: Cow<'a, [u8]>,
    /// It had more than one line.
    pub multi_line: bool,
    /// A multi-line reply that was never ended.
    pub unended: bool,
}

impl Reply<'_> {
    /// The whole text with its code, U+FFFD for invalid bytes.
    pub fn display(&self) -> Cow<'_, str> {
        super::text::text(&self.raw)
    }

    /// What stands behind the code of the first line, and all further lines.
    pub fn text(&self) -> &[u8] {
        self.raw.get(4..).unwrap_or_default()
    }
}

/// What a server's line was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerLine<'a> {
    /// It completed a reply.
    Reply(Reply<'a>),
    /// It showed that a multi-line reply had ended without its last line, and is a reply itself.
    Two(Reply<'a>, Reply<'a>),
    /// A part of a multi-line reply.
    Unfinished,
    /// No reply: it doesn't begin with a code.
    NoCode,
}

/// Folds a server's lines into replies.
#[derive(Clone, Debug, Default)]
pub struct Replies {
    open: Option<Reply<'static>>,
    lines: usize,
    /// The client has said something since the open reply's last line.
    interrupted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Space,
    Dash,
    End,
}

fn code(line: &[u8]) -> IResult<&[u8], (u16, Separator)> {
    let digits =
        verify(take(3usize), |d: &[u8]| matches!(d, [b'1'..=b'6', b'0'..=b'9', b'0'..=b'9']));
    let (i, (digits, separator, _)) = (digits, opt(one_of(" -\t")), rest).parse(line)?;
    let number = digits.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
    let separator = match separator {
        Some('-') => Separator::Dash,
        Some(_) => Separator::Space,
        // "226" alone is a reply; "2260" and "226x" are text.
        None if line.len() == 3 => Separator::End,
        None => {
            return Err(nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Space)));
        }
    };
    Ok((i, (number, separator)))
}

impl Replies {
    /// Bytes of a reply that are kept.
    const MAX: usize = 4096;
    /// Lines after which a reply that hasn't ended is taken for ended.
    const MAX_LINES: usize = 2000;

    /// Takes a line.
    pub fn line<'a>(&mut self, line: &'a [u8], at: Moment) -> ServerLine<'a> {
        let head = code(line).ok().map(|(_, head)| head);
        let interrupted = std::mem::take(&mut self.interrupted);
        let Some(mut open) = self.open.take() else {
            let Some((code, separator)) = head else { return ServerLine::NoCode };
            let reply = Reply {
                code,
                moment: at,
                first: at,
                raw: Cow::Borrowed(bounded(line)),
                multi_line: separator == Separator::Dash,
                unended: false,
            };
            if separator == Separator::Dash {
                self.open = Some(Reply { raw: Cow::Owned(reply.raw.into_owned()), ..reply });
                self.lines = 1;
                return ServerLine::Unfinished;
            }
            return ServerLine::Reply(reply);
        };
        // The last line has the same code and a space. Another code may be text, or a new reply
        // after one that never ended: it is when the client has gone on meanwhile, or when the open
        // reply is long over.
        self.lines += 1;
        match head {
            Some((code, Separator::Space | Separator::End)) if code == open.code => {
                Self::append(&mut open, line, at);
                ServerLine::Reply(open)
            }
            Some((code, separator))
                if separator != Separator::Dash && (interrupted || self.is_over(&open, at)) =>
            {
                open.unended = true;
                let reply = Reply {
                    code,
                    moment: at,
                    first: at,
                    raw: Cow::Borrowed(bounded(line)),
                    multi_line: false,
                    unended: false,
                };
                ServerLine::Two(open, reply)
            }
            _ if self.lines > Self::MAX_LINES => {
                open.unended = true;
                ServerLine::Reply(open)
            }
            _ => {
                Self::append(&mut open, line, at);
                self.open = Some(open);
                ServerLine::Unfinished
            }
        }
    }

    /// A line that came in a later packet, more than a second after the open reply's last one,
    /// answers something else.
    fn is_over(&self, open: &Reply, at: Moment) -> bool {
        at.order > open.moment.order && at.time.since(open.moment.time).as_millis() > 1000
    }

    fn append(open: &mut Reply<'_>, line: &[u8], at: Moment) {
        open.moment = at;
        if open.raw.len() < Self::MAX {
            let raw = open.raw.to_mut();
            raw.push(b'\n');
            let room = Self::MAX.saturating_sub(raw.len());
            raw.extend_from_slice(line.get(..room.min(line.len())).unwrap_or_default());
        }
    }

    /// The capture lost some of the server's stream: an open reply stays open, its end may come.
    pub fn gap(&mut self) {}

    /// The client has said something.
    pub fn client_spoke(&mut self) {
        self.interrupted = self.open.is_some();
    }

    /// The latest line of a reply that hasn't ended.
    pub fn open_since(&self) -> Option<Moment> {
        self.open.as_ref().map(|r| r.moment)
    }

    /// The stream is over: nothing more will be added to an open reply.
    pub fn finish(&mut self) -> Option<Reply<'static>> {
        let mut open = self.open.take()?;
        open.unended = true;
        Some(open)
    }
}

fn bounded(line: &[u8]) -> &[u8] {
    line.get(..Replies::MAX).unwrap_or(line)
}

packed!(Replies { lines, interrupted } without { open });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Timestamp;
    use proptest::prelude::*;

    fn fold(lines: &[&str]) -> Vec<(u16, String)> {
        let mut replies = Replies::default();
        let mut out = Vec::new();
        for line in lines {
            match replies.line(line.as_bytes(), Moment::default()) {
                ServerLine::Reply(r) => out.push((r.code, r.display().into())),
                ServerLine::Two(a, b) => {
                    out.extend([(a.code, a.display().into()), (b.code, b.display().into())])
                }
                ServerLine::Unfinished => {}
                ServerLine::NoCode => out.push((0, (*line).to_owned())),
            }
        }
        out.extend(replies.finish().map(|r| (r.code, r.display().into())));
        out
    }

    #[test]
    fn single_and_multi_line() {
        assert_eq!(fold(&["226 done", "226"]), [(226, "226 done".into()), (226, "226".into())]);
        let feat = fold(&["211-Features:", " SIZE", "213 is in here", "211-more", "211 End"]);
        assert_eq!(feat.len(), 1);
        assert_eq!(feat[0].0, 211);
        assert!(feat[0].1.ends_with("\n211 End"));
        assert_eq!(fold(&["220-a", "220-b", "220 c"]).len(), 1);
        assert_eq!(fold(&["hello", "2260 x", "999 y"]).iter().filter(|r| r.0 == 0).count(), 3);
    }

    #[test]
    fn one_that_never_ends_gives_way() {
        let mut replies = Replies::default();
        let later =
            Moment { order: 9, time: Timestamp::from_nanos(5_000_000_000), ..Moment::default() };
        assert_eq!(replies.line(b"230-welcome", Moment::default()), ServerLine::Unfinished);
        let ServerLine::Two(a, b) = replies.line(b"257 \"/\"", later) else { panic!() };
        assert_eq!((a.code, a.unended, b.code), (230, true, 257));
    }

    #[test]
    fn one_that_never_ends_gives_way_when_the_client_goes_on() {
        let mut replies = Replies::default();
        let at = Moment::default();
        assert_eq!(replies.line(b"230-welcome", at), ServerLine::Unfinished);
        assert_eq!(replies.line(b"250 users are here", at), ServerLine::Unfinished);
        replies.client_spoke();
        let ServerLine::Two(a, b) = replies.line(b"200 type set", at) else { panic!() };
        assert_eq!((a.code, b.code), (230, 200));
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec("[0-9 -]{0,5}.{0,9}", 0..30)) {
            fold(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
