//! How far a session got: seven steps, each done, failed or not reached.

use super::units;
use crate::capture::Moment;
use crate::diagnose::{Judged, Outcome, Severity, Stage};
use crate::session::{
    Announcement, Association, Channel, Connection, ConnectionState, Exchange, Login, Opening,
    Session,
};

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It was done.
    Done,
    /// It was tried or waited for in vain.
    Failed,
    /// It was not reached, or the capture can't tell.
    Open,
}

impl Mark {
    /// ✓, ✗ or –.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Done => "✓",
            Self::Failed => "✗",
            Self::Open => "–",
        }
    }
}

/// One step of a session.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called.
    pub name: &'static str,
    /// What became of it.
    pub mark: Mark,
    /// The packet that shows it.
    pub at: Option<Moment>,
    /// A few words: a reply code, a count of SYNs, why it is open.
    pub note: String,
}

impl Step {
    fn new(name: &'static str, mark: Mark, at: Option<Moment>, note: impl Into<String>) -> Self {
        Self { name, mark, at, note: note.into() }
    }
}

/// The channel that tells most about a session: the one of its worst diagnosis, else the first
/// that stalled or failed, else the last that served a command, else the last.
pub fn telling_channel(judged: &Judged) -> Option<&Channel> {
    let s = &judged.session;
    let blamed = judged
        .diagnoses
        .iter()
        .filter(|d| d.severity != Severity::Info)
        .find_map(|d| d.channels.first());
    let broken = || {
        let outcomes = judged.outcomes.iter().map(|o| o.0);
        let mut both = s.channels.iter().zip(outcomes);
        both.find(|(_, o)| matches!(o, Outcome::Stalled | Outcome::Failed)).map(|(c, _)| c)
    };
    blamed
        .and_then(|id| s.channel(*id))
        .or_else(broken)
        .or_else(|| s.channels.iter().rev().find(|c| c.command.is_some()))
        .or(s.channels.last())
}

/// What became of a channel, and at which stage it stalled or failed.
pub fn outcome_of(judged: &Judged, channel: &Channel) -> (Outcome, Option<Stage>) {
    let index = judged.session.channels.iter().position(|c| c.id == channel.id);
    index.and_then(|i| judged.outcomes.get(i)).copied().unwrap_or((Outcome::Unknown, None))
}

/// The seven steps of a session, the later four as this channel went through them.
pub fn steps(judged: &Judged, channel: Option<&Channel>) -> [Step; 7] {
    let s = &judged.session;
    let (outcome, stalled_at) = match channel {
        Some(c) => outcome_of(judged, c),
        None => (Outcome::Unknown, None),
    };
    let exchange = match channel {
        Some(c) => c.command,
        None => s.transfers.last().map(|t| t.exchange),
    };
    let exchange = exchange.and_then(|i| s.script.exchanges.get(i));
    [
        connect(s),
        banner(s),
        login(s),
        announce(s, channel),
        data_connect(channel, outcome, stalled_at),
        transfer(channel, exchange, outcome, stalled_at),
        final_reply(s, exchange, outcome, stalled_at),
    ]
}

fn connect(s: &Session) -> Step {
    let c = &s.control;
    let step = |mark, at, note: String| Step::new("connect", mark, at, note);
    let syns = || units::count(u64::from(c.from_initiator.syns), "SYN");
    match s.opening {
        Opening::Complete => {
            step(Mark::Done, c.established.or(c.from_responder.syn), String::new())
        }
        Opening::Unanswered => {
            step(Mark::Failed, c.from_initiator.last_syn, format!("{} unanswered", syns()))
        }
        Opening::Refused => step(Mark::Failed, c.reset().map(|r| r.1.at), "refused".into()),
        Opening::Unreachable => {
            step(Mark::Failed, c.unreachable().map(|i| i.at), "unreachable".into())
        }
        Opening::Missing => step(Mark::Open, None, "before the capture".into()),
    }
}

fn banner(s: &Session) -> Step {
    let step = |mark, at, note: String| Step::new("banner", mark, at, note);
    if let Some(what) = s.not_ftp {
        return step(Mark::Failed, s.from_server().first_byte, format!("speaks {what}"));
    }
    if let Some(banner) = s.banner() {
        let code = banner.get(..3).unwrap_or_default();
        let refused = code.starts_with(['4', '5']) && code.bytes().all(|b| b.is_ascii_digit());
        let mark = if refused { Mark::Failed } else { Mark::Done };
        return step(mark, s.banner_at(), if refused { code.to_owned() } else { String::new() });
    }
    match s.opening {
        Opening::Complete if s.hidden() => step(Mark::Open, None, "encrypted".into()),
        Opening::Complete => step(Mark::Failed, None, "none came".into()),
        _ => step(Mark::Open, None, String::new()),
    }
}

fn login(s: &Session) -> Step {
    let step = |mark, at, note: String| Step::new("login", mark, at, note);
    let asked = |e: &&Exchange| matches!(e.verb.as_str(), "USER" | "PASS" | "ACCT");
    let last = |wanted: fn(&Exchange) -> bool| {
        s.script.exchanges.iter().rev().filter(asked).find(|e| wanted(e))
    };
    match s.login {
        Login::Accepted => {
            let at = last(Exchange::succeeded).and_then(|e| e.final_reply).map(|r| r.1);
            step(Mark::Done, at, String::new())
        }
        Login::Refused => {
            let reply = last(Exchange::refused).and_then(|e| e.final_reply);
            let note = reply.map(|r| r.0.to_string()).unwrap_or_default();
            step(Mark::Failed, reply.map(|r| r.1), note)
        }
        Login::Pending => {
            let at = s.script.exchanges.iter().rev().find(asked).map(|e| e.at);
            step(Mark::Failed, at, "no answer".into())
        }
        Login::Hidden if s.tls.as_ref().is_some_and(|t| t.broke_off()) => {
            step(Mark::Failed, None, "TLS failed".into())
        }
        Login::Hidden => step(Mark::Open, None, "encrypted".into()),
        Login::None if s.opening == Opening::Missing => {
            step(Mark::Open, None, "not captured".into())
        }
        Login::None => step(Mark::Open, None, String::new()),
    }
}

fn announce(s: &Session, channel: Option<&Channel>) -> Step {
    let step = |mark, at, note: String| Step::new("announce", mark, at, note);
    let Some(channel) = channel else {
        let refused = s.script.exchanges.iter().rev().find(|e| e.verb.announces() && e.refused());
        return match refused.and_then(|e| e.final_reply) {
            Some((code, at)) => step(Mark::Failed, Some(at), code.to_string()),
            None => step(Mark::Open, None, String::new()),
        };
    };
    match (&channel.announcement, channel.association) {
        (Some(Announcement { kind, at, accepted, .. }), _) => {
            let mark = match accepted {
                Some(true) => Mark::Done,
                Some(false) => Mark::Failed,
                None => Mark::Open,
            };
            step(mark, Some(*at), kind.name().to_owned())
        }
        (None, Association::Reused) => step(Mark::Done, None, "reused".into()),
        (None, _) if s.hidden() => step(Mark::Open, None, "encrypted".into()),
        (None, _) => step(Mark::Open, None, "not captured".into()),
    }
}

fn data_connect(channel: Option<&Channel>, outcome: Outcome, at: Option<Stage>) -> Step {
    let step = |mark, at, note: String| Step::new("data connect", mark, at, note);
    let Some(channel) = channel else { return step(Mark::Open, None, String::new()) };
    let Some(c) = &channel.connection else {
        let failed =
            matches!(outcome, Outcome::Stalled | Outcome::Failed) && at == Some(Stage::DataConnect);
        return match (failed, channel.attempts.last()) {
            (_, Some(dial)) => dialled(dial),
            (true, None) => step(Mark::Failed, None, "no SYN seen".into()),
            (false, None) if outcome == Outcome::Completed => {
                step(Mark::Open, None, "not captured".into())
            }
            (false, None) => step(Mark::Open, None, String::new()),
        };
    };
    dialled(c)
}

fn dialled(c: &Connection) -> Step {
    let syns = units::count(u64::from(c.from_initiator.syns), "SYN");
    let (mark, at, note) = match c.state() {
        ConnectionState::Unanswered => {
            (Mark::Failed, c.from_initiator.last_syn, format!("{syns} unanswered"))
        }
        ConnectionState::Refused => (Mark::Failed, c.reset().map(|r| r.1.at), "refused".into()),
        ConnectionState::Unreachable => {
            (Mark::Failed, c.unreachable().map(|i| i.at), "unreachable".into())
        }
        ConnectionState::HandshakeIncomplete => {
            (Mark::Failed, c.from_responder.syn, "SYN-ACK only".into())
        }
        _ if c.worked() => (Mark::Done, c.established, String::new()),
        _ => (Mark::Failed, c.closed(), "reset".into()),
    };
    Step::new("data connect", mark, at, note)
}

fn transfer(
    channel: Option<&Channel>,
    exchange: Option<&Exchange>,
    outcome: Outcome,
    stalled_at: Option<Stage>,
) -> Step {
    let step = |mark, at, note: String| Step::new("transfer", mark, at, note);
    let connection = channel.and_then(|c| c.connection.as_deref()).filter(|c| c.worked());
    let Some(c) = connection else { return step(Mark::Open, None, String::new()) };
    let moved = units::bytes(c.bytes());
    let last = c.last_byte();
    let reset = c.state() == ConnectionState::Reset;
    let confirmed = exchange.is_some_and(Exchange::succeeded);
    let refused = exchange.is_some_and(Exchange::refused);
    match (outcome, stalled_at) {
        // Nothing was ever to come.
        _ if refused && c.bytes() == 0 => step(Mark::Open, None, String::new()),
        (_, Some(Stage::Tls)) => step(Mark::Failed, last, "TLS failed".into()),
        (_, Some(Stage::DataTransfer)) => step(Mark::Failed, last, moved),
        (Outcome::Completed, _) | (_, Some(Stage::Completion)) => {
            step(Mark::Done, last.or(c.closed()), moved)
        }
        (Outcome::Aborted, _) => step(Mark::Failed, last, format!("{moved}, aborted")),
        (Outcome::InProgress, _) => step(Mark::Open, last, format!("{moved} so far")),
        _ if confirmed => step(Mark::Done, last.or(c.closed()), moved),
        _ if reset => step(Mark::Failed, last, format!("{moved}, reset")),
        _ if c.bytes() > 0 && c.ended() => step(Mark::Done, last, moved),
        (Outcome::Stalled | Outcome::Failed, _) if exchange.is_some() => {
            step(Mark::Failed, last, moved)
        }
        _ => step(Mark::Open, last, if c.bytes() > 0 { moved } else { String::new() }),
    }
}

fn final_reply(
    s: &Session,
    exchange: Option<&Exchange>,
    outcome: Outcome,
    stalled_at: Option<Stage>,
) -> Step {
    let step = |mark, at, note: String| Step::new("final reply", mark, at, note);
    let Some(exchange) = exchange else {
        let note = if s.hidden() { "encrypted" } else { "" };
        return step(Mark::Open, None, note.into());
    };
    match exchange.final_reply {
        Some((code, at)) if exchange.refused() => step(Mark::Failed, Some(at), code.to_string()),
        Some((code, at)) => step(Mark::Done, Some(at), code.to_string()),
        None if stalled_at == Some(Stage::Completion) => step(Mark::Failed, None, "none".into()),
        None if outcome == Outcome::Stalled => step(Mark::Open, None, "none".into()),
        None => step(Mark::Open, None, String::new()),
    }
}
