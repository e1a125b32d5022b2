//! A session while it is being followed.

use std::collections::HashMap;
use std::net::IpAddr;

use super::channel::Draft;
use super::growth::grow;
use super::hearing::Stream;
use super::oddity::Oddities;
use super::{AnnouncementKind, Login, Mode, OddityKind, Partner, Script, Security, Tls, Transfer};
use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment};
use crate::ftp::dialogue::Dialogue;
use crate::ftp::endpoint::Advertised;
use crate::ftp::line::Role;
use crate::ftp::reply::Replies;
use crate::pack::packed;

/// The server's first bytes that tell another protocol from FTP.
pub(super) const OPENING: usize = 8;
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

impl Effect {
    /// One of the two ends said where it listens, and by `mode` which; with the endpoint it meant.
    pub(super) fn announced(
        channel: usize,
        advertised: Advertised,
        mode: Mode,
        (client, server): (Endpoint, Endpoint),
        at: Moment,
    ) -> (Self, Endpoint) {
        let (listener, dialler) =
            if mode == Mode::Active { (client, server.ip) } else { (server, client.ip) };
        let advertised = Endpoint::new(advertised.ip.unwrap_or(listener.ip), advertised.port);
        let listening = listening(advertised, listener);
        (Self::Announced { channel, listening, mode, dialler, at }, advertised)
    }
}

/// Where to expect a connection: the advertised endpoint, and the control peer with its port,
/// because NAT rewrites addresses and clients ignore them.
fn listening(advertised: Endpoint, peer: Endpoint) -> [Option<Endpoint>; 2] {
    let at_peer = Endpoint::new(peer.ip, advertised.port);
    [Some(advertised), Some(at_peer).filter(|e| *e != advertised)]
}

/// What the server said of the sizes of files.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizes {
    pub(super) by_path: HashMap<String, u64>,
}

/// When TLS records came.
#[derive(Clone, Debug, Default)]
pub(super) struct TlsTimes {
    /// The client's first one since it last spoke in clear.
    pub(super) client: Option<Moment>,
    /// The server's.
    pub(super) server: Option<Moment>,
    /// TLS has begun.
    since: Option<Moment>,
    /// It has ended (CCC).
    pub(super) until: Option<Moment>,
    /// The client's latest one.
    last_client_record: Option<Moment>,
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
    /// In order of their exchanges; what is known of their connections comes in the end.
    pub(super) transfers: Vec<Transfer>,
    pub(super) sizes: Option<Box<Sizes>>,
    pub(super) commands: u64,
    pub(super) replies: u64,
    pub(super) login: Login,
    /// Exchange of the last USER.
    pub(super) user: Option<u32>,
    pub(super) software: Option<String>,
    pub(super) not_ftp: Option<&'static str>,
    pub(super) security: Security,
    pub(super) auth_accepted: bool,
    pub(super) spoken_in_clear: bool,
    /// There from the first TLS record on.
    pub(super) tls_times: Option<Box<TlsTimes>>,
    pub(super) tls: Option<Box<Tls>>,
    pub(super) control_gaps: u64,
    pub(super) directory: Option<String>,
    pub(super) ascii: bool,
    pub(super) restart_at: Option<u64>,
    pub(super) allocated: Option<u64>,
    pub(super) recognised: bool,
    /// The server's first bytes, until they tell what it speaks.
    pub(super) opening: [u8; OPENING],
    /// How many of these there are.
    pub(super) opened: u8,
}

impl Builder {
    /// A session of which nothing has been said yet; `midstream` when it began before the capture.
    #[inline(always)]
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
            sizes: None,
            commands: 0,
            replies: 0,
            login: Login::None,
            user: None,
            software: None,
            not_ftp: None,
            security: Security::Plain,
            auth_accepted: false,
            spoken_in_clear: false,
            tls_times: None,
            tls: None,
            control_gaps: 0,
            directory: None,
            ascii: false,
            restart_at: None,
            allocated: None,
            recognised: false,
            opening: [0; OPENING],
            opened: 0,
        }
    }

    /// The server's first reply is complete.
    pub fn greeted(&self) -> bool {
        self.script.is_greeted()
    }

    /// When TLS began, if it did.
    pub fn tls_since(&self) -> Option<Moment> {
        self.tls_times.as_ref()?.since
    }

    /// A watch for the data connection of a channel, when TLS protects the session, and whether
    /// its initiator is on the client's side.
    pub fn tls_watch(&self, channel: usize) -> Option<(bool, Box<super::TlsWatch>)> {
        self.tls_since()?;
        let passive = self.channels.get(channel)?.mode != Mode::Active;
        Some((passive, Box::default()))
    }

    /// The client began a TLS handshake, whatever came of it.
    pub fn says_client_hello(&self) -> bool {
        self.tls.as_ref().is_some_and(|t| t.client_hello.is_some())
    }

    /// The client's latest packet with a TLS record.
    pub fn last_client_record(&self) -> Option<Moment> {
        self.tls_times.as_ref()?.last_client_record
    }

    /// Takes note of a packet of the control connection.
    pub fn packet(&mut self, s: &Segment<'_>, at: Moment) {
        if let Some(times) = &mut self.tls_times
            && times.client.is_some()
            && s.payload_len > 0
            && s.src == self.client
        {
            times.last_client_record = Some(at);
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
        grow(&mut self.channels, 2).push(draft);
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
        let times = self.tls_times.get_or_insert_default();
        match side {
            Side::Client => {
                times.client.get_or_insert(at);
                times.last_client_record = Some(at);
            }
            Side::Server => {
                times.server.get_or_insert(at);
            }
        }
        let agreed = self.auth_accepted || times.client.is_some() && times.server.is_some();
        if !agreed || times.since.is_some() {
            return;
        }
        let implicit = !self.auth_accepted
            && !self.spoken_in_clear
            && (!self.midstream || self.server.port == 990);
        self.security = if implicit { Security::ImplicitTls } else { Security::ExplicitTls };
        times.since = times.client.into_iter().chain(times.server).min();
        effects.push(Effect::TlsBegan);
    }

    pub(super) fn end_reply(&mut self, effects: &mut Vec<Effect>) {
        if let Some(reply) = self.replies_in.finish() {
            self.oddities.add(OddityKind::NeverEnded, false, reply.moment);
            self.folded(&reply, effects);
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

packed!(Sizes { by_path });
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
    commands,
    replies,
    login,
    user,
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
    opened,
} without { tls, tls_times, not_ftp });
