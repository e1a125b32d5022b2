//! Fields of a filter, and what of a session each looks at.

use super::value::Value;
use crate::diagnose::Judged;
use crate::report::names::{LOGINS, MODES, SECURITIES, SEVERITIES, STAGES, STATUSES, VANTAGES};
use crate::session::{Login, Mode, Security, VantagePoint};

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as in the language")]
pub enum Field {
    Status,
    Server,
    Client,
    Ip,
    User,
    Verb,
    Path,
    Code,
    Severity,
    Stage,
    Mode,
    Vantage,
    Security,
    Login,
    Port,
    ControlPort,
    DataPort,
    Bytes,
    Duration,
    Id,
}

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Address,
    /// One of these.
    OneOf(&'static [&'static str]),
}

const FIELDS: &[(&str, Field, Kind)] = &[
    ("status", Field::Status, Kind::OneOf(&STATUSES)),
    ("server", Field::Server, Kind::Address),
    ("client", Field::Client, Kind::Address),
    ("ip", Field::Ip, Kind::Address),
    ("user", Field::User, Kind::Text),
    ("verb", Field::Verb, Kind::Text),
    ("path", Field::Path, Kind::Text),
    ("code", Field::Code, Kind::Text),
    ("severity", Field::Severity, Kind::OneOf(&SEVERITIES)),
    ("stage", Field::Stage, Kind::OneOf(&STAGES)),
    ("mode", Field::Mode, Kind::OneOf(&MODES)),
    ("vantage", Field::Vantage, Kind::OneOf(&VANTAGES)),
    ("security", Field::Security, Kind::OneOf(&SECURITIES)),
    ("login", Field::Login, Kind::OneOf(&LOGINS)),
    ("port", Field::Port, Kind::Number),
    ("control-port", Field::ControlPort, Kind::Number),
    ("data-port", Field::DataPort, Kind::Number),
    ("bytes", Field::Bytes, Kind::Number),
    ("duration", Field::Duration, Kind::Number),
    ("id", Field::Id, Kind::Number),
];

impl Field {
    /// The names of all fields.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FIELDS.iter().map(|f| f.0)
    }

    pub(super) fn named(name: &str) -> Option<(Self, Kind)> {
        let name = name.to_lowercase();
        FIELDS.iter().find(|f| f.0 == name).map(|f| (f.1, f.2))
    }

    pub(super) fn matches(self, values: &[Value], j: &Judged) -> bool {
        values.iter().any(|v| self.is(v, j))
    }

    fn is(self, v: &Value, j: &Judged) -> bool {
        let s = &j.session;
        let connections = || {
            s.channels.iter().flat_map(|c| c.connection.as_deref().into_iter().chain(&c.attempts))
        };
        match self {
            Self::Status => v.is(j.status.name()),
            Self::Server => v.contains(s.server.ip),
            Self::Client => v.contains(s.client.ip),
            Self::Ip => {
                let data = connections().flat_map(|c| [c.initiator.ip, c.responder.ip]);
                let announced = s
                    .channels
                    .iter()
                    .filter_map(|c| c.announcement.as_ref()?.advertised)
                    .map(|a| a.ip);
                [s.client.ip, s.server.ip]
                    .into_iter()
                    .chain(data)
                    .chain(announced)
                    .any(|ip| v.contains(ip))
            }
            Self::User => s.user().is_some_and(|u| v.is(u)),
            Self::Verb => s.script.exchanges.iter().any(|e| v.is(e.verb.as_str())),
            Self::Path => s.transfers.iter().filter_map(|t| s.path(t)).any(|p| v.is(p)),
            Self::Code => j.diagnoses.iter().any(|d| v.is(d.code)),
            Self::Severity => j.diagnoses.iter().any(|d| v.is(d.severity.name())),
            Self::Stage => j.diagnoses.iter().any(|d| v.is(d.stage.name())),
            Self::Mode => s.channels.iter().any(|c| {
                v.is(match c.mode {
                    Mode::Passive => "passive",
                    Mode::Active => "active",
                    Mode::Unknown => "unknown",
                })
            }),
            Self::Vantage => v.is(match s.vantage.point {
                VantagePoint::Client => "client",
                VantagePoint::Server => "server",
                VantagePoint::Between => "between",
                VantagePoint::Unknown => "unknown",
            }),
            Self::Security => v.is(match s.security {
                Security::Plain => "plain",
                Security::ExplicitTls => "explicit-tls",
                Security::ImplicitTls => "implicit-tls",
            }),
            Self::Login => v.is(match s.login {
                Login::Accepted => "accepted",
                Login::Refused => "refused",
                Login::Pending => "pending",
                Login::None => "none",
                Login::Hidden => "hidden",
            }),
            Self::Port => {
                Self::ControlPort.is(v, j)
                    || Self::DataPort.is(v, j)
                    || v.holds(f64::from(s.client.port))
            }
            Self::ControlPort => v.holds(f64::from(s.server.port)),
            Self::DataPort => {
                let dialled = connections().flat_map(|c| [c.initiator.port, c.responder.port]);
                let announced = s
                    .channels
                    .iter()
                    .filter_map(|c| c.announcement.as_ref()?.advertised)
                    .map(|a| a.port);
                dialled.chain(announced).any(|p| v.holds(f64::from(p)))
            }
            Self::Bytes => v.holds(s.transfers.iter().filter_map(|t| t.bytes).sum::<u64>() as f64),
            Self::Duration => v.holds(s.last.time.since(s.first.time).as_secs_f64()),
            Self::Id => v.holds(s.id as f64),
        }
    }
}

/// Whether a word is found in any text of a session.
pub(super) fn any_text(word: &Value, j: &Judged) -> bool {
    let s = &j.session;
    let own = [s.user(), s.banner(), s.software.as_deref(), Some(j.status.name())];
    own.into_iter().flatten().any(|t| word.is_in(t))
        || [s.client, s.server].iter().any(|e| word.is_in(&e.to_string()))
        || s.script.messages.iter().filter_map(|m| s.script.text(m)).any(|t| word.is_in(t))
        || s.transfers.iter().filter_map(|t| s.path(t)).any(|p| word.is_in(p))
        || j.diagnoses
            .iter()
            .any(|d| word.is_in(d.code) || word.is_in(&d.summary) || word.is_in(&d.reasoning))
        || j.diagnoses.iter().flat_map(|d| &d.evidence).any(|e| word.is_in(&e.text))
        || j.diagnoses.iter().flat_map(|d| &d.advice).any(|a| word.is_in(&a.text))
}
