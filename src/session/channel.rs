//! A data channel: what announced it, the connection that came, the command it served.

use std::net::IpAddr;

use super::Tls;
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::pack::{packed, packed_enum};
use crate::tcp::Connection;

/// Who dials the data connection (RFC 959, section 3.2; RFC 1579).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The client dials the server.
    Passive,
    /// The server dials the client.
    Active,
    /// The capture can't tell.
    Unknown,
}

/// How a channel is known to belong to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Association {
    /// By an announcement captured in clear.
    Announced,
    /// A further connection to an endpoint announced before.
    Reused,
    /// By hosts and time: the announcement is encrypted or wasn't captured. `tie` when another
    /// session could own it as well.
    Inferred {
        /// Another session of the same hosts could own it as well.
        tie: bool,
    },
}

/// The command that announced an endpoint, or that asked for the reply which did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnnouncementKind {
    /// 227 (RFC 959).
    Pasv,
    /// 229 (RFC 2428).
    Epsv,
    /// RFC 959.
    Port,
    /// RFC 2428.
    Eprt,
    /// 228 (RFC 1639).
    Lpsv,
    /// RFC 1639.
    Lprt,
    /// 227 or 229 to SPSV.
    Spsv,
    /// 227 to CPSV.
    Cpsv,
}

impl AnnouncementKind {
    /// The verb.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pasv => "PASV",
            Self::Epsv => "EPSV",
            Self::Port => "PORT",
            Self::Eprt => "EPRT",
            Self::Lpsv => "LPSV",
            Self::Lprt => "LPRT",
            Self::Spsv => "SPSV",
            Self::Cpsv => "CPSV",
        }
    }

    /// Who dials after it.
    pub fn mode(self) -> Mode {
        match self {
            Self::Port | Self::Eprt | Self::Lprt => Mode::Active,
            _ => Mode::Passive,
        }
    }
}

/// An endpoint where a data connection is to go.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// By which command.
    pub kind: AnnouncementKind,
    /// The packet that carried the endpoint.
    pub at: Moment,
    /// The endpoint as written; for a 229 without an address the server's. `None` when unreadable.
    pub advertised: Option<Endpoint>,
    /// The address was written down (false for a 229 without one).
    pub address_given: bool,
    /// PORT, EPRT, LPRT: a 2xx answered it and it was readable; 227, 228, 229: readable.
    /// `None`: no reply captured.
    pub accepted: Option<bool>,
    /// What was written, for an unreadable one (at most 200 characters, escaped by the views); else
    /// empty.
    pub text: String,
}

/// A channel while its session is being followed: what was said of it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) mode: Mode,
    pub(super) association: Association,
    pub(super) announcing: Option<usize>,
    pub(super) announcement: Option<Announcement>,
    /// Exchanges before the announcement, for one without a command.
    pub(super) position: usize,
    pub(super) partner: Option<Partner>,
}

/// The session at the other end of a transfer between two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The client's end of its control connection.
    pub client: Endpoint,
    /// The server's end of its control connection.
    pub server: Endpoint,
    /// The packet that named the endpoint in it.
    pub at: Moment,
}

/// One data channel of a session.
#[derive(Clone, Debug)]
pub struct Channel {
    /// 1-based, in order of announcement or of the connection's first packet.
    pub id: u32,
    /// Who dials.
    pub mode: Mode,
    /// How it is known to belong here.
    pub association: Association,
    /// The id of the channel whose endpoint this connection used again.
    pub reuses: Option<u32>,
    /// Index into the script's exchanges: PORT/EPRT/LPRT itself, or PASV/EPSV that was answered.
    pub announcing: Option<usize>,
    /// What announced it; `None` when reused or inferred.
    pub announcement: Option<Announcement>,
    /// Index into the script's exchanges: the transfer command that used it.
    pub command: Option<usize>,
    /// The data connection, when a packet of one was captured.
    pub connection: Option<Box<Connection>>,
    /// Failed dials before the connection that worked.
    pub attempts: Vec<Connection>,
    /// The dialling address, when it was neither the client nor the server.
    pub third_party: Option<IpAddr>,
    /// Another session of the same client that named the same endpoint, there to be dialled and here
    /// to dial, or the other way round: a transfer between two servers (FXP).
    pub partner: Option<Partner>,
    /// What the beginning of the data connection shows, when TLS protects the session.
    pub tls: Option<Box<Tls>>,
}

impl Channel {
    /// A channel without connections, of what was said of it.
    pub(super) fn new(draft: &Draft) -> Self {
        Self {
            announcing: draft.announcing,
            announcement: draft.announcement.clone(),
            partner: draft.partner,
            ..Self::empty(draft.mode, draft.association)
        }
    }

    /// A channel of which nothing was said.
    pub(super) fn empty(mode: Mode, association: Association) -> Self {
        Self {
            id: 0,
            mode,
            association,
            reuses: None,
            announcing: None,
            announcement: None,
            command: None,
            connection: None,
            attempts: Vec::new(),
            third_party: None,
            partner: None,
            tls: None,
        }
    }

    /// Where in the capture it begins: its announcement, else its connection.
    pub fn began(&self) -> Option<Moment> {
        let announced = self.announcement.as_ref().map(|a| a.at);
        announced.or(self.connection.as_deref().map(|c| c.first))
    }

    /// The endpoint that listens: the dialled one, else the announced one.
    pub fn listening(&self) -> Option<Endpoint> {
        let dialled = self.connection.as_deref().map(|c| c.responder);
        dialled.or(self.announcement.as_ref().and_then(|a| a.advertised))
    }
}

packed_enum!(Mode { 0 => Passive, 1 => Active, 2 => Unknown });
packed_enum!(Association { 0 => Announced, 1 => Reused, 2 => Inferred { tie } });
packed_enum!(AnnouncementKind {
    0 => Pasv,
    1 => Epsv,
    2 => Port,
    3 => Eprt,
    4 => Lpsv,
    5 => Lprt,
    6 => Spsv,
    7 => Cpsv,
});
packed!(Announcement { kind, at, advertised, address_given, accepted, text });
packed!(Partner { client, server, at });
packed!(Draft { mode, association, announcing, announcement, position, partner });
