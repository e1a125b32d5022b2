//! A session as a line of the list.

use std::time::Duration;

use ratatui::style::Style;

use crate::capture::Timestamp;
use crate::diagnose::{Judged, Severity, Silence, Status, Timer};
use crate::report::escape::escape;
use crate::report::ladder::waits_for;
use crate::report::text::palette;
use crate::session::{ClosingPoint, Exchange, Mode, Security, Session};

/// What is said of a session that goes on, of which nothing can be said yet.
const IN_PROGRESS: &str = "in progress";

/// A session as a line of the list: short texts, safe to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Tells the session from all others, from its first packet on; grows with time.
    pub key: u64,
    /// Number of the session; 0 while it has none, just after its beginning.
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
    /// When an open session was judged: what it waits for goes on since.
    pub open: Option<Timestamp>,
    /// Silences that the server's side ended: its timers.
    pub silences: Vec<Silence>,
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
        let bytes = s.channels.iter().filter_map(|c| c.connection.as_deref()).map(|c| c.bytes());
        let (bytes, flowed) = (bytes.sum(), flowed(s));
        Self {
            key: s.first.order,
            id: s.id,
            status: judged.status,
            start: s.first.time,
            length: s.last.time.since(s.first.time),
            client: s.client.to_string(),
            server: s.server.to_string(),
            user: s.user().map(|u| escape(u).into_owned()).unwrap_or_default(),
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
            waiting: worst.and_then(|d| waits_for(judged, d)).or_else(|| pending(s)),
            open: (s.closing_point == ClosingPoint::Open).then_some(s.judged_at.time),
            silences: Timer::silences(s),
            code: worst.map(|d| d.code).unwrap_or_default(),
            verdict: verdict(judged),
        }
    }

    /// What it waits for, and how long by now.
    pub fn waiting(&self, now: Option<Timestamp>) -> Option<(&str, Duration)> {
        let (what, length) = self.waiting.as_ref()?;
        let since = self.open.zip(now).map_or(Duration::ZERO, |(then, now)| now.since(then));
        Some((what, *length + since))
    }

    /// It goes on, and nothing can be said yet.
    pub fn in_progress(&self) -> bool {
        self.open.is_some() && self.status == Status::Undetermined
    }

    /// How it stands: a glyph, its style, a word.
    pub fn standing(&self) -> (&'static str, Style, &'static str) {
        if self.in_progress() {
            let (glyph, style) = palette::IN_PROGRESS;
            return (glyph, style, IN_PROGRESS);
        }
        let (glyph, style) = palette::status(self.status);
        (glyph, style, self.status.name())
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

/// What an open session waits for in the ordinary course of things, and how long it has.
fn pending(s: &Session) -> Option<(String, Duration)> {
    if s.closing_point != ClosingPoint::Open || s.control.ended() {
        return None;
    }
    let (what, since) = if !s.control.worked() {
        ("SYN-ACK".to_owned(), s.first)
    } else if let Some(e) = s.script.exchanges.last().filter(|e| e.final_reply.is_none()) {
        let flows = s.channels.iter().filter(|c| c.began() >= Some(e.at) || c.command.is_some());
        let flows = flows.filter_map(|c| c.connection.as_deref()).any(|c| !c.ended());
        let what = if flows { "end of" } else { "reply to" };
        (format!("{what} {}", e.verb), e.at)
    } else if let Some(c) = s.channels.last().filter(|c| c.attempts.is_empty())
        && c.connection.is_none()
        && let Some(a) = &c.announcement
    {
        ("data connection".to_owned(), a.at)
    } else if s.script.messages.is_empty() {
        ("banner".to_owned(), s.first)
    } else {
        ("command".to_owned(), s.last)
    };
    Some((what, s.judged_at.time.since(since.time)))
}

/// How long data flowed, all channels together.
fn flowed(s: &Session) -> Duration {
    let connections = s.channels.iter().filter_map(|c| c.connection.as_deref());
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
        [] if judged.session.closing_point == ClosingPoint::Open
            && judged.status == Status::Undetermined =>
        {
            IN_PROGRESS.to_owned()
        }
        [] => judged.status.name().to_owned(),
        [only] => match crate::diagnose::find(only) {
            Some(rule) => format!("{only} · {}", rule.title),
            None => (*only).to_owned(),
        },
        several => several.join(", "),
    }
}
