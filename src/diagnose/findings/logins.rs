//! Refused logins of a client.

use std::collections::BTreeSet;
use std::time::Duration;

use super::ids::Ids;
use super::widen;
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::diagnose::rules::{demands_tls, too_many};
use crate::diagnose::{Sign, Signs};
use crate::ftp::command::Verb;
use crate::session::{Exchange, Login, Script, Session};

/// Attempts within this time count together.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Times of attempts kept; user names and servers kept.
const KEPT: usize = 256;
const NAMES: usize = 100;

/// Refused logins of one client.
#[derive(Debug, Default)]
pub struct Logins {
    /// The latest attempts' refusals, by time.
    recent: Vec<Moment>,
    /// All refusals.
    pub refused: u64,
    /// Logins that succeeded.
    pub accepted: u64,
    /// The most refusals within [`WINDOW`], and the first and last of them.
    pub most: Option<(usize, Moment, Moment)>,
    /// The first refusal and the last.
    pub span: Option<(Moment, Moment)>,
    /// Names that were tried.
    pub users: BTreeSet<String>,
    /// Where.
    pub servers: BTreeSet<Endpoint>,
    /// Sessions with refusals.
    pub sessions: Ids,
    /// The latest login that succeeded with a name that had been refused before it.
    pub got_in: Option<(Moment, u64)>,
}

/// The refusal of a name or a password: not of clear text, nor for want of room.
fn is_refusal(script: &Script, e: &Exchange) -> bool {
    matches!(e.final_code(), Some(430 | 530..=532))
        && matches!(e.verb, Verb::PASS | Verb::ACCT | Verb::USER)
        && !demands_tls(script, e)
        && !too_many(script, e)
}

impl Logins {
    /// Takes note of a session's logins.
    pub(super) fn session(&mut self, s: &Session, signs: Signs) {
        let mut user = "";
        let refusals = signs.has(Sign::Refusal);
        for e in s.script.exchanges.iter().filter(|_| refusals) {
            if e.verb == Verb::USER {
                user = s.script.argument(e);
            }
            let refused = is_refusal(&s.script, e);
            let Some((_, at)) = e.final_reply.filter(|_| refused) else { continue };
            self.refused += 1;
            self.sessions.add(s.id);
            widen(&mut self.span, at);
            if self.users.len() < NAMES {
                self.users.insert(user.to_owned());
            }
            if self.servers.len() < NAMES {
                self.servers.insert(s.server);
            }
            self.attempt(at);
        }
        if s.login == Login::Accepted {
            self.accepted += 1;
            let tried = s.user().is_some_and(|u| self.users.contains(u));
            let is_later = self.span.is_some_and(|(first, _)| s.first > first);
            if tried && is_later && self.got_in.is_none_or(|(at, _)| s.first > at) {
                self.got_in = Some((s.first, s.id));
            }
        }
    }

    /// Sessions end in another order than their logins were refused in.
    fn attempt(&mut self, at: Moment) {
        let place = self.recent.partition_point(|m| *m < at);
        self.recent.insert(place, at);
        for (i, last) in self.recent.iter().enumerate().skip(place) {
            let from = self.recent.partition_point(|m| last.time.since(m.time) > WINDOW);
            let count = i + 1 - from.min(i);
            if self.most.is_none_or(|(most, ..)| count > most)
                && let Some(first) = self.recent.get(from)
            {
                self.most = Some((count, *first, *last));
            }
        }
        if self.recent.len() > KEPT {
            self.recent.remove(0);
        }
    }
}
