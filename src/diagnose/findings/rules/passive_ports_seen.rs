//! Which passive ports a server announces.

use super::prelude::*;
use crate::decode::Endpoint;
use crate::diagnose::findings::ports::Ports;

pub static RULE: FindingRule = FindingRule {
    code: "passive-ports-seen",
    title: "the passive range that a server seems to use",
    stage: Stage::Announcement,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "At least 10 announcements of passive ports, at least 8 different ones.",
    look_alikes: "Fewer ports: a server that uses one for several transfers.",
    change: "Nothing, when the firewall's range is as wide; where no range is set, set one.",
    shown_by: ("passive-blocked-for-one-client", "range-partly-open-client"),
    check,
};

const ANNOUNCEMENTS: u64 = 10;
const DIFFERENT: usize = 8;
/// Ranges that people set are smaller than this; a system's ephemeral range is wider.
const UNSET: u16 = 10_000;

fn check(learned: &Learner, conclusions: &mut Conclusions) {
    for (at, ports) in learned.passive.sorted(|_| true) {
        if ports.announced >= ANNOUNCEMENTS
            && ports.ports.len() >= DIFFERENT
            && let Some(d) = look(at, ports)
        {
            conclusions.add(Some(at), d, &ports.sessions);
        }
    }
}

fn look(at: Endpoint, ports: &Ports) -> Option<Diagnosis> {
    let (low, high) = ports.ports.range()?;
    let different = ports.ports.len();
    let wide = high - low >= UNSET;
    let guess = if wide {
        "that wide, no range seems to be set".to_owned()
    } else {
        // Of k ports drawn by chance, the gap beyond the last is as wide as those between.
        let gap = (high - low) / u16::try_from(different).unwrap_or(u16::MAX).max(1);
        format!("a range drawn from by chance would go about {gap} further at both ends")
    };
    let (first, last) = ports.announcements?;
    let d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
        .confidence(Confidence::Likely)
        .summary(format!(
            "{} announces passive ports from {low} to {high}: {different} different ones in {}.",
            at.ip,
            wording::count(ports.announced, "announcement"),
        ))
        .reasoning(format!("What is set can't be seen, only what is used: {guess}."))
        .evidence(first, "the first announcement of a passive port")
        .evidence(last, "the last one");
    let host = advice::Host { software: ports.software.as_deref(), ip: at.ip };
    Some(if wide { d.advise([host.set_range()]) } else { d })
}
