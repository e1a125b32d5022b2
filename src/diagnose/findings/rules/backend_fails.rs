//! Several hosts answer at one address, and one of them fails.

use super::prelude::*;
use crate::decode::Endpoint;
use crate::diagnose::findings::backends::{Backend, Backends};

pub static RULE: FindingRule = FindingRule {
    code: "backend-fails",
    title: "several hosts answer at one address, and the sessions that fail are one's",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "At one address servers answer that differ in software, greeting, TTL or SYN options, now the one \
            and now the other; nearly all sessions of the one stall or fail, hardly any of the others, \
            more clearly than chance would have it.",
    look_alikes: "A server that was replaced or set up anew: then one follows the other. Failures that \
                  follow the client's address, which a load balancer may send to the same host each time.",
    change: "What differs on that host: its passive range and the firewall's rules for it, its accounts, its \
             certificate.",
    shown_by: ("backend-without-range", "range-partly-open-client"),
    check,
};

/// How likely it may be by chance.
const CHANCE: f64 = 0.05;

fn check(learned: &Learner, conclusions: &mut Conclusions) {
    for (at, server) in learned.servers.sorted(|_| true) {
        if let Some((bad, d)) = look(at, &server.backends) {
            conclusions.add(None, d, &bad.failed);
        }
    }
}

fn look(at: Endpoint, backends: &Backends) -> Option<(&Backend, Diagnosis)> {
    // One follows the other: an upgrade. Back and forth: both are there.
    if backends.all.len() < 2 || backends.turns() < 3 {
        return None;
    }
    let sessions: u64 = backends.all.iter().map(|b| b.sessions).sum();
    let failed: u64 = backends.all.iter().map(|b| b.failed.total()).sum();
    let bad = backends.all.iter().max_by_key(|b| b.failed.total() * 1000 / b.sessions.max(1))?;
    let (own, own_failed) = (bad.sessions, bad.failed.total());
    let (others, others_failed) = (sessions - own, failed - own_failed);
    let chance = chance::of_so_many_in_group(sessions, failed, own, own_failed);
    if own_failed * 10 < own * 8 || others_failed * 10 > others * 2 || chance > CHANCE {
        return None;
    }
    let good = backends.all.iter().filter(|b| !std::ptr::eq(*b, bad)).max_by_key(|b| b.sessions)?;
    let same_clients = good.clients.intersection(&bad.clients).count() > 0;
    let mut causes: Vec<(&str, u64)> = bad.causes.iter().map(|(c, n)| (*c, *n)).collect();
    causes.sort_by_key(|c| std::cmp::Reverse(c.1));
    let cause = causes.first().map_or("no diagnosis of their own", |c| c.0);
    let (bad_looks, good_looks) = (bad.looks.unlike(&good.looks), good.looks.unlike(&bad.looks));
    let clients = if same_clients {
        "Not the client's doing: the same client gets the one and the other."
    } else {
        "No client was seen with both, so it may also be the clients that differ."
    };
    let d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
        .confidence(if same_clients { Confidence::Likely } else { Confidence::Possible })
        .summary(format!(
            "At {at} {} answer in turn, and those that fail are one's: {own_failed} of {own} sessions \
             with the one ({bad_looks}; {cause}), {others_failed} of {others} with {} ({good_looks}).",
            wording::count(backends.all.len() as u64, "server"),
            if backends.all.len() == 2 { "the other" } else { "the others" },
        ))
        .reasoning(format!(
            "They took turns {} times, so the one did not replace the other. {clients}",
            backends.turns()
        ))
        .evidence(good.first, format!("the first greeting of the one that works ({good_looks})"))
        .evidence(bad.first, format!("the first greeting of the one that fails ({bad_looks})"))
        .evidence_if(bad.failure, "its first failure")
        .advice(
            Audience::Server,
            "Compare that host with the others: its passive range and whether the load balancer and the \
             firewall let it through, its accounts, its certificate.",
        );
    Some((bad, d))
}
