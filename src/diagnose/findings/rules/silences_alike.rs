//! Silences of the same length: a timer ended them.

use super::prelude::*;
use crate::decode::Endpoint;
use crate::diagnose::findings::Server;
use crate::diagnose::findings::ids::Ids;
use crate::diagnose::findings::silences::{End, Silence};

pub static RULE: FindingRule = FindingRule {
    code: "silences-alike",
    title: "silences end after the same time in several sessions: a timer",
    stage: Stage::Command,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "In three sessions of a server (in two, where a program is known for it) silences of 5 s or more \
            end in the same way after the same time, to a half second or one in a hundred.",
    look_alikes: "Pauses of people, which are never the same twice; a server that is as slow each time.",
    change: "The setting that is named, or the keep-alives of the client and of the kernel, below the \
             timer; and why there was silence at all, which the sessions' own diagnoses say.",
    shown_by: ("accept-timer", "range-partly-open-server"),
    check,
};

/// Seconds, who ends the silence, which text or sign, whose timer it is. Defaults of manuals.
const KNOWN: &[(u64, Who, &str, &str)] = &[
    (10, Who::Server, "proftpd", "proftpd's wait for ident (IdentLookups)"),
    (
        60,
        Who::Server,
        "vsftpd",
        "vsftpd's wait for a data connection (accept_timeout, connect_timeout)",
    ),
    (60, Who::Client, "", "curl's wait for a reply"),
    (120, Who::Server, "", "an old wu-ftpd's wait for a data connection"),
    (240, Who::Any, "", "the idle timeout of Azure's load balancer"),
    (300, Who::Server, "vsftpd", "vsftpd's idle_session_timeout or data_connection_timeout"),
    (300, Who::Server, "proftpd", "proftpd's TimeoutNoTransfer or TimeoutLogin"),
    (350, Who::Any, "", "the idle timeout of an AWS NAT gateway or network load balancer"),
    (600, Who::Server, "proftpd", "proftpd's TimeoutIdle"),
    (900, Who::Server, "pure-ftpd", "pure-ftpd's idle time (-I)"),
    (3600, Who::Server, "proftpd", "proftpd's TimeoutStalled"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Server,
    Client,
    Any,
}

const SESSIONS: u64 = 3;
const SESSIONS_IF_KNOWN: u64 = 2;

/// The same time, by the clocks of different programs and the length of the path.
pub fn alike(a: Duration, b: Duration) -> bool {
    let apart = a.abs_diff(b);
    apart <= Duration::from_millis(500) || apart.as_secs_f64() <= 0.01 * b.as_secs_f64()
}

fn check(learned: &Learner, conclusions: &mut Conclusions) {
    for (at, server) in learned.servers.sorted(|_| true) {
        let mut sorted = server.silences.clone();
        sorted.sort_by_key(|s| (s.end, s.lasted, s.at));
        let mut rest = sorted.as_slice();
        while let Some(first) = rest.first() {
            let same = |s: &Silence| s.end == first.end && alike(s.lasted, first.lasted);
            let (group, others) = rest.split_at(rest.partition_point(same).max(1));
            rest = others;
            let mut sessions = Ids::default();
            group.iter().for_each(|s| sessions.add(s.session));
            if let Some(d) = conclude(at, server, group, &sessions) {
                conclusions.add(None, d, &sessions);
            }
        }
    }
}

/// Whose timer a silence of this length is, by the defaults of manuals.
pub fn known(software: &str, end: End, lasted: Duration) -> Option<&'static str> {
    let near = |seconds: u64| {
        let timer = Duration::from_secs(seconds);
        // A timer ends a silence late, never early, but for the time that the packets take.
        let late = lasted.saturating_sub(timer);
        lasted + Duration::from_millis(500) >= timer
            && late.as_secs_f64() <= 1.0 + 0.01 * seconds as f64
    };
    let by = |who: Who| match who {
        Who::Any => matches!(end, End::ServerRst | End::ServerFin),
        Who::Server => end.by_server(),
        Who::Client => !end.by_server(),
    };
    let software = software.to_lowercase();
    let fits = |name: &str| name.is_empty() || software.contains(name);
    let found = KNOWN.iter().find(|(s, who, name, _)| near(*s) && by(*who) && fits(name));
    found.map(|(.., whose)| *whose)
}

fn conclude(at: Endpoint, server: &Server, group: &[Silence], sessions: &Ids) -> Option<Diagnosis> {
    let first = group.iter().min_by_key(|s| s.at)?;
    let last = group.iter().max_by_key(|s| s.at)?;
    let median = group.get(group.len() / 2)?.lasted;
    let software = server.software.as_deref().unwrap_or_default();
    let whose = known(software, first.end, median);
    let needed = if whose.is_some() { SESSIONS_IF_KNOWN } else { SESSIONS };
    if (sessions.sorted().len() as u64) < needed {
        return None;
    }
    let side = if first.end.by_server() { "on the server's side" } else { "on the client's" };
    let name = match whose {
        Some(whose) => format!("as long as {whose}"),
        None => format!("a timer {side}; no default of a known program is as long"),
    };
    let d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
        .confidence(if whose.is_some() { Confidence::Likely } else { Confidence::Possible })
        .summary(format!(
            "In {} with {at} {} after {} of silence: {name}.",
            wording::count(sessions.total(), "session"),
            first.end.words(),
            wording::duration(median),
        ))
        .reasoning(format!(
            "The silences are from {} to {} long. People and disks are never as regular. The timer says who \
             lost patience, not why there was silence: that the sessions' own diagnoses say.",
            wording::duration(group.first()?.lasted),
            wording::duration(group.last()?.lasted),
        ))
        .evidence(first.at, format!("{} after {}", first.end.words(), wording::duration(first.lasted)));
    Some(if last.at > first.at {
        d.evidence(last.at, format!("the last time, after {}", wording::duration(last.lasted)))
    } else {
        d
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_of_programs() {
        let s = Duration::from_millis;
        let accept = known("vsFTPd 3.0.3", End::Reply(425), s(60_040));
        assert!(accept.unwrap().contains("accept_timeout"));
        assert!(known("ProFTPD", End::Reply(421), s(600_700)).unwrap().contains("TimeoutIdle"));
        assert!(known("", End::ClientClose, s(60_002)).unwrap().contains("curl"));
        assert!(known("", End::ServerRst, s(351_000)).unwrap().contains("AWS"));
        assert_eq!(known("vsFTPd 3.0.3", End::Reply(425), s(63_000)), None);
        assert_eq!(known("vsFTPd 3.0.3", End::Reply(425), s(58_000)), None);
        assert_eq!(known("Serv-U", End::Reply(421), s(600_000)), None);
    }
}
