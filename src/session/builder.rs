//! A session while it is being followed: streams become lines, lines become a dialogue.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use super::oddity::{Oddities, Shape};
use super::{AnnouncementKind, Channel, Login, Mode, OddityKind, Partner, Script, Security, Tls};
use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment};
use crate::ftp::dialogue::Dialogue;
use crate::ftp::line::{Lines, Role};
use crate::ftp::reply::Replies;
use crate::ftp::tls::{self, Records, TlsEvent};
use crate::tcp::Chunk;

/// No server takes longer between two lines of a reply.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// The server's first bytes that tell another protocol from FTP.
const OPENING: usize = 8;

/// A side of the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// What the engine has to do after something was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Expect a data connection.
    Announced {
        /// Index of the channel.
        channel: usize,
        /// The advertised endpoint, and the control peer's address with the same port.
        listening: [Option<Endpoint>; 2],
        /// Who dials.
        mode: Mode,
        /// The address that is to dial.
        dialler: IpAddr,
        /// The packet that carried the endpoint.
        at: Moment,
    },
    /// Announcements can't be read from now on.
    TlsBegan,
    /// They can be read again.
    TlsEnded,
    /// Whatever the port, this is FTP.
    OnlyFtpSaysThis,
    /// Whatever the greeting, this isn't FTP.
    NotFtp,
}

/// Something that was said, waiting for its turn.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Line { bytes: Vec<u8>, end: u64, shape: Shape },
    Gap,
    Tls,
}

#[derive(Clone, Debug)]
struct Stream {
    lines: Lines,
    tls: Option<Records>,
    /// The beginning of what may become a record, and its latest packet.
    head: Option<(Moment, Vec<u8>)>,
    /// Said but not yet taken into the dialogue.
    said: VecDeque<(Moment, Said)>,
}

impl Stream {
    fn new(role: Role) -> Self {
        Self { lines: Lines::new(role), tls: None, head: None, said: VecDeque::new() }
    }
}

/// What is known of a transfer command beside its exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct TransferNote {
    pub(super) path: Option<String>,
    pub(super) restart_at: Option<u64>,
    pub(super) promised: Option<u64>,
    pub(super) ascii: bool,
}

/// A session while it is being followed.
#[derive(Clone, Debug)]
pub struct Builder {
    /// The client's end of the control connection.
    pub client: Endpoint,
    /// The server's end.
    pub server: Endpoint,
    pub(super) midstream: bool,
    from_client: Stream,
    from_server: Stream,
    pub(super) replies_in: Replies,
    pub(super) dialogue: Dialogue,
    pub(super) script: Script,
    pub(super) oddities: Oddities,
    pub(super) channels: Vec<Channel>,
    /// Exchanges before each channel's announcement, for announcements without a command.
    pub(super) positions: Vec<usize>,
    pub(super) transfers: BTreeMap<usize, TransferNote>,
    pub(super) sizes: HashMap<String, u64>,
    pub(super) verbs: BTreeMap<String, u64>,
    pub(super) commands: u64,
    pub(super) replies: u64,
    pub(super) login: Login,
    pub(super) user: Option<String>,
    pub(super) banner: Option<(String, Moment)>,
    pub(super) software: Option<String>,
    pub(super) not_ftp: Option<&'static str>,
    pub(super) security: Security,
    pub(super) auth_accepted: bool,
    pub(super) spoken_in_clear: bool,
    pub(super) client_tls: Option<Moment>,
    pub(super) server_tls: Option<Moment>,
    tls_since: Option<Moment>,
    pub(super) tls_until: Option<Moment>,
    pub(super) tls: Option<Box<Tls>>,
    last_client_record: Option<Moment>,
    pub(super) control_gaps: u64,
    pub(super) directory: Option<String>,
    pub(super) ascii: bool,
    pub(super) restart_at: Option<u64>,
    pub(super) allocated: Option<u64>,
    pub(super) recognised: bool,
    /// The server's first bytes, until they tell what it speaks.
    opening: Vec<u8>,
}

impl Builder {
    /// A session of which nothing has been said yet; `midstream` when it began before the capture.
    pub fn new(client: Endpoint, server: Endpoint, midstream: bool) -> Self {
        Self {
            client,
            server,
            midstream,
            from_client: Stream::new(Role::Client),
            from_server: Stream::new(Role::Server),
            replies_in: Replies::default(),
            dialogue: Dialogue::new(midstream),
            script: Script::default(),
            oddities: Oddities::default(),
            channels: Vec::new(),
            positions: Vec::new(),
            transfers: BTreeMap::new(),
            sizes: HashMap::new(),
            verbs: BTreeMap::new(),
            commands: 0,
            replies: 0,
            login: Login::None,
            user: None,
            banner: None,
            software: None,
            not_ftp: None,
            security: Security::Plain,
            auth_accepted: false,
            spoken_in_clear: false,
            client_tls: None,
            server_tls: None,
            tls_since: None,
            tls_until: None,
            tls: None,
            last_client_record: None,
            control_gaps: 0,
            directory: None,
            ascii: false,
            restart_at: None,
            allocated: None,
            recognised: false,
            opening: Vec::new(),
        }
    }

    /// The server's first reply is complete.
    pub fn greeted(&self) -> bool {
        self.banner.is_some()
    }

    /// When TLS began, if it did.
    pub fn tls_since(&self) -> Option<Moment> {
        self.tls_since
    }

    /// A watch for the data connection of a channel, when TLS protects the session, and whether
    /// its initiator is on the client's side.
    pub fn tls_watch(&self, channel: usize) -> Option<(bool, Box<super::TlsWatch>)> {
        self.tls_since?;
        let passive = self.channels.get(channel)?.mode != Mode::Active;
        Some((passive, Box::default()))
    }

    /// The client began a TLS handshake, whatever came of it.
    pub fn says_client_hello(&self) -> bool {
        self.tls.as_ref().is_some_and(|t| t.client_hello.is_some())
    }

    /// The client's latest packet with a TLS record.
    pub fn last_client_record(&self) -> Option<Moment> {
        self.last_client_record
    }

    /// Takes note of a packet of the control connection.
    pub fn packet(&mut self, s: &Segment<'_>, at: Moment) {
        if s.payload_len > 0 && s.src == self.client && self.client_tls.is_some() {
            self.last_client_record = Some(at);
        }
    }

    /// A new inferred channel; its index.
    pub fn infer_channel(&mut self, mode: Mode, tie: bool) -> usize {
        let association = super::Association::Inferred { tie };
        self.new_channel(mode, association, None, None)
    }

    pub(super) fn new_channel(
        &mut self,
        mode: Mode,
        association: super::Association,
        announcing: Option<usize>,
        announcement: Option<super::Announcement>,
    ) -> usize {
        self.positions.push(announcing.unwrap_or(self.script.exchanges.len()));
        self.channels.push(Channel {
            id: 0,
            mode,
            association,
            reuses: None,
            announcing,
            announcement,
            command: None,
            connection: None,
            attempts: Vec::new(),
            third_party: None,
            partner: None,
            tls: None,
        });
        self.channels.len() - 1
    }

    /// Another session named this channel's endpoint as well.
    pub(crate) fn paired(&mut self, channel: usize, partner: Partner) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.partner = Some(partner);
        }
    }

    /// Takes the next piece of one side's stream.
    pub fn chunk(&mut self, side: Side, chunk: Chunk<'_>, effects: &mut Vec<Effect>) {
        match chunk {
            Chunk::Data { bytes, at, end } => self.bytes(side, bytes, at, end, effects),
            Chunk::Gap { bytes, cut, at, end } => {
                if !cut {
                    self.control_gaps += bytes;
                }
                self.let_go(side, end);
                let mut tls_hole = false;
                let stream = self.stream(side);
                let said = &mut stream.said;
                if let Some(records) = &mut stream.tls {
                    records.gap();
                    tls_hole = true;
                } else {
                    stream.lines.gap(cut, &mut |line| {
                        said.push_back((
                            line.moment,
                            Said::Line {
                                bytes: line.bytes.to_vec(),
                                end,
                                shape: Shape::of(&line, true),
                            },
                        ));
                    });
                }
                said.push_back((at, Said::Gap));
                if let Some(tls) = self.tls.as_mut().filter(|_| tls_hole) {
                    tls.hole = true;
                }
            }
        }
    }

    fn stream(&mut self, side: Side) -> &mut Stream {
        match side {
            Side::Client => &mut self.from_client,
            Side::Server => &mut self.from_server,
        }
    }

    /// What began like a record is none.
    fn let_go(&mut self, side: Side, end: u64) {
        let stream = self.stream(side);
        let Some((at, head)) = stream.head.take() else { return };
        let said = &mut stream.said;
        stream.lines.feed(&head, at, &mut |line| {
            said.push_back((
                line.moment,
                Said::Line { bytes: line.bytes.to_vec(), end, shape: Shape::of(&line, false) },
            ));
        });
    }

    fn bytes(&mut self, side: Side, bytes: &[u8], at: Moment, end: u64, effects: &mut Vec<Effect>) {
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
        if stream.tls.is_none() && stream.lines.at_boundary() && tls::looks_like_record(bytes) {
            stream.tls = Some(Records::default());
            stream.said.push_back((at, Said::Tls));
            self.tls_record(side, at, effects);
        }
        let mut seen = self.tls.take();
        let stream = self.stream(side);
        let mut clear: Option<Vec<u8>> = None;
        if let Some(records) = &mut stream.tls {
            let seen = seen.get_or_insert_default();
            records.feed(bytes, at, &mut |event| match event {
                TlsEvent::BackToClear(rest) => clear = Some(rest.to_vec()),
                event => seen.event(side == Side::Client, event, at),
            });
        }
        self.tls = seen;
        let stream = self.stream(side);
        if stream.tls.is_some() {
            let Some(_) = &clear else { return };
            stream.tls = None;
        }
        let stream = self.stream(side);
        let said = &mut stream.said;
        stream.lines.feed(clear.as_deref().unwrap_or(bytes), at, &mut |line| {
            said.push_back((
                line.moment,
                Said::Line { bytes: line.bytes.to_vec(), end, shape: Shape::of(&line, false) },
            ));
        });
        if clear.is_some() {
            self.client_tls = self.client_tls.filter(|_| side != Side::Client);
            self.server_tls = self.server_tls.filter(|_| side != Side::Server);
            // A server whose TLS fails may say so in clear; CCC is the client's wish.
            if side == Side::Client {
                self.tls_until.get_or_insert(at);
            }
            effects.push(Effect::TlsEnded);
        }
    }

    /// One side's first TLS record. TLS has begun when AUTH was accepted, or when the other side
    /// speaks it too: a ClientHello to a server that answers in clear is a mistake, not TLS.
    fn tls_record(&mut self, side: Side, at: Moment, effects: &mut Vec<Effect>) {
        match side {
            Side::Client => {
                self.client_tls.get_or_insert(at);
                self.last_client_record = Some(at);
            }
            Side::Server => {
                self.server_tls.get_or_insert(at);
            }
        }
        let agreed = self.auth_accepted || self.client_tls.is_some() && self.server_tls.is_some();
        if !agreed || self.tls_since.is_some() {
            return;
        }
        let implicit = !self.auth_accepted
            && !self.spoken_in_clear
            && (!self.midstream || self.server.port == 990);
        self.security = if implicit { Security::ImplicitTls } else { Security::ExplicitTls };
        self.tls_since = self.client_tls.into_iter().chain(self.server_tls).min();
        effects.push(Effect::TlsBegan);
    }

    /// Takes what was said into the dialogue, both sides in the order of the capture. What came
    /// after the other side's hole waits until that is filled or given up.
    pub fn release(
        &mut self,
        client_hole: Option<Moment>,
        server_hole: Option<Moment>,
        effects: &mut Vec<Effect>,
    ) {
        loop {
            let c = self.from_client.said.front().map(|s| s.0);
            let s = self.from_server.said.front().map(|s| s.0);
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
            let Some((at, said)) = self.stream(side).said.pop_front() else { return };
            self.said(side, at, said, effects);
        }
    }

    /// No more will be said: what stands without a line end is a line.
    pub fn finish(&mut self, effects: &mut Vec<Effect>) {
        for side in [Side::Client, Side::Server] {
            self.let_go(side, u64::MAX);
            let stream = self.stream(side);
            if stream.tls.is_some() {
                continue;
            }
            let said = &mut stream.said;
            stream.lines.finish(&mut |line| {
                said.push_back((
                    line.moment,
                    Said::Line {
                        bytes: line.bytes.to_vec(),
                        end: u64::MAX,
                        shape: Shape::of(&line, false),
                    },
                ));
            });
        }
        self.release(None, None, effects);
        self.end_reply(effects);
    }

    fn end_reply(&mut self, effects: &mut Vec<Effect>) {
        if let Some(reply) = self.replies_in.finish() {
            self.oddities.add(OddityKind::NeverEnded, false, reply.moment);
            self.reply(&reply, effects);
        }
    }

    /// As it stands at `now`: a multi-line reply that has been open for long counts as it is.
    pub fn settle(&mut self, now: Timestamp) {
        if self.replies_in.open_since().is_some_and(|m| now.since(m.time) > PATIENCE) {
            self.end_reply(&mut Vec::new());
        }
    }

    pub(super) fn kind_of(code: u16, verb: Option<&str>) -> AnnouncementKind {
        match (verb, code) {
            (Some("SPSV"), _) => AnnouncementKind::Spsv,
            (Some("CPSV"), _) => AnnouncementKind::Cpsv,
            (_, 228) => AnnouncementKind::Lpsv,
            (_, 229) => AnnouncementKind::Epsv,
            _ => AnnouncementKind::Pasv,
        }
    }
}
