//! Replies (RFC 959, section 4.2), also those of servers that take it less strictly.

use std::borrow::Cow;

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
    raw: Cow<'a, [u8]>,
    /// It had more than one line.
    pub multi_line: bool,
    /// A multi-line reply that was never ended.
    pub unended: bool,
}

impl<'a> Reply<'a> {
    /// A reply of one line.
    fn of_line(code: u16, line: &'a [u8], at: Moment) -> Self {
        let raw = Cow::Borrowed(bounded(line));
        Self { code, moment: at, first: at, raw, multi_line: false, unended: false }
    }

    /// Its lines with codes, as sent, joined by LF; bounded.
    pub fn raw(&self) -> &[u8] {
        &self.raw
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

/// What follows a reply's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// Text.
    Space,
    /// Text, and more lines.
    Dash,
    /// Nothing.
    End,
}

/// The code with which a line begins, and what follows it.
pub fn code(line: &[u8]) -> Option<(u16, Separator)> {
    let [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = line else { return None };
    let separator = match rest {
        [b'-', ..] => Separator::Dash,
        [b' ' | b'\t', ..] => Separator::Space,
        // "226" alone is a reply; "2260" and "226x" are text.
        [] => Separator::End,
        _ => return None,
    };
    let digit = |b: &u8| u16::from(b - b'0');
    Some((digit(a) * 100 + digit(b) * 10 + digit(c), separator))
}

impl Replies {
    /// Bytes of a reply that are kept.
    const MAX: usize = 4096;
    /// Lines after which a reply that hasn't ended is taken for ended.
    const MAX_LINES: usize = 2000;

    /// The code of the reply that a line is, as most are: it has one line, and none before it is open.
    #[inline]
    pub fn whole(&mut self, line: &[u8]) -> Option<u16> {
        if self.open.is_some() {
            return None;
        }
        let (code, separator) = code(line)?;
        if separator == Separator::Dash || line.len() > Self::MAX {
            return None;
        }
        self.interrupted = false;
        Some(code)
    }

    /// Takes a line.
    pub fn line<'a>(&mut self, line: &'a [u8], at: Moment) -> ServerLine<'a> {
        let head = code(line);
        let interrupted = std::mem::take(&mut self.interrupted);
        let Some(mut open) = self.open.take() else {
            let Some((code, separator)) = head else { return ServerLine::NoCode };
            let reply = Reply::of_line(code, line, at);
            if separator == Separator::Dash {
                let raw = Cow::Owned(reply.raw.into_owned());
                self.open = Some(Reply { raw, multi_line: true, ..reply });
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
                ServerLine::Two(open, Reply::of_line(code, line, at))
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

    fn display(reply: &Reply<'_>) -> String {
        String::from_utf8_lossy(reply.raw()).into_owned()
    }

    fn fold(lines: &[&str]) -> Vec<(u16, String)> {
        let mut replies = Replies::default();
        let mut out = Vec::new();
        for line in lines {
            match replies.line(line.as_bytes(), Moment::default()) {
                ServerLine::Reply(r) => out.push((r.code, display(&r))),
                ServerLine::Two(a, b) => out.extend([(a.code, display(&a)), (b.code, display(&b))]),
                ServerLine::Unfinished => {}
                ServerLine::NoCode => out.push((0, (*line).to_owned())),
            }
        }
        out.extend(replies.finish().map(|r| (r.code, display(&r))));
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
