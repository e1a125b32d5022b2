//! The server ran out of passive ports.

use std::collections::BTreeSet;

use super::prelude::*;
use crate::decode::Endpoint;
use crate::diagnose::findings::ports::{Ports, Refusal};

pub static RULE: FindingRule = FindingRule {
    code: "passive-range-exhausted",
    title: "the server runs out of passive ports when many clients work at once",
    stage: Stage::Announcement,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &["passive-ports-seen"],
    proof: "PASV or EPSV is refused with 421, 425 or 500 while all, or nearly all, passive ports that the \
            server was ever seen to announce are taken: announced and waiting, connected, or resting in \
            TIME-WAIT (and then the server announces the same few again and again).",
    look_alikes: "passive-unavailable: passive mode is switched off, or the server can't open a port for \
                  other reasons; it is then refused also while its ports are free.",
    change: "A wider range, the same in the firewall; fewer clients at once.",
    shown_by: ("passive-range-exhausted", "passive-unavailable"),
    check,
};

/// A refusal while the range was full.
struct Full<'a> {
    refusal: &'a Refusal,
    open: usize,
    resting: usize,
}

fn check(learned: &Learner, conclusions: &mut Conclusions) {
    for (at, ports) in learned.passive.sorted(|_| true) {
        let known = ports.ports.len();
        if known < 2 || ports.refusals.is_empty() {
            continue;
        }
        let full: Vec<Full<'_>> =
            ports.refusals.iter().filter_map(|r| while_full(ports, r, known)).collect();
        // Refused as often while ports were free: there is another cause.
        let most = full.len() * 2 > ports.refusals.len();
        let holders: BTreeSet<u64> = ports.uses.iter().map(|u| u.session).collect();
        let others = full.iter().any(|f| holders.iter().any(|h| *h != f.refusal.session));
        if let Some(first) = full.first().filter(|_| most && others) {
            let d = diagnosis(at, ports, &full, first);
            conclusions.add(Some(at), d, &ports.refused);
        }
    }
}

fn while_full<'a>(ports: &Ports, refusal: &'a Refusal, known: usize) -> Option<Full<'a>> {
    let (open, resting) = ports.taken(refusal.at.time);
    let (open, resting) = (open.len(), resting.len());
    let nearly_all = |n: usize| n * 10 >= known * 8;
    // In a short capture all ports rest that were ever used. It tells only of a range that was
    // gone through before.
    let gone_through = ports.announced >= 2 * known as u64;
    let full = nearly_all(open) || gone_through && nearly_all(open + resting);
    full.then_some(Full { refusal, open, resting })
}

fn diagnosis(at: Endpoint, ports: &Ports, full: &[Full<'_>], first: &Full<'_>) -> Diagnosis {
    let known = ports.ports.len();
    let range = words::ranges(&words::runs(&ports.numbers(), &BTreeSet::new()).0);
    let taken = first.open + first.resting;
    let taken =
        if taken >= known { format!("all {known}") } else { format!("{taken} of the {known}") };
    let times = wording::count(full.len() as u64, "request");
    let sessions = wording::count(ports.refused.total(), "session");
    let host = advice::Host { software: ports.software.as_deref(), ip: at.ip };
    let resting = match first.resting {
        0 => String::new(),
        n => format!(" and {n} rested after a connection"),
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .confidence(Confidence::Likely)
        .summary(format!(
            "{} ran out of passive ports: {times} for one in {sessions} refused while {taken} \
             ports that it was seen to announce ({range}) were taken.",
            at.ip,
        ))
        .reasoning(format!(
            "At the first refusal {} of them were announced or connected{resting}. Not passive mode \
             switched off: other sessions got ports, and nobody was given any other than these. How wide \
             the range is set the capture can't tell.",
            first.open,
        ));
    let at_once = |f: &&Full<'_>| f.refusal.at > first.refusal.at;
    for f in std::iter::once(first).chain(full.iter().filter(at_once).take(2)) {
        d = d.evidence(
            f.refusal.at,
            format!("{}, {} ports taken", f.refusal.text, f.open + f.resting),
        );
    }
    d.evidence_if(ports.announcements.map(|a| a.0), "the first announcement of a passive port")
        .advise([host.wider_range(ports.numbers().iter().copied())])
        .advice(
            Audience::Client,
            "Until then, fewer transfers at once (lftp: set net:connection-limit 2), and try again after \
             a minute.",
        )
}
