//! A part of the server's passive range is not let through.

use std::collections::BTreeSet;

use super::prelude::*;
use crate::decode::Endpoint;
use crate::diagnose::findings::ports::{Port, Ports, Seen};

pub static RULE: FindingRule = FindingRule {
    code: "passive-range-partly-open",
    title: "some ports of the server's passive range work, others never do",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical],
    means: Means::Nothing,
    explains: &["passive-ports-seen"],
    proof: "Among the passive ports that a server announced, some worked whenever they were dialled, and \
            others never did: dials were dropped or rejected, or (at the server) none arrived. The two \
            kinds lie apart, in few ranges of ports: by chance they would be mixed. In time they are \
            mixed: between two that failed, others worked.",
    look_alikes: "Failures that follow the client: the ports at which it fails serve others, or lie \
                  anywhere among those that work. A firewall that reads 227 and not 229. A dead server, \
                  or an outage: then failures stand together in time. SYNs that are answered on retry: \
                  data-syn-delayed.",
    change: "The range in the firewall (every one on the way, cloud security groups and port forwarding as \
             well) must be the range that the server is set to.",
    shown_by: ("range-partly-open-client", "passive-blocked-for-one-client"),
    check,
};

/// More ranges than this are no setting of a firewall.
const MOST_RANGES: usize = 9;
/// By chance as likely as this: certain, and good enough to speak.
const CERTAIN: f64 = 0.001;
const LIKELY: f64 = 0.2;

fn check(learned: &Learner, conclusions: &mut Conclusions) {
    for (at, ports) in learned.passive.sorted(|_| true) {
        if let Some(diagnosis) = look(at, ports) {
            conclusions.add(Some(at), diagnosis, &ports.failing);
        }
    }
}

fn look(at: Endpoint, ports: &Ports) -> Option<Diagnosis> {
    let good: Vec<(u16, &Port)> = ports.always_worked();
    let bad: Vec<(u16, &Port)> = ports.never_worked();
    let dials_failed: u32 = bad.iter().map(|(_, p)| p.failed()).sum();
    if good.is_empty() || dials_failed < 2 || ports.changing() * 2 > bad.len() {
        return None;
    }
    let set = |of: &[(u16, &Port)]| of.iter().map(|(n, _)| *n).collect::<BTreeSet<u16>>();
    let (open, shut) = words::runs(&set(&good), &set(&bad));
    if open.len() + shut.len() > MOST_RANGES {
        return None;
    }
    let ranges = (open.len() + shut.len()) as u64;
    let chance = chance::of_so_few_runs(good.len() as u64, bad.len() as u64, ranges);
    let first = bad.iter().filter_map(|(_, p)| p.failing()).map(|s| s.0).min_by_key(|s| s.at)?;
    let last = bad.iter().filter_map(|(_, p)| p.failing()).map(|s| s.1).max_by_key(|s| s.at)?;
    // Something worked meanwhile: no outage.
    let mut working = good.iter().filter_map(|(n, p)| Some((*n, p.working?)));
    let inside = |s: &Seen| s.at > first.at && s.at < last.at;
    let (port, meanwhile) =
        working.find_map(|(n, (a, b))| [a, b].into_iter().find(inside).map(|s| (n, s)))?;
    let both = ports.served.intersection(&ports.denied).count();
    let confidence = match (both > 0, chance) {
        (true, c) if c < CERTAIN => Confidence::Certain,
        (true, c) if c < LIKELY => Confidence::Likely,
        (false, c) if c < CERTAIN => Confidence::Likely,
        _ => return None,
    };
    let worked: u32 = good.iter().map(|(_, p)| p.worked).sum();
    let arrived = bad.iter().any(|(_, p)| p.failing().is_some_and(|s| s.0.dialled));
    let failed = if arrived { "without a connection" } else { "that no dial reached" };
    let what = if arrived { "dial" } else { "announcement" };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .confidence(confidence)
        .summary(format!(
            "Only a part of the passive range of {} is open: of its ports {} work ({}), {} never do ({} \
             {failed}).",
            at.ip,
            words::ranges(&open),
            wording::count(worked.into(), "dial"),
            words::ranges(&shut),
            wording::count(dials_failed.into(), what),
        ))
        .reasoning(reasoning(ports, both, arrived, good.len(), bad.len()));
    for (port, seen) in spread(&bad) {
        let text = if seen.dialled {
            format!("{} dials port {port}: no connection", seen.client)
        } else {
            format!("port {port} is announced to {}, and no dial arrives", seen.client)
        };
        d = d.evidence(seen.at, text);
    }
    d = d.evidence(
        meanwhile.at,
        format!("meanwhile {} dials port {port}: it works", meanwhile.client),
    );
    Some(advise(d, at, ports, &open, &shut))
}

fn reasoning(ports: &Ports, both: usize, arrived: bool, good: usize, bad: usize) -> String {
    let client = if both > 0 {
        "not the client: the same client reaches the one kind of ports and not the other"
    } else {
        "hardly the clients: those that fail are others than those that don't, but their ports would \
         not lie apart by chance"
    };
    let place = if arrived {
        "the dials were seen here, so what drops them is beyond this point or is the server's own \
         firewall"
    } else {
        "the dials didn't get here, so what drops them is in front of this point"
    };
    let changing = match ports.changing() {
        0 => String::new(),
        n => format!(
            " {} worked once and failed once: that has another cause.",
            wording::count(n as u64, "port")
        ),
    };
    format!(
        "It follows the port: the {} where dials work and the {bad} where they don't lie apart. It is \
         {client}; not an outage: between failures, other ports worked. {}.{changing}",
        wording::count(good as u64, "port"),
        capital(place),
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

/// Some failures from the whole range: the lowest port, the highest, and what lies between.
fn spread(bad: &[(u16, &Port)]) -> Vec<(u16, Seen)> {
    let mut chosen: Vec<usize> = vec![0, bad.len() / 2, bad.len().saturating_sub(1)];
    chosen.dedup();
    let seen = |i: usize| bad.get(i).and_then(|(n, p)| Some((*n, p.failing()?.0)));
    chosen.into_iter().filter_map(seen).collect()
}

fn advise(
    d: Diagnosis,
    at: Endpoint,
    ports: &Ports,
    open: &[(u16, u16)],
    shut: &[(u16, u16)],
) -> Diagnosis {
    // Ports between the last that works and the first that doesn't may be either.
    let widened: Vec<(u16, u16)> = shut
        .iter()
        .map(|(from, to)| {
            let below = open.iter().map(|o| o.1).filter(|o| o < from).max();
            let above = open.iter().map(|o| o.0).filter(|o| o > to).min();
            (below.map_or(*from, |b| b + 1), above.map_or(*to, |a| a - 1))
        })
        .collect();
    let host = advice::Host { software: ports.software.as_deref(), ip: at.ip };
    let rest = words::ranges(&widened);
    let ip = at.ip;
    let (lowest, highest) = ports.ports.range().unwrap_or_default();
    d.advice_with(
        Audience::Firewall,
        format!(
            "Let the rest of the range through to {ip}: {rest}. The range may go on beyond the ports seen \
             here ({lowest} to {highest}): take it from the server's configuration."
        ),
        host.open(&widened),
    )
    .advise(host.narrow_range(open))
}
