//! From the two streams of a control connection to what was said, in the order of the capture.

use std::collections::VecDeque;

use super::builder::{Builder, Effect, OPENING, Side};
use super::oddity::Shape;
use super::preview::Preview;
use crate::capture::Moment;
use crate::ftp::line::{Line, Lines, Role};
use crate::ftp::tls::{self, Records, TlsEvent};
use crate::pack::{Absent, packed};
use crate::tcp::Chunk;

/// Something that was said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said<'a> {
    /// A line, and the stream offset after its packet.
    Line { bytes: &'a [u8], end: u64, shape: Shape },
    /// Something that the capture doesn't hold.
    Gap,
    /// The first TLS record.
    Tls,
}

/// The same, waiting for its turn.
#[derive(Clone, Debug)]
enum Waiting {
    Line { bytes: Vec<u8>, end: u64, shape: Shape },
    Gap,
    Tls,
}

impl From<Said<'_>> for Waiting {
    fn from(said: Said<'_>) -> Self {
        match said {
            Said::Line { bytes, end, shape } => Self::Line { bytes: bytes.to_vec(), end, shape },
            Said::Gap => Self::Gap,
            Said::Tls => Self::Tls,
        }
    }
}

impl Waiting {
    fn said(&self) -> Said<'_> {
        match self {
            Self::Line { bytes, end, shape } => Said::Line { bytes, end: *end, shape: *shape },
            Self::Gap => Said::Gap,
            Self::Tls => Said::Tls,
        }
    }
}

/// One side's stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    lines: Lines,
    aside: Aside,
}

/// What is seldom there: in a block of its own.
#[derive(Clone, Debug, Default)]
struct Aside(Option<Box<Beside>>);

/// What a stream may hold beside lines.
#[derive(Clone, Debug, Default)]
struct Beside {
    tls: Option<Records>,
    /// The beginning of what may become a record, and its latest packet.
    head: Option<(Moment, Vec<u8>)>,
    /// Said but not yet taken into the dialogue.
    waiting: VecDeque<(Moment, Waiting)>,
}

impl Aside {
    fn made(&mut self) -> &mut Beside {
        self.0.get_or_insert_default()
    }
}

impl Absent for Aside {
    fn is_absent(&self) -> bool {
        let empty = |b: &Beside| b.tls.is_none() && b.head.is_none() && b.waiting.is_empty();
        self.0.as_ref().is_none_or(|b| empty(b))
    }
}

impl Stream {
    pub(super) fn new(role: Role) -> Self {
        Self { lines: Lines::new(role), aside: Aside::default() }
    }

    fn records(&mut self) -> Option<&mut Records> {
        self.aside.0.as_mut()?.tls.as_mut()
    }

    fn first_waiting(&self) -> Option<Moment> {
        self.aside.0.as_ref()?.waiting.front().map(|w| w.0)
    }
}

packed!(Stream { lines } without { aside });

impl Builder {
    /// What is said next can be foretold: all that was said has been taken, in clear, and nothing of it
    /// goes on.
    pub fn preview(&self) -> Option<Preview> {
        let fresh = |s: &Stream| s.aside.is_absent() && s.lines.is_fresh();
        let plain = self.tls_times.is_none()
            && !self.auth_accepted
            && self.replies_in.open_since().is_none()
            && fresh(&self.from_client)
            && fresh(&self.from_server);
        plain.then(|| Preview::new(self.channels.len()))
    }
}

impl Side {
    fn role(self) -> Role {
        match self {
            Self::Client => Role::Client,
            Self::Server => Role::Server,
        }
    }
}

impl Builder {
    /// Takes the next piece of one side's stream. `direct` when the other
    /// side's stream has no hole, so that nothing said before it can still come.
    pub fn chunk(&mut self, side: Side, chunk: Chunk<'_>, direct: bool, effects: &mut Vec<Effect>) {
        match chunk {
            Chunk::Data { bytes, at, end } => self.bytes(side, bytes, (at, end), direct, effects),
            Chunk::Gap { bytes, cut, at, end } => {
                if !cut {
                    self.control_gaps += bytes;
                }
                self.let_go(side, end, direct, effects);
                let stream = self.stream(side);
                if let Some(records) = stream.records() {
                    records.gap();
                    if let Some(tls) = &mut self.tls {
                        tls.hole = true;
                    }
                } else {
                    self.lines(
                        side,
                        |lines, sink| lines.gap(cut, sink),
                        (end, true),
                        direct,
                        effects,
                    );
                }
                self.hear(side, at, Said::Gap, direct, effects);
            }
        }
    }

    /// Takes the server's first bytes.
    fn open(&mut self, bytes: &[u8]) {
        let missing = self.opening.iter_mut().skip(usize::from(self.opened));
        for (to, from) in missing.zip(bytes) {
            *to = *from;
            self.opened += 1;
        }
        let known = self.opening.get(..usize::from(self.opened)).unwrap_or_default();
        self.not_ftp = crate::ftp::recognise::not_ftp(known);
    }

    fn stream(&mut self, side: Side) -> &mut Stream {
        match side {
            Side::Client => &mut self.from_client,
            Side::Server => &mut self.from_server,
        }
    }

    /// Lets `read` make lines, and hears each of them; `cut` when the capture doesn't hold their
    /// ends.
    fn lines(
        &mut self,
        side: Side,
        read: impl FnOnce(&mut Lines, &mut dyn FnMut(Line<'_>)),
        (end, cut): (u64, bool),
        direct: bool,
        effects: &mut Vec<Effect>,
    ) {
        let mut lines = std::mem::replace(&mut self.stream(side).lines, Lines::new(side.role()));
        read(&mut lines, &mut |line| {
            let said = Said::Line { bytes: line.bytes, end, shape: Shape::of(&line, cut) };
            self.hear(side, line.moment, said, direct, effects);
        });
        self.stream(side).lines = lines;
    }

    /// Hears the lines of a packet's bytes.
    fn feed(
        &mut self,
        side: Side,
        bytes: &[u8],
        (at, end): (Moment, u64),
        direct: bool,
        effects: &mut Vec<Effect>,
    ) {
        self.lines(side, |lines, sink| lines.feed(bytes, at, sink), (end, false), direct, effects);
    }

    /// Takes something that was said into the dialogue, or has it wait for what was said before.
    fn hear(
        &mut self,
        side: Side,
        at: Moment,
        said: Said<'_>,
        direct: bool,
        effects: &mut Vec<Effect>,
    ) {
        if direct && !self.somebody_waits() {
            self.said(side, at, said, effects);
        } else {
            self.stream(side).aside.made().waiting.push_back((at, said.into()));
        }
    }

    /// What began like a record is none.
    fn let_go(&mut self, side: Side, end: u64, direct: bool, effects: &mut Vec<Effect>) {
        let aside = self.stream(side).aside.0.as_mut();
        let Some((at, head)) = aside.and_then(|a| a.head.take()) else { return };
        self.feed(side, &head, (at, end), direct, effects);
    }

    fn bytes(
        &mut self,
        side: Side,
        bytes: &[u8],
        (at, end): (Moment, u64),
        direct: bool,
        effects: &mut Vec<Effect>,
    ) {
        if side == Side::Server && usize::from(self.opened) < OPENING && !self.midstream {
            self.open(bytes);
        }
        if direct && !self.somebody_waits() {
            let rest = self.plain(side, bytes, (at, end), effects);
            // Behind a line, no TLS begins within a packet.
            if rest.len() < bytes.len() {
                if !rest.is_empty() {
                    self.feed(side, rest, (at, end), direct, effects);
                }
                return;
            }
        }
        let stream = self.stream(side);
        let head = stream.aside.0.as_mut().and_then(|a| a.head.take());
        let held = head.map(|(_, head)| [&head, bytes].concat());
        let bytes = held.as_deref().unwrap_or(bytes);
        let at_start = stream.records().is_none() && stream.lines.at_boundary();
        if at_start && tls::may_become_record(bytes) {
            stream.aside.made().head = Some((at, bytes.to_vec()));
            return;
        }
        if at_start && tls::looks_like_record(bytes) {
            stream.aside.made().tls = Some(Records::default());
            self.hear(side, at, Said::Tls, direct, effects);
            self.tls_record(side, at, effects);
        }
        let Some(records) = self.stream(side).records() else {
            return self.feed(side, bytes, (at, end), direct, effects);
        };
        let mut records = std::mem::take(records);
        let mut clear: Option<Vec<u8>> = None;
        let seen = self.tls.get_or_insert_default();
        records.feed(bytes, at, &mut |event| match event {
            TlsEvent::BackToClear(rest) => clear = Some(rest.to_vec()),
            event => seen.event(side == Side::Client, event, at),
        });
        let Some(clear) = clear else {
            self.stream(side).aside.made().tls = Some(records);
            return;
        };
        self.stream(side).aside.made().tls = None;
        let times = self.tls_times.get_or_insert_default();
        match side {
            // A server whose TLS fails may say so in clear; CCC is the client's wish.
            Side::Client => {
                times.client = None;
                times.until.get_or_insert(at);
            }
            Side::Server => times.server = None,
        }
        effects.push(Effect::TlsEnded);
        self.feed(side, &clear, (at, end), direct, effects);
    }

    /// Takes the lines with which a packet begins, as long as there is nothing to them; the rest.
    fn plain<'a>(
        &mut self,
        side: Side,
        mut bytes: &'a [u8],
        (at, end): (Moment, u64),
        effects: &mut Vec<Effect>,
    ) -> &'a [u8] {
        loop {
            let stream = self.stream(side);
            // A TLS record begins with a number below 24, and a line with something to read.
            let text = bytes.first().is_some_and(|b| *b >= b' ');
            if !text || !stream.aside.is_absent() {
                return bytes;
            }
            let Some((line, rest)) = stream.lines.whole(bytes, at) else { return bytes };
            match side {
                Side::Client => self.client_line(line.bytes, at, end, effects),
                Side::Server => match self.replies_in.whole(line.bytes) {
                    Some(code) => self.reply(code, line.bytes, at, effects),
                    None => self.server_line(line.bytes, at, effects),
                },
            }
            bytes = rest;
        }
    }

    /// Something that was said has not been taken into the dialogue yet.
    #[inline]
    pub fn somebody_waits(&self) -> bool {
        self.from_client.first_waiting().is_some() || self.from_server.first_waiting().is_some()
    }

    /// Takes what waited into the dialogue, both sides in the order of the capture. What came after
    /// the other side's hole waits until that is filled or given up.
    pub fn release(
        &mut self,
        client_hole: Option<Moment>,
        server_hole: Option<Moment>,
        effects: &mut Vec<Effect>,
    ) {
        loop {
            let c = self.from_client.first_waiting();
            let s = self.from_server.first_waiting();
            let side = match (c, s) {
                (None, None) => return,
                (Some(c), Some(s)) if s < c => Side::Server,
                (Some(_), Some(_)) => Side::Client,
                (Some(c), None) => {
                    if server_hole.is_some_and(|h| h < c) {
                        return;
                    }
                    Side::Client
                }
                (None, Some(s)) => {
                    if client_hole.is_some_and(|h| h < s) {
                        return;
                    }
                    Side::Server
                }
            };
            let aside = self.stream(side).aside.0.as_mut();
            let Some((at, said)) = aside.and_then(|a| a.waiting.pop_front()) else { return };
            self.said(side, at, said.said(), effects);
        }
    }

    /// No more will be said: what stands without a line end is a line.
    pub fn finish(&mut self, effects: &mut Vec<Effect>) {
        for side in [Side::Client, Side::Server] {
            self.let_go(side, u64::MAX, false, effects);
            if self.stream(side).records().is_none() {
                self.lines(
                    side,
                    |lines, sink| lines.finish(sink),
                    (u64::MAX, false),
                    false,
                    effects,
                );
            }
        }
        self.release(None, None, effects);
        self.end_reply(effects);
    }
}
