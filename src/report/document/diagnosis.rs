//! A diagnosis, as it is serialised.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::super::names::{SEVERITIES, STAGES};
use super::super::time::Time;

/// A verdict.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Diagnosis<'a> {
    /// From the catalogue.
    pub code: &'static str,
    /// critical, warning, info.
    #[schemars(extend("enum" = SEVERITIES))]
    pub severity: &'static str,
    /// Where in the session.
    #[schemars(extend("enum" = STAGES))]
    pub stage: &'static str,
    /// The first affected channel.
    pub channel: Option<u32>,
    /// All affected channels.
    pub channels: &'a [u32],
    /// certain, likely, possible.
    #[schemars(extend("enum" = ["certain", "likely", "possible"]))]
    pub confidence: &'static str,
    /// One sentence.
    pub summary: &'a str,
    /// Why.
    pub reasoning: &'a str,
    /// Packets.
    pub evidence: Vec<Evidence<'a>>,
    /// What to change.
    #[schemars(with = "Vec<Advice<'a>>")]
    pub advice: AdviceList<'a>,
}

/// What to change.
#[derive(Debug)]
pub enum AdviceList<'a> {
    /// One by one.
    List(Vec<Advice<'a>>),
    /// As it stands in a document, for those who write documents.
    Written(&'a [u8]),
}

impl Serialize for AdviceList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::List(list) => list.serialize(serializer),
            Self::Written(json) => serializer.serialize_bytes(json),
        }
    }
}

/// A packet that supports a verdict.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Evidence<'a> {
    /// Frame number.
    pub frame: u32,
    /// Its file.
    pub file: u32,
    /// Its time.
    pub time: Time,
    /// What it shows.
    pub text: &'a str,
}

/// What to change.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Advice<'a> {
    /// firewall, server, client, capture.
    #[serde(rename = "for")]
    #[schemars(extend("enum" = ["firewall", "server", "client", "capture"]))]
    pub audience: &'static str,
    /// One or two sentences.
    pub text: &'a str,
    /// Something to paste.
    pub example: Option<&'a str>,
    /// The same, piece by piece.
    pub snippets: Vec<Snippet<'a>>,
}

/// A piece of an example, of one kind.
#[derive(Serialize, JsonSchema, Debug)]
pub struct Snippet<'a> {
    /// shell, nftables, iptables, windows-firewall: commands. client: settings of clients. vsftpd,
    /// proftpd, pure-ftpd, filezilla, iis, pyftpdlib: settings of that server. text: words.
    #[schemars(extend("enum" = [
        "text", "shell", "nftables", "iptables", "windows-firewall", "client", "vsftpd", "proftpd", "pure-ftpd",
        "filezilla", "iis", "pyftpdlib"
    ]))]
    pub kind: &'static str,
    /// Where it goes: a file, a dialogue.
    pub place: Option<&'a str>,
    /// The lines.
    pub text: Cow<'a, str>,
}
