//! How long was silence before someone ended it.

use std::time::Duration;

use crate::capture::Moment;
use crate::ftp::command::Verb;
use crate::session::{Channel, MessageKind, Session};

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

    /// The server's side ended it.
    pub fn by_server(self) -> bool {
        matches!(self, Self::Reply(_) | Self::ServerFin | Self::ServerRst)
    }
}

/// A silence that someone ended.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
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
pub(super) fn of(s: &Session) -> Vec<Silence> {
    let mut found = Vec::new();
    let messages = &s.script.messages;
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
                let verb = s.script.exchanges.get(i).map(|e| e.verb);
                (verb != Some(Verb::NOOP)).then_some(End::ClientWord)
            }
            _ => None,
        };
        if let (Some(end), Some(lasted)) = (end, lasted) {
            found.push(Silence { end, lasted, at: m.at, session: s.id });
        }
        match m.kind {
            MessageKind::Command(_) => outstanding = true,
            MessageKind::Reply(code, _) if code >= 200 => outstanding = false,
            _ => {}
        }
        last_said = Some(m.at);
    }
    let server = s.from_server();
    let client = s.from_client();
    let rst = |h: &crate::tcp::Half| h.rst.map(|r| r.at);
    let ends = [
        (End::ServerFin, server.fin),
        (End::ServerRst, rst(server)),
        (End::ClientClose, client.fin),
        (End::ClientClose, rst(client)),
    ];
    let first = ends.into_iter().filter_map(|(e, at)| Some((e, at?))).min_by_key(|(_, at)| *at);
    if let Some((end, at)) = first
        && let Some(lasted) = quiet_before(s, at, last_said)
    {
        found.push(Silence { end, lasted, at, session: s.id });
    }
    found
}

/// How long nothing was said and no data came before `at`.
fn quiet_before(s: &Session, at: Moment, said: Option<Moment>) -> Option<Duration> {
    let data = s.channels.iter().filter_map(|c| c.connection.as_ref());
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
    last.is_some_and(|c| c.connection.as_ref().is_some_and(|d| !d.worked()))
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
}
