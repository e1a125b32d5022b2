//! A finished session: plain facts, no judgment.

use std::time::Duration;

use super::{Channel, Ident, Login, Oddity, Script, Tls, Vantage};
use crate::capture::{CaptureLoss, Moment};
use crate::decode::Endpoint;
use crate::pack::{packed, packed_enum};
use crate::tcp::{Connection, Half};

/// How the control connection began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// SYN and SYN-ACK.
    Complete,
    /// SYNs without an answer.
    Unanswered,
    /// RST to the SYN.
    Refused,
    /// ICMP to the SYN.
    Unreachable,
    /// It began before the capture.
    Missing,
}

/// How the control connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Both FINs, or one.
    Fin,
    /// RST.
    Reset,
    /// The capture ended first.
    Open,
    /// It was never established.
    Unseen,
}

/// What protects the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Nothing.
    Plain,
    /// AUTH (RFC 4217).
    ExplicitTls,
    /// TLS from the first byte.
    ImplicitTls,
}

/// When and why a session is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingPoint {
    /// Control closed, all channels ended, 2 s passed.
    Closed,
    /// Too much was open at once, or it was silent for very long.
    Evicted,
    /// The capture ended.
    EndOfInput,
    /// It is still open, and this is how it stands.
    Open,
}

/// A transfer command (RETR, STOR, STOU, APPE, LIST, NLST, MLSD).
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Index into the script's exchanges.
    pub exchange: usize,
    /// Id of the channel it used.
    pub channel: Option<u32>,
    /// Path, with the current directory in front when it is known; see [`Session::path`].
    pub path: Option<TransferPath>,
    /// REST offset that was set for it.
    pub restart_at: Option<u64>,
    /// Size promised by SIZE, 150, ALLO or 213, in bytes.
    pub promised: Option<u64>,
    /// Payload bytes seen on its channel.
    pub bytes: Option<u64>,
    /// From the first to the last byte of its channel.
    pub duration: Option<Duration>,
    /// TYPE A was in force.
    pub ascii: bool,
}

/// The path of a transfer.
#[derive(Clone, Debug)]
pub enum TransferPath {
    /// The command's argument as it stands, from this byte on.
    Argument(u32),
    /// Another one.
    Own(Box<str>),
}

/// One FTP session: what the capture shows of it.
#[derive(Clone, Debug)]
pub struct Session {
    /// In order of the first packet; 1-based.
    pub id: u64,
    /// The client's end of the control connection.
    pub client: Endpoint,
    /// The server's end of the control connection.
    pub server: Endpoint,
    /// First packet of any kind.
    pub first: Moment,
    /// Latest packet of the control connection or of a channel.
    pub last: Moment,
    /// From where it was captured.
    pub vantage: Vantage,
    /// The control connection.
    pub control: Box<Connection>,
    /// How it began.
    pub opening: Opening,
    /// How it ended.
    pub closing: Closing,
    /// What protects it.
    pub security: Security,
    /// When TLS began.
    pub tls_since: Option<Moment>,
    /// When it could be read again (CCC).
    pub tls_until: Option<Moment>,
    /// What the control connection's TLS records show, when a side sent any.
    pub tls: Option<Box<Tls>>,
    /// How far the login came.
    pub login: Login,
    /// Exchange of the last USER; see [`Session::user`].
    pub(super) user: Option<u32>,
    /// What the server asked the client's host before it greeted.
    pub ident: Option<Ident>,
    /// Name and version of the server's software, as it says.
    pub software: Option<String>,
    /// What the server said first when it was no FTP reply ("SSH", "HTTP").
    pub not_ftp: Option<&'static str>,
    /// Commands.
    pub commands: u64,
    /// Replies.
    pub replies: u64,
    /// Commands and replies.
    pub script: Script,
    /// What isn't as it should be on the control connection.
    pub oddities: Vec<Oddity>,
    /// Data channels, by id.
    pub channels: Vec<Channel>,
    /// Transfers, in order of the commands.
    pub transfers: Vec<Transfer>,
    /// Bytes of the control streams that the capture doesn't hold.
    pub control_gaps: u64,
    /// Packets of this session cut by the snap length.
    pub cut_packets: u64,
    /// The capture held, up to here, TCP segments of something else than control connections: it
    /// wasn't filtered down to the control port.
    pub other_traffic: bool,
    /// What the capture itself lost while the session was open, as far as it was told.
    pub losses: Vec<CaptureLoss>,
    /// Why it was judged when it was.
    pub closing_point: ClosingPoint,
    /// The newest packet of the capture when it was judged: "now" for open questions.
    pub judged_at: Moment,
}

impl Session {
    /// What the client sent on the control connection.
    pub fn from_client(&self) -> &Half {
        self.control.from(self.client)
    }

    /// What the server sent on the control connection.
    pub fn from_server(&self) -> &Half {
        self.control.from(self.server)
    }

    /// Argument of the last USER.
    pub fn user(&self) -> Option<&str> {
        let exchange = self.script.exchanges.get(self.user? as usize)?;
        Some(self.script.argument(exchange))
    }

    /// Text of the greeting.
    pub fn banner(&self) -> Option<&str> {
        self.script.greeting().map(|g| g.0)
    }

    /// When the greeting was complete.
    pub fn banner_at(&self) -> Option<Moment> {
        self.script.greeting().map(|g| g.1)
    }

    /// A transfer's path, with the current directory in front when it is known.
    pub fn path<'a>(&'a self, transfer: &'a Transfer) -> Option<&'a str> {
        match transfer.path.as_ref()? {
            TransferPath::Own(path) => Some(path),
            TransferPath::Argument(from) => {
                let exchange = self.script.exchanges.get(transfer.exchange)?;
                self.script.argument(exchange).get(*from as usize..)
            }
        }
    }

    /// The channel with this id.
    pub fn channel(&self, id: u32) -> Option<&Channel> {
        self.channels.iter().find(|c| c.id == id)
    }

    /// The transfer of a channel.
    pub fn transfer_of(&self, channel: &Channel) -> Option<&Transfer> {
        self.transfers.iter().find(|t| t.channel == Some(channel.id))
    }

    /// Segments of its connections that were acknowledged by their receiver yet never captured.
    pub fn missing_segments(&self) -> u64 {
        let data =
            self.channels.iter().flat_map(|c| c.attempts.iter().chain(c.connection.as_deref()));
        let missing = |c: &Connection| {
            c.from_initiator.missing_segments() + c.from_responder.missing_segments()
        };
        missing(&self.control) + data.map(missing).sum::<u64>()
    }

    /// Some of the control channel can't be read.
    pub fn hidden(&self) -> bool {
        self.tls_since.is_some()
    }

    /// What was said last can't be read: TLS, and no CCC.
    pub fn hidden_to_the_end(&self) -> bool {
        self.hidden() && self.tls_until.is_none()
    }
}

packed!(Transfer { exchange, path, restart_at, promised, ascii } without { channel, bytes, duration });
packed_enum!(TransferPath { 0 => Argument(from), 1 => Own(path) });
packed_enum!(Security { 0 => Plain, 1 => ExplicitTls, 2 => ImplicitTls });
