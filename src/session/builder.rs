//! A session while it is being followed.

use std::collections::HashMap;
use std::net::IpAddr;

use super::channel::Draft;
use super::growth::grow;
use super::hearing::Stream;
use super::oddity::Oddities;
use super::{AnnouncementKind, Login, Mode, OddityKind, Partner, Script, Security, Tls};
use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment};
use crate::ftp::command::Verb;
use crate::ftp::dialogue::Dialogue;
use crate::ftp::line::Role;
use crate::ftp::reply::Replies;
use crate::pack::packed;

/// No server takes longer between two lines of a reply.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

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

/// What is known of a transfer command beside its exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct TransferNote {
    pub(super) exchange: usize,
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
    pub(super) from_client: Stream,
    pub(super) from_server: Stream,
    pub(super) replies_in: Replies,
    pub(super) dialogue: Dialogue,
    pub(super) script: Script,
    pub(super) oddities: Oddities,
    pub(super) channels: Vec<Draft>,
    /// In order of their exchanges.
    pub(super) transfers: Vec<TransferNote>,
    pub(super) sizes: HashMap<String, u64>,
    pub(super) verbs: Vec<(Verb, u64)>,
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
    pub(super) opening: Vec<u8>,
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
            transfers: Vec::new(),
            sizes: HashMap::new(),
            verbs: Vec::new(),
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
        let position = announcing.unwrap_or(self.script.exchanges.len());
        let draft = Draft { mode, association, announcing, announcement, position, partner: None };
        grow(&mut self.channels).push(draft);
        self.channels.len() - 1
    }

    /// Another session named this channel's endpoint as well.
    pub(crate) fn paired(&mut self, channel: usize, partner: Partner) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.partner = Some(partner);
        }
    }

    /// One side's first TLS record. TLS has begun when AUTH was accepted, or when the other side
    /// speaks it too: a ClientHello to a server that answers in clear is a mistake, not TLS.
    pub(super) fn tls_record(&mut self, side: Side, at: Moment, effects: &mut Vec<Effect>) {
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

    pub(super) fn end_reply(&mut self, effects: &mut Vec<Effect>) {
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

packed!(TransferNote { exchange, path, restart_at, promised, ascii });
packed!(Builder {
    script,
    client,
    server,
    midstream,
    from_client,
    from_server,
    replies_in,
    dialogue,
    channels,
    transfers,
    oddities,
    sizes,
    verbs,
    commands,
    replies,
    login,
    user,
    banner,
    software,
    security,
    auth_accepted,
    spoken_in_clear,
    control_gaps,
    directory,
    ascii,
    restart_at,
    allocated,
    recognised,
    opening,
} without { tls, not_ftp, client_tls, server_tls, tls_since, tls_until, last_client_record });
