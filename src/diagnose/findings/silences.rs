//! How long was silence before someone ended it.

use std::time::Duration;

use crate::capture::{Moment, Timestamp};
use crate::ftp::command::Verb;
use crate::session::{Channel, Exchange, Message, MessageKind, Session};

/// Shorter silences are round trips, disks, and people.
const SHORTEST: Duration = Duration::from_secs(5);

/// Who ended a silence and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The server's reply with this code.
    Reply(u16),
    /// The server's FIN, without a word.
    ServerFin,
    /// The server's RST.
    ServerRst,
    /// The client's next word (QUIT, ABOR or another command) although an answer was outstanding.
    ClientWord,
    /// The client's FIN or RST.
    ClientClose,
}

impl End {
    /// For a sentence: "the server …".
    pub fn words(self) -> String {
        match self {
            Self::Reply(code) => format!("the server says {code}"),
            Self::ServerFin => "the server closes without a word".to_owned(),
            Self::ServerRst => "an RST in the server's name ends it".to_owned(),
            Self::ClientWord => "the client gives up waiting".to_owned(),
            Self::ClientClose => "the client closes".to_owned(),
        }
    }

    /// In a word: a reply's code, or what the connection shows.
    pub fn sign(self) -> String {
        match self {
            Self::Reply(code) => code.to_string(),
            Self::ServerFin => "FIN".to_owned(),
            Self::ServerRst => "RST".to_owned(),
            Self::ClientWord => "the client's next word".to_owned(),
            Self::ClientClose => "the client's FIN".to_owned(),
        }
    }

    /// The server's side ended it.
    pub fn by_server(self) -> bool {
        matches!(self, Self::Reply(_) | Self::ServerFin | Self::ServerRst)
    }
}

/// What was outstanding while it was silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outstanding {
    /// Nothing: the client had not asked for anything.
    Command,
    /// The login.
    Login,
    /// The data connection of a transfer, or of an announcement.
    DataConnection,
    /// Bytes, or the end, of an open data connection.
    Data,
    /// The answer to another command.
    Reply,
    /// What, is encrypted.
    Hidden,
}

impl Outstanding {
    /// For a sentence: "after 300 s …".
    pub fn words(self) -> &'static str {
        match self {
            Self::Command => "without a command",
            Self::Login => "without a login",
            Self::DataConnection => "without a data connection",
            Self::Data => "without data",
            Self::Reply => "without a reply",
            Self::Hidden => "of silence under TLS",
        }
    }
}

/// A silence that someone ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// What was outstanding.
    pub outstanding: Outstanding,
    /// Who ended it.
    pub end: End,
    /// How long it was.
    pub lasted: Duration,
    /// The packet that ended it.
    pub at: Moment,
    /// Whose.
    pub session: u64,
}

/// The silences of a session that someone ended: at most one by a reply or a word, one by the end.
pub fn of(s: &Session) -> Vec<Silence> {
    let mut found = Vec::new();
    let messages = &s.script.messages;
    let (server, client) = (s.from_server(), s.from_client());
    let rst = |h: &crate::tcp::Half| h.rst.map(|r| r.at);
    let ends = [
        (End::ServerFin, server.fin),
        (End::ServerRst, rst(server)),
        (End::ClientClose, client.fin),
        (End::ClientClose, rst(client)),
    ];
    // Most sessions are shorter than a silence that counts.
    let times = messages.iter().map(|m| m.at).chain(ends.iter().filter_map(|e| e.1));
    let (first, last) = times
        .map(|at| at.time)
        .fold((Timestamp::MAX, Timestamp::MIN), |(a, b), at| (a.min(at), b.max(at)));
    if last.since(first) < SHORTEST {
        return found;
    }
    let mut outstanding = false;
    let mut last_said = None;
    for m in messages {
        let lasted = quiet_before(s, m.at, last_said);
        let end = match m.kind {
            MessageKind::Reply(code @ (421 | 425 | 426), _) => Some(End::Reply(code)),
            // A person thinks as long; a program that waits for an answer has a timer.
            MessageKind::Command(i)
                if lasted.is_some() && (outstanding || dialled_in_vain(s, last_said)) =>
            {
                let verb = s.script.exchanges.get(i as usize).map(|e| e.verb);
                (verb != Some(Verb::NOOP)).then_some(End::ClientWord)
            }
            _ => None,
        };
        if let (Some(end), Some(lasted)) = (end, lasted) {
            let outstanding = outstanding_at(s, m.at);
            found.push(Silence { outstanding, end, lasted, at: m.at, session: s.id });
        }
        match m.kind {
            MessageKind::Command(_) => outstanding = true,
            MessageKind::Reply(code, _) if code >= 200 => outstanding = false,
            _ => {}
        }
        last_said = Some(m.at);
    }
    let first = ends.into_iter().filter_map(|(e, at)| Some((e, at?))).min_by_key(|(_, at)| *at);
    if let Some((end, at)) = first
        && let Some(lasted) = quiet_before(s, at, last_said)
    {
        let outstanding = outstanding_at(s, at);
        found.push(Silence { outstanding, end, lasted, at, session: s.id });
    }
    found
}

/// What was outstanding just before `at`.
fn outstanding_at(s: &Session, at: Moment) -> Outstanding {
    let hidden = |m: &&Message| matches!(m.kind, MessageKind::ClientTls | MessageKind::ServerTls);
    if s.script.messages.iter().take_while(|m| m.at < at).last().filter(hidden).is_some() {
        return Outstanding::Hidden;
    }
    let exchanges = || s.script.exchanges.iter().enumerate().take_while(|(_, e)| e.at < at);
    let unanswered = |e: &Exchange| e.final_reply.is_none_or(|(_, replied)| replied >= at);
    let connected = |c: &Channel| {
        let up = c.connection.as_deref().and_then(|d| d.established);
        up.is_some_and(|up| up < at)
    };
    // Else the capture may have begun after the login.
    let greeted = s.script.messages.iter().any(|m| matches!(m.kind, MessageKind::Reply(220, _)));
    // A transfer's command may come long after its announcement.
    let last_channel = || s.channels.iter().rfind(|c| c.began().is_some_and(|b| b < at));
    match exchanges().last().filter(|(_, e)| unanswered(e)) {
        Some((i, e)) if e.verb.is_transfer() => {
            let own = s.channels.iter().find(|c| c.command == Some(i)).or_else(last_channel);
            match own.is_some_and(connected) {
                true => Outstanding::Data,
                false => Outstanding::DataConnection,
            }
        }
        Some(_) => Outstanding::Reply,
        None if greeted && !exchanges().any(|(_, e)| matches!(e.final_code(), Some(230 | 232))) => {
            Outstanding::Login
        }
        None => {
            let announced = exchanges().last().map(|(i, _)| i);
            let waits =
                |c: &Channel| c.announcing.is_some() && c.announcing == announced && !connected(c);
            match last_channel().is_some_and(waits) {
                true => Outstanding::DataConnection,
                false => Outstanding::Command,
            }
        }
    }
}

/// How long nothing was said and no data came before `at`.
fn quiet_before(s: &Session, at: Moment, said: Option<Moment>) -> Option<Duration> {
    let data = s.channels.iter().filter_map(|c| c.connection.as_deref());
    // Most silences are short: what was said tells without a look at the data.
    said.filter(|m| at.time.since(m.time) >= SHORTEST)?;
    let moments = data.flat_map(|d| [d.last_byte(), d.established, d.closed()]);
    let data = moments.flatten().filter(|m| *m < at).max();
    let since = said.filter(|m| *m < at).max(data)?;
    let lasted = at.time.since(since.time);
    (lasted >= SHORTEST).then_some(lasted)
}

/// What was said last announced a port, and no dial of it worked.
fn dialled_in_vain(s: &Session, said: Option<Moment>) -> bool {
    let announced = |c: &&Channel| said.is_some() && c.began() == said;
    let last = s.channels.iter().find(announced);
    last.is_some_and(|c| c.connection.as_deref().is_some_and(|d| !d.worked()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::scene::Scene;

    #[test]
    fn only_what_a_timer_may_have_ended() {
        let mut scene = Scene::new();
        scene.pasv(50_000).wait(100);
        scene.dial("192.0.2.1:41000", "203.0.113.5:50000", 3);
        scene.wait(57_000);
        scene.asks("RETR a", "425 Failed to establish connection.").wait(20_000);
        scene.quits();
        let judged = scene.judged();
        let ends: Vec<_> =
            of(&judged.session).iter().map(|s| (s.end, s.lasted.as_secs())).collect();
        assert_eq!(ends, [(End::ClientWord, 59)]);
    }

    #[test]
    fn what_was_outstanding() {
        let told = |scene: &mut Scene| {
            let judged = scene.judged();
            let all: Vec<_> = of(&judged.session)
                .iter()
                .map(|s| (s.end, s.outstanding, s.lasted.as_secs()))
                .collect();
            all
        };
        use Outstanding::{Command, DataConnection, Login};
        let mut idle = Scene::new();
        idle.wait(300_000).server("421 Timeout.").leaves();
        assert_eq!(told(&mut idle), [(End::Reply(421), Command, 300)]);
        let mut nobody = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        nobody.server("220 ready").wait(60_000).server("421 Login timeout.").leaves();
        assert_eq!(told(&mut nobody), [(End::Reply(421), Login, 60)]);
        let mut blocked = Scene::new();
        blocked.pasv(50_000).wait(100);
        blocked.client("RETR a").wait(60_000);
        blocked.server("425 Failed to establish connection.").quits();
        assert_eq!(told(&mut blocked), [(End::Reply(425), DataConnection, 60)]);
    }
}
