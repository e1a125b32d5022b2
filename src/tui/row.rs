//! A session as a line of the list.

use std::time::Duration;

use crate::capture::Timestamp;
use crate::diagnose::{Judged, Severity, Status};
use crate::report::escape::escape;
use crate::report::ladder::waits_for;
use crate::session::{Exchange, Mode, Security, Session};

/// A session as a line of the list: short texts, safe to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number of the session.
    pub id: u64,
    /// The verdict in a word.
    pub status: Status,
    /// First packet.
    pub start: Timestamp,
    /// From the first to the latest packet.
    pub length: Duration,
    /// The client's end.
    pub client: String,
    /// The server's end.
    pub server: String,
    /// Who logged in.
    pub user: String,
    /// `TLS` or nothing; `TLS?` where AUTH was refused.
    pub tls: &'static str,
    /// How its data channels are dialled: `pasv`, `port`, `both`.
    pub mode: &'static str,
    /// Transfers that were confirmed.
    pub done: u64,
    /// Transfers that were asked for.
    pub transfers: u64,
    /// Payload of its data channels.
    pub bytes: u64,
    /// Bytes a second while data flowed.
    pub rate: Option<u64>,
    /// What it waited for, and how long, where it stalled.
    pub waiting: Option<(String, Duration)>,
    /// Code of the worst diagnosis.
    pub code: &'static str,
    /// What it is called.
    pub verdict: String,
}

impl Row {
    /// The line of a session.
    pub fn new(judged: &Judged) -> Self {
        let s = &judged.session;
        let worst = judged.diagnoses.iter().find(|d| d.severity != Severity::Info);
        let bytes = s.channels.iter().filter_map(|c| c.connection.as_ref()).map(|c| c.bytes());
        let (bytes, flowed) = (bytes.sum(), flowed(s));
        Self {
            id: s.id,
            status: judged.status,
            start: s.first.time,
            length: s.last.time.since(s.first.time),
            client: s.client.to_string(),
            server: s.server.to_string(),
            user: s.user.as_deref().map(|u| escape(u).into_owned()).unwrap_or_default(),
            tls: match s.security {
                Security::Plain => "",
                Security::ExplicitTls => "TLS",
                Security::ImplicitTls => "TLS",
            },
            mode: mode(s),
            done: confirmed(s),
            transfers: s.transfers.len() as u64,
            bytes,
            rate: (!flowed.is_zero()).then(|| (bytes as f64 / flowed.as_secs_f64()) as u64),
            waiting: worst.and_then(|d| waits_for(judged, d)),
            code: worst.map(|d| d.code).unwrap_or_default(),
            verdict: verdict(judged),
        }
    }

    /// Critical trouble.
    pub fn is_problem(&self) -> bool {
        matches!(self.status, Status::Suspicious | Status::Stalled | Status::Failed)
    }
}

fn confirmed(s: &Session) -> u64 {
    let exchanges = s.transfers.iter().filter_map(|t| s.script.exchanges.get(t.exchange));
    exchanges.filter(|e| Exchange::succeeded(e)).count() as u64
}

/// How long data flowed, all channels together.
fn flowed(s: &Session) -> Duration {
    let connections = s.channels.iter().filter_map(|c| c.connection.as_ref());
    let spans = connections.filter_map(|c| Some(c.last_byte()?.time.since(c.first_byte()?.time)));
    spans.sum()
}

fn mode(s: &Session) -> &'static str {
    let has = |m: Mode| s.channels.iter().any(|c| c.mode == m);
    match (has(Mode::Passive), has(Mode::Active)) {
        (true, true) => "both",
        (true, false) => "pasv",
        (false, true) => "port",
        (false, false) => "",
    }
}

/// The worst diagnosis by its code and title; without one, what became of the session.
fn verdict(judged: &Judged) -> String {
    let serious = judged.diagnoses.iter().filter(|d| d.severity != Severity::Info);
    let mut codes: Vec<&str> = serious.map(|d| d.code).collect();
    codes.dedup();
    match codes.as_slice() {
        [] => judged.status.name().to_owned(),
        [only] => match crate::diagnose::find(only) {
            Some(rule) => format!("{only} · {}", rule.title),
            None => (*only).to_owned(),
        },
        several => several.join(", "),
    }
}
