//! Lines of a control stream (RFC 959, section 5.3.1; Telnet: RFC 854).

use crate::capture::Moment;
use crate::pack::{packed, packed_enum};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Commands.
    Client,
    /// Replies.
    Server,
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// CR LF, as it should be.
    CrLf,
    /// LF alone.
    Lf,
    /// Not at all: the stream ended, or the capture lost what followed.
    None,
}

/// One line, without its end and without Telnet sequences.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its bytes, at most [`Lines::MAX`].
    pub bytes: &'a [u8],
    /// The packet that carried its last byte.
    pub moment: Moment,
    /// How it ended.
    pub ending: Ending,
    /// It was longer than [`Lines::MAX`], or the capture cut it.
    pub truncated: bool,
    /// It held Telnet sequences.
    pub telnet: bool,
}

/// Telnet: what the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Telnet {
    #[default]
    Text,
    /// After IAC.
    Command,
    /// After IAC WILL, WONT, DO, DONT: an option follows.
    Option,
    /// In IAC SB … IAC SE.
    Subnegotiation,
    /// In a subnegotiation, after IAC.
    SubnegotiationCommand,
}

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
/// Synch: urgent data ends with it (RFC 854); lftp and others send it alone before ABOR.
const DM: u8 = 242;

/// Splits one direction of a control stream into lines, however it is cut into packets.
#[derive(Clone, Debug)]
pub struct Lines {
    role: Role,
    partial: Vec<u8>,
    length: usize,
    last: Moment,
    telnet: Telnet,
    saw_telnet: bool,
    /// After a hole: what comes may be the rest of a line that is lost.
    after_gap: bool,
}

impl Lines {
    /// Bytes of a line that are kept.
    pub const MAX: usize = 4096;

    /// A splitter at the start of a stream.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            partial: Vec::new(),
            length: 0,
            last: Moment::default(),
            telnet: Telnet::Text,
            saw_telnet: false,
            after_gap: false,
        }
    }

    /// A line has just ended, or nothing came yet.
    pub fn at_boundary(&self) -> bool {
        self.length == 0 && self.telnet == Telnet::Text
    }

    /// Nothing that came before matters to the next line.
    #[inline]
    pub fn is_fresh(&self) -> bool {
        self.at_boundary() && !self.saw_telnet && !self.after_gap
    }

    /// The first line of bytes that begin with one and what follows it, when it is to be handed on as it
    /// stands there.
    #[inline]
    pub fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let end = memchr::memchr2(b'\n', IAC, bytes).filter(|end| *end <= Self::MAX)?;
        let (line, tail) = bytes.split_at_checked(end)?;
        let (b'\n', rest) = tail.split_first()? else { return None };
        let [line @ .., b'\r'] = line else { return None };
        if line.last() == Some(&b'\r') || line.first() == Some(&DM) {
            return None;
        }
        Some((line, rest))
    }

    /// The first line of a packet's bytes and what follows it, when that line stands there as it is to
    /// be handed on: whole, and nothing that came before matters. As most do.
    #[inline]
    pub fn whole<'a>(&self, bytes: &'a [u8], at: Moment) -> Option<(Line<'a>, &'a [u8])> {
        if !self.is_fresh() {
            return None;
        }
        let (line, rest) = Self::first(bytes)?;
        let ending = Ending::CrLf;
        Some((Line { bytes: line, moment: at, ending, truncated: false, telnet: false }, rest))
    }

    /// Takes bytes of one packet.
    pub fn feed(&mut self, bytes: &[u8], at: Moment, sink: &mut dyn FnMut(Line<'_>)) {
        let mut rest = bytes;
        if self.telnet == Telnet::Text && memchr::memchr(IAC, rest).is_none() {
            // No Telnet in sight: whole lines are handed on where they stand.
            while let Some(end) = memchr::memchr(b'\n', rest) {
                let (line, tail) = rest.split_at(end + 1);
                let line = line.get(..end).unwrap_or_default();
                if self.length == 0 {
                    let kept = line.get(..Self::MAX).unwrap_or(line);
                    self.hand_on(kept, kept.len() < line.len(), at, sink);
                } else {
                    self.append(line);
                    self.end(at, sink);
                }
                rest = tail;
            }
            if !rest.is_empty() {
                self.append(rest);
                self.last = at;
            }
            return;
        }
        for &byte in rest {
            self.byte(byte, at, sink);
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = Self::MAX.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.length += bytes.len();
    }

    fn byte(&mut self, byte: u8, at: Moment, sink: &mut dyn FnMut(Line<'_>)) {
        self.last = at;
        self.telnet = match (self.telnet, byte) {
            (Telnet::Text, IAC) => {
                self.saw_telnet = true;
                Telnet::Command
            }
            (Telnet::Text, b'\n') => {
                self.end(at, sink);
                Telnet::Text
            }
            (Telnet::Text, _) => {
                self.append(&[byte]);
                Telnet::Text
            }
            // A doubled IAC is the byte 255.
            (Telnet::Command, IAC) => {
                self.append(&[IAC]);
                Telnet::Text
            }
            (Telnet::Command, 251..=254) => Telnet::Option,
            (Telnet::Command, SB) => Telnet::Subnegotiation,
            (Telnet::Command, 236..=250) => Telnet::Text,
            // Urgent data has swallowed the rest of the sequence.
            (Telnet::Command, b'\n') => {
                self.end(at, sink);
                Telnet::Text
            }
            (Telnet::Command, _) => {
                // No Telnet command begins like this: a name in Latin-1 has a ÿ in it.
                self.append(&[IAC, byte]);
                Telnet::Text
            }
            (Telnet::Option, _) => Telnet::Text,
            (Telnet::Subnegotiation, IAC) => Telnet::SubnegotiationCommand,
            // A subnegotiation has no line end: one that never closes must not swallow the rest.
            (Telnet::Subnegotiation, b'\n') => {
                self.end(at, sink);
                Telnet::Text
            }
            (Telnet::Subnegotiation, _) => Telnet::Subnegotiation,
            (Telnet::SubnegotiationCommand, SE) => Telnet::Text,
            (Telnet::SubnegotiationCommand, _) => Telnet::Subnegotiation,
        };
    }

    fn end(&mut self, at: Moment, sink: &mut dyn FnMut(Line<'_>)) {
        // Taken, not cleared: few lines come in pieces, and there may be a million streams.
        let partial = std::mem::take(&mut self.partial);
        self.hand_on(&partial, self.length > partial.len(), at, sink);
    }

    fn hand_on(
        &mut self,
        mut bytes: &[u8],
        truncated: bool,
        at: Moment,
        sink: &mut dyn FnMut(Line<'_>),
    ) {
        let mut ending = Ending::Lf;
        while let Some((b'\r', head)) = bytes.split_last() {
            bytes = head;
            ending = Ending::CrLf;
        }
        // The byte of an interrupted Synch may stand before the command.
        while let (Role::Client, Some((&DM, tail))) = (self.role, bytes.split_first()) {
            bytes = tail;
            self.saw_telnet = true;
        }
        // Behind a hole, what doesn't begin like a line is the rest of one that is lost.
        if !self.after_gap || self.begins_a_line(bytes) {
            let telnet = self.saw_telnet;
            sink(Line { bytes, moment: at, ending, truncated, telnet });
        }
        self.reset();
    }

    fn begins_a_line(&self, bytes: &[u8]) -> bool {
        match self.role {
            Role::Server => {
                matches!(bytes, [b'1'..=b'6', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..])
                    || matches!(bytes, [b'1'..=b'6', b'0'..=b'9', b'0'..=b'9'])
            }
            Role::Client => {
                let word = bytes.split(|b| *b == b' ').next().unwrap_or_default();
                super::command::Verb::known(word).is_some()
            }
        }
    }

    fn reset(&mut self) {
        self.partial.clear();
        self.length = 0;
        self.saw_telnet = false;
        self.after_gap = false;
        self.telnet = Telnet::Text;
    }

    /// The capture doesn't hold what follows. `cut` when the packet's own end is missing (snap
    /// length): the line then most likely ends with the packet, and what is there is handed on.
    pub fn gap(&mut self, cut: bool, sink: &mut dyn FnMut(Line<'_>)) {
        if cut && self.length > 0 && (!self.after_gap || self.begins_a_line(&self.partial)) {
            let (moment, telnet) = (self.last, self.saw_telnet);
            sink(Line {
                bytes: &self.partial,
                moment,
                ending: Ending::None,
                truncated: true,
                telnet,
            });
        }
        self.reset();
        self.after_gap = true;
    }

    /// The stream is over: what stands without an end is a line.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Line<'_>)) {
        if self.length > 0 && (!self.after_gap || self.begins_a_line(&self.partial)) {
            let (moment, telnet) = (self.last, self.saw_telnet);
            let truncated = self.length > self.partial.len();
            sink(Line { bytes: &self.partial, moment, ending: Ending::None, truncated, telnet });
        }
        self.reset();
    }
}

packed_enum!(Role { 0 => Client, 1 => Server });
packed_enum!(Telnet {
    0 => Text,
    1 => Command,
    2 => Option,
    3 => Subnegotiation,
    4 => SubnegotiationCommand,
});
packed!(Lines { role, partial, length, last, telnet, saw_telnet, after_gap });

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(role: Role, pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(role);
        let mut out = Vec::new();
        let mut sink = |l: Line<'_>| out.push(String::from_utf8_lossy(l.bytes).into_owned());
        for piece in pieces {
            lines.feed(piece, Moment::default(), &mut sink);
        }
        lines.finish(&mut sink);
        out
    }

    #[test]
    fn ends_of_lines() {
        let lines = split(Role::Client, &[b"USER a\r\nPASS b\nQU", b"IT\r", b"\nNOOP"]);
        assert_eq!(lines, ["USER a", "PASS b", "QUIT", "NOOP"]);
    }

    #[test]
    fn telnet_goes() {
        let lines = split(Role::Client, &[b"\xff\xf4\xff", b"\xf2ABOR\r\nSTOR a\xff\xffb\r\n"]);
        assert_eq!(lines, ["ABOR", "STOR a\u{fffd}b"]);
        assert_eq!(split(Role::Client, &[b"CWD \xffx\r\n"]), ["CWD \u{fffd}x"]);
        let lines = split(Role::Client, &[b"\xff\xfb\x01\xff\xfa\x18\x00\xff\xf0\xf2ABOR\r\n"]);
        assert_eq!(lines, ["ABOR"]);
    }

    #[test]
    fn long_lines_are_cut_and_end_all_the_same() {
        let long = vec![b'x'; 3 * Lines::MAX];
        let mut lines = Lines::new(Role::Client);
        let mut seen = Vec::new();
        let mut sink = |l: Line<'_>| seen.push((l.bytes.len(), l.truncated));
        lines.feed(&long, Moment::default(), &mut sink);
        lines.feed(b"\r\nQUIT\r\n", Moment::default(), &mut sink);
        assert_eq!(seen, [(Lines::MAX, true), (4, false)]);
    }

    #[test]
    fn behind_a_hole_reading_resumes_at_the_next_line() {
        let mut lines = Lines::new(Role::Server);
        let mut seen = Vec::new();
        let mut sink = |l: Line<'_>| seen.push(String::from_utf8_lossy(l.bytes).into_owned());
        lines.feed(b"220 he", Moment::default(), &mut sink);
        lines.gap(false, &mut sink);
        lines.feed(b"rest of it\r\n331 go on\r\n", Moment::default(), &mut sink);
        lines.gap(false, &mut sink);
        lines.feed(b"230 in\r\n", Moment::default(), &mut sink);
        lines.feed(b"227 Entering Pas", Moment::default(), &mut sink);
        lines.gap(true, &mut sink);
        lines.feed(b"226 done\r\n", Moment::default(), &mut sink);
        assert_eq!(seen, ["331 go on", "230 in", "227 Entering Pas", "226 done"]);
    }

    proptest! {
        #[test]
        fn the_cut_into_packets_does_not_matter(
            stream in prop::collection::vec(prop_oneof![
                Just(b'\r'), Just(b'\n'), Just(255u8), 240u8..=254, any::<u8>()
            ], 0..300),
            cuts in prop::collection::vec(0usize..300, 0..20),
        ) {
            let whole = split(Role::Client, &[&stream]);
            let mut at: Vec<usize> = cuts.into_iter().map(|c| c.min(stream.len())).collect();
            at.sort_unstable();
            at.push(stream.len());
            let mut from = 0;
            let mut pieces = Vec::new();
            for end in at {
                pieces.push(&stream[from..end]);
                from = end;
            }
            prop_assert_eq!(split(Role::Client, &pieces), whole);
        }
    }
}
