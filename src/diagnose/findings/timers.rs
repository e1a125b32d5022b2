//! The timers of a server, as far as its silences show them.

use std::time::Duration;

use super::rules::silences_alike::{alike, known};
use super::silences::{self, End, Outstanding, Silence};
use crate::session::Session;

/// Silences that a server's side ended in the same way after the same time.
///
/// One is no proof of a timer, only of how long the server waited that once; several alike are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// How it ended them.
    pub end: End,
    /// What was outstanding.
    pub outstanding: Outstanding,
    /// The shortest and the longest of them.
    pub lasted: (Duration, Duration),
    /// How many there were.
    pub times: u64,
    /// Whose default is as long, if a manual has one.
    pub whose: Option<&'static str>,
}

impl Timer {
    /// The silences of a session that the server's side ended.
    pub fn silences(session: &Session) -> Vec<Silence> {
        let mut all = silences::of(session);
        all.retain(|s| s.end.by_server());
        all
    }

    /// The timers behind the silences of one server.
    pub fn of(software: &str, mut silences: Vec<Silence>) -> Vec<Self> {
        silences.sort_by_key(|s| (s.end, s.outstanding, s.lasted));
        let mut timers: Vec<Self> = Vec::new();
        for s in silences {
            let same = timers.last_mut().filter(|t| {
                (t.end, t.outstanding) == (s.end, s.outstanding) && alike(s.lasted, t.lasted.0)
            });
            if let Some(timer) = same {
                timer.lasted.1 = s.lasted;
                timer.times += 1;
                continue;
            }
            timers.push(Self {
                end: s.end,
                outstanding: s.outstanding,
                lasted: (s.lasted, s.lasted),
                times: 1,
                whose: known(software, s.end, s.lasted),
            });
        }
        timers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Moment;

    fn silence(end: End, outstanding: Outstanding, ms: u64) -> Silence {
        let lasted = Duration::from_millis(ms);
        Silence { end, outstanding, lasted, at: Moment::default(), session: 1 }
    }

    #[test]
    fn what_is_alike_is_one_timer() {
        let (busy, idle) = (End::Reply(425), End::Reply(421));
        let all = vec![
            silence(busy, Outstanding::DataConnection, 60_050),
            silence(idle, Outstanding::Command, 300_100),
            silence(busy, Outstanding::DataConnection, 60_001),
            silence(busy, Outstanding::DataConnection, 30_000),
        ];
        let timers = Timer::of("vsFTPd 3.0.3", all);
        let told: Vec<_> = timers.iter().map(|t| (t.end, t.lasted.0.as_secs(), t.times)).collect();
        assert_eq!(told, [(idle, 300, 1), (busy, 30, 1), (busy, 60, 2)]);
        assert!(timers[2].whose.unwrap().contains("accept_timeout"));
        assert_eq!(timers[1].whose, None);
    }
}
