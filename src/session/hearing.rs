//! From the two streams of a control connection to what was said, in the order of the capture.

use std::collections::VecDeque;

use super::builder::{Builder, Effect, Side};
use super::oddity::Shape;
use crate::capture::Moment;
use crate::ftp::line::{Line, Lines, Role};
use crate::ftp::tls::{self, Records, TlsEvent};
use crate::pack::packed;
use crate::tcp::Chunk;

/// The server's first bytes that tell another protocol from FTP.
const OPENING: usize = 8;

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
    tls: Option<Records>,
    /// The beginning of what may become a record, and its latest packet.
    head: Option<(Moment, Vec<u8>)>,
    /// Said but not yet taken into the dialogue.
    waiting: VecDeque<(Moment, Waiting)>,
}

impl Stream {
    pub(super) fn new(role: Role) -> Self {
        Self { lines: Lines::new(role), tls: None, head: None, waiting: VecDeque::new() }
    }
}

packed!(Stream { lines } without { tls, head, waiting });

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
                if let Some(records) = &mut stream.tls {
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
            self.stream(side).waiting.push_back((at, said.into()));
        }
    }

    /// What began like a record is none.
    fn let_go(&mut self, side: Side, end: u64, direct: bool, effects: &mut Vec<Effect>) {
        let Some((at, head)) = self.stream(side).head.take() else { return };
        self.lines(side, |lines, sink| lines.feed(&head, at, sink), (end, false), direct, effects);
    }

    fn bytes(
        &mut self,
        side: Side,
        bytes: &[u8],
        (at, end): (Moment, u64),
        direct: bool,
        effects: &mut Vec<Effect>,
    ) {
        if side == Side::Server && self.opening.len() < OPENING && !self.midstream {
            let missing = OPENING - self.opening.len();
            self.opening.extend(bytes.iter().take(missing));
            self.not_ftp = crate::ftp::recognise::not_ftp(&self.opening);
        }
        let stream = self.stream(side);
        let held = stream.head.take().map(|(_, head)| [&head, bytes].concat());
        let bytes = held.as_deref().unwrap_or(bytes);
        let at_start = stream.tls.is_none() && stream.lines.at_boundary();
        if at_start && tls::may_become_record(bytes) {
            stream.head = Some((at, bytes.to_vec()));
            return;
        }
        if at_start && tls::looks_like_record(bytes) {
            stream.tls = Some(Records::default());
            self.hear(side, at, Said::Tls, direct, effects);
            self.tls_record(side, at, effects);
        }
        let Some(records) = &mut self.stream(side).tls else {
            let read = |lines: &mut Lines, sink: &mut dyn FnMut(Line<'_>)| {
                lines.feed(bytes, at, sink);
            };
            return self.lines(side, read, (end, false), direct, effects);
        };
        let mut records = std::mem::take(records);
        let mut clear: Option<Vec<u8>> = None;
        let seen = self.tls.get_or_insert_default();
        records.feed(bytes, at, &mut |event| match event {
            TlsEvent::BackToClear(rest) => clear = Some(rest.to_vec()),
            event => seen.event(side == Side::Client, event, at),
        });
        let Some(clear) = clear else {
            self.stream(side).tls = Some(records);
            return;
        };
        self.stream(side).tls = None;
        self.client_tls = self.client_tls.filter(|_| side != Side::Client);
        self.server_tls = self.server_tls.filter(|_| side != Side::Server);
        // A server whose TLS fails may say so in clear; CCC is the client's wish.
        if side == Side::Client {
            self.tls_until.get_or_insert(at);
        }
        effects.push(Effect::TlsEnded);
        self.lines(side, |lines, sink| lines.feed(&clear, at, sink), (end, false), direct, effects);
    }

    /// Something that was said has not been taken into the dialogue yet.
    #[inline]
    pub fn somebody_waits(&self) -> bool {
        !self.from_client.waiting.is_empty() || !self.from_server.waiting.is_empty()
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
            let c = self.from_client.waiting.front().map(|s| s.0);
            let s = self.from_server.waiting.front().map(|s| s.0);
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
            let Some((at, said)) = self.stream(side).waiting.pop_front() else { return };
            self.said(side, at, said.said(), effects);
        }
    }

    /// No more will be said: what stands without a line end is a line.
    pub fn finish(&mut self, effects: &mut Vec<Effect>) {
        for side in [Side::Client, Side::Server] {
            self.let_go(side, u64::MAX, false, effects);
            if self.stream(side).tls.is_none() {
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
