//! The types of the JSON report, as they are serialised. Fields named here keep their name, type
//! and meaning; more may be added beside them.

mod diagnosis;

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

pub use self::diagnosis::{Advice, AdviceList, Diagnosis, Evidence, Snippet};
use super::names::{
    KINDS, LOGINS, MODES, OUTCOMES, SECURITIES, STATES, STATUSES, VANTAGES, stage_or_null,
};
use super::time::Time;
use crate::ftp::command::Verb;

/// The version of the contract, in every document and line.
pub const SCHEMA: &str = "ftpscope/1";

/// An address and a port.
#[derive(Serialize, JsonSchema, Clone, Debug)]
pub struct Address {
    /// IPv6 in the form of RFC 5952.
    #[schemars(with = "String")]
    pub ip: IpAddr,
    /// TCP port.
    pub port: u16,
}

/// The whole document.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Document<'a> {
    /// Always [`SCHEMA`].
    #[schemars(extend("enum" = [SCHEMA]))]
    pub schema: &'static str,
    /// The capture.
    pub capture: Capture<'a>,
    /// How many sessions became what.
    pub summary: Summary,
    /// What needs many sessions or the whole capture.
    pub findings: Vec<Finding<'a>>,
    /// By id.
    pub sessions: Vec<Session<'a>>,
}

/// The capture.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Capture<'a> {
    /// Inputs in order; every `file` is an index into this.
    pub files: &'a [String],
    /// LINKTYPE_ names without the prefix.
    pub link_types: Vec<String>,
    /// Packets read.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// TCP segments among the packets.
    pub tcp_segments: u64,
    /// RFC 3339, UTC, nanoseconds.
    pub first_packet: Option<Time>,
    /// RFC 3339, UTC, nanoseconds.
    pub last_packet: Option<Time>,
    /// Packets cut by the snap length.
    pub truncated_packets: u64,
    /// Segments acknowledged by their receiver yet never captured.
    pub missing_segments: u64,
    /// What the capture itself says it lost.
    pub dropped_packets: Option<u64>,
    /// What could not be read.
    pub problems: Vec<Problem<'a>>,
}

/// Something that could not be read.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Problem<'a> {
    /// Index into `capture.files`.
    pub file: u32,
    /// Byte offset in the decompressed stream.
    pub offset: Option<u64>,
    /// Frame number at or behind it.
    pub frame: Option<u32>,
    /// One sentence.
    pub text: &'a str,
}

/// How many sessions became what.
#[derive(Serialize, JsonSchema, Debug, Default)]
pub struct Summary {
    /// All of them.
    pub sessions: u64,
    /// Nothing wrong.
    pub healthy: u64,
    /// Something never came to its end.
    pub stalled: u64,
    /// A side said no.
    pub failed: u64,
    /// An attack, by its looks.
    pub suspicious: u64,
    /// The capture doesn't hold enough.
    pub undetermined: u64,
    /// Sessions that have each diagnosis.
    pub diagnoses: BTreeMap<String, u64>,
}

/// A diagnosis over many sessions.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Finding<'a> {
    /// What.
    #[serde(flatten)]
    pub diagnosis: Diagnosis<'a>,
    /// Ids of the sessions it was learned from.
    pub sessions: &'a [u64],
}

/// One FTP session.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Session<'a> {
    /// In order of the first packet.
    pub id: u64,
    /// The client's end of the control connection.
    pub client: Address,
    /// The server's end of the control connection.
    pub server: Address,
    /// Time of the first packet.
    pub start: Time,
    /// Time of the last packet.
    pub end: Time,
    /// Its first packet of any kind.
    pub first_frame: u32,
    /// File of `first_frame`.
    pub first_file: u32,
    /// healthy, stalled, failed, suspicious, undetermined.
    #[schemars(extend("enum" = STATUSES))]
    pub status: &'static str,
    /// client, server, between, unknown.
    #[schemars(extend("enum" = VANTAGES))]
    pub vantage: &'static str,
    /// What in the packets says so.
    pub vantage_reason: String,
    /// The control connection.
    pub control: Control<'a>,
    /// Data channels.
    pub channels: Vec<Channel<'a>>,
    /// Transfer commands.
    pub transfers: Vec<Transfer<'a>>,
    /// Verdicts, causes first.
    pub diagnoses: Vec<Diagnosis<'a>>,
}

/// The control connection.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Control<'a> {
    /// complete, unanswered, refused, unreachable, missing.
    #[schemars(extend("enum" = ["complete", "unanswered", "refused", "unreachable", "missing"]))]
    pub opening: &'static str,
    /// fin, reset, open, unseen.
    #[schemars(extend("enum" = ["fin", "reset", "open", "unseen"]))]
    pub closing: &'static str,
    /// plain, explicit-tls, implicit-tls.
    #[schemars(extend("enum" = SECURITIES))]
    pub security: &'static str,
    /// accepted, refused, pending, none, hidden.
    #[schemars(extend("enum" = LOGINS))]
    pub login: &'static str,
    /// Argument of the last USER.
    pub user: Option<&'a str>,
    /// The greeting.
    pub banner: Option<&'a str>,
    /// Name and version, as the server says.
    pub server_software: Option<&'a str>,
    /// Commands.
    pub commands: u64,
    /// Replies.
    pub replies: u64,
    /// Commands by verb.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub verbs: Verbs,
    /// From SYN to ACK.
    pub handshake_rtt_s: Option<f64>,
    /// From the handshake to the greeting.
    pub banner_delay_s: Option<f64>,
}

/// How often each verb was said, in their order: an object.
#[derive(Debug)]
pub struct Verbs(pub Vec<(Verb, u64)>);

impl Serialize for Verbs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(verb, n)| (verb.as_str(), n)))
    }
}

/// A data channel.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Channel<'a> {
    /// 1-based.
    pub id: u32,
    /// passive, active, unknown.
    #[schemars(extend("enum" = MODES))]
    pub mode: &'static str,
    /// announced, reused, inferred.
    #[schemars(extend("enum" = ["announced", "reused", "inferred"]))]
    pub association: &'static str,
    /// Id of the channel whose endpoint was used again.
    pub reuses: Option<u32>,
    /// What announced it.
    pub announcement: Option<Announcement>,
    /// The transfer command that used it.
    pub command: Option<Command<'a>>,
    /// The data connection.
    pub connection: Option<Connection>,
    /// Failed dials before it.
    pub attempts: Vec<Connection>,
    /// completed, stalled, failed, aborted, unused, in-progress, unknown.
    #[schemars(extend("enum" = OUTCOMES))]
    pub outcome: &'static str,
    /// A stage, when stalled or failed.
    #[schemars(extend("enum" = stage_or_null()))]
    pub stalled_at: Option<&'static str>,
}

/// An announced endpoint.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Announcement {
    /// PASV, EPSV, PORT, EPRT, LPSV, LPRT, SPSV, CPSV.
    #[schemars(extend("enum" = KINDS))]
    pub kind: &'static str,
    /// The packet that carried the endpoint.
    pub frame: u32,
    /// Its file.
    pub file: u32,
    /// Its time.
    pub time: Time,
    /// As written.
    pub advertised: Option<Address>,
    /// Accepted by the other side and readable.
    pub accepted: Option<bool>,
}

/// A transfer command.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Command<'a> {
    /// Upper case.
    pub verb: &'a str,
    /// What follows it.
    pub argument: &'a str,
    /// Its packet.
    pub frame: u32,
    /// Its file.
    pub file: u32,
    /// Codes in order.
    pub replies: &'a [u16],
}

/// A data connection.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Connection {
    /// Who dialled.
    pub initiator: Address,
    /// Who was dialled.
    pub responder: Address,
    /// The first SYN.
    pub syn_frame: Option<u32>,
    /// Its file.
    pub syn_file: Option<u32>,
    /// SYNs sent.
    pub syns: u32,
    /// unanswered, refused, unreachable, handshake-incomplete, established, half-closed, closed,
    /// reset.
    #[schemars(extend("enum" = STATES))]
    pub state: &'static str,
    /// First packet.
    pub opened: Option<Time>,
    /// Handshake done.
    pub established: Option<Time>,
    /// First packet with payload.
    pub first_byte: Option<Time>,
    /// Latest packet with payload.
    pub last_byte: Option<Time>,
    /// Both FINs, or the RST.
    pub closed: Option<Time>,
    /// Payload.
    pub bytes_to_client: u64,
    /// Payload.
    pub bytes_to_server: u64,
    /// Sent, by the sequence numbers, and not in the capture.
    pub missing_bytes: u64,
    /// Segments sent again.
    pub retransmissions: u64,
    /// Time of zero window.
    pub zero_window_s: f64,
}

/// A transfer.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Transfer<'a> {
    /// Id of its channel.
    pub channel: Option<u32>,
    /// Upper case.
    pub verb: &'a str,
    /// Path, with the current directory in front when it is known.
    pub path: Option<&'a str>,
    /// Packet of the command.
    pub frame: u32,
    /// Its file.
    pub file: u32,
    /// Payload on its channel.
    pub bytes: Option<u64>,
    /// From the first to the last byte.
    pub duration_s: Option<f64>,
    /// Final reply.
    pub reply: Option<u16>,
    /// It ended with a 2xx and the data connection came to its end in order.
    pub complete: bool,
}

/// A line of the streamed report.
#[derive(Serialize, JsonSchema, Debug)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line<'a> {
    /// A judged session.
    Session {
        /// Always [`SCHEMA`].
        #[schemars(extend("enum" = [SCHEMA]))]
        schema: &'static str,
        /// The session, as in the document.
        #[serde(flatten)]
        session: Box<Session<'a>>,
    },
    /// Live only: a stall in a session that is still open, as soon as it stands.
    Stall {
        /// Always [`SCHEMA`].
        #[schemars(extend("enum" = [SCHEMA]))]
        schema: &'static str,
        /// The session as it stands.
        session: Box<Session<'a>>,
        /// The stall.
        diagnosis: Box<Diagnosis<'a>>,
    },
    /// The last line.
    Capture {
        /// Always [`SCHEMA`].
        #[schemars(extend("enum" = [SCHEMA]))]
        schema: &'static str,
        /// The capture.
        capture: Box<Capture<'a>>,
        /// How many sessions became what.
        summary: Summary,
        /// What needs many sessions.
        findings: Vec<Finding<'a>>,
    },
}
