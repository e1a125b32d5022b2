//! A device rewrote PORT or 227 and left the sequence numbers as they were.

use super::prelude::*;
use crate::diagnose::unheard;
use crate::tcp::{Shift, ShiftSeen};

pub(super) static RULE: Rule = Rule {
    code: "control-sequence-broken",
    title: "PORT or 227 was rewritten to another length, and the sequence numbers weren't adjusted",
    stage: Stage::Command,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: EXPLAINS,
    proof: "A side acknowledges some bytes more than the other sent, and that one sends again at least 3 times over at least 1 s what was acknowledged; or at least 3 packets over at least 1 s that are numbered some bytes lower than what their side had sent.",
    look_alikes: "Loss, in the network or of the capture: the numbers fit what is sent next; a keep-alive, one byte lower; control-dead, command-unacknowledged (nothing is acknowledged).",
    change: "The FTP helper (ALG) of the NAT that rewrites it; Linux's with nftables: CVE-2025-68206.",
    shown_by: ("control-sequence-broken-client", "helper-rewrites-port"),
    check: Check::when(&[Sign::Shifted], check),
};

const EXPLAINS: &[&str] = &[
    "control-dead",
    "command-unacknowledged",
    "command-unanswered",
    "control-interrupted",
    "control-closed",
    "control-reset",
    "idle-closed",
    "capture-loss",
    "announcement-unused",
    "data-never-attempted",
    "data-silent",
    "data-reset",
    "reply-missing",
];

const TIMES: u32 = 3;
const LONG: Duration = Duration::from_secs(1);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if ctx.quality.one_direction || ctx.quality.cut {
        return;
    }
    for (by_client, half) in [(true, s.from_client()), (false, s.from_server())] {
        let lasting = |s: &&Shift| s.times >= TIMES && s.last.time.since(s.first.time) >= LONG;
        if let Some(shift) = half.shift.as_deref().filter(lasting) {
            findings.add(diagnosis(ctx, by_client, shift));
            return;
        }
    }
}

fn diagnosis(ctx: &Context<'_>, by_client: bool, shift: &Shift) -> Diagnosis {
    let s = ctx.session;
    let (who, peer) = if by_client { ("client", "server") } else { ("server", "client") };
    let said = unheard::said(ctx, by_client, shift.first).filter(|_| !s.hidden());
    let text = said.and_then(|m| s.script.text(m)).unwrap_or_default();
    let text = text.lines().last().unwrap_or_default();
    let announces =
        ["PORT", "EPRT", "LPRT", "227", "228", "229"].iter().any(|w| text.starts_with(w));
    let after = if text.is_empty() { String::new() } else { format!(" after \"{text}\"") };
    let bytes = wording::count(shift.by.into(), "byte");
    let lasted = wording::duration(shift.last.time.since(shift.first.time));
    let (summary, first, last, place) = match shift.seen {
        ShiftSeen::Acknowledged => (
            format!(
                "On the control connection {} → {} the {peer} acknowledges {bytes} more than the {who} sent{after}, \
                 and the {who} sends it again and again, {} in {lasted}.",
                s.client,
                s.server,
                wording::count(shift.times.into(), "time")
            ),
            format!("the {peer} acknowledges {bytes} that the {who} never sent"),
            format!("the {who} still sends again what was acknowledged"),
            format!(
                "behind this place, towards the {peer}, a device wrote another address into it, {bytes} longer, and \
                 doesn't take them off the acknowledgments on their way back"
            ),
        ),
        ShiftSeen::Numbered => (
            format!(
                "On the control connection {} → {} the {who}'s packets{after} are numbered {bytes} lower than what \
                 came from it, {} in {lasted}.",
                s.client,
                s.server,
                wording::count(shift.times.into(), "packet")
            ),
            format!("a packet of the {who}, numbered {bytes} lower than what it had sent"),
            "the latest one".to_owned(),
            format!(
                "between the {who} and this place a device wrote another address into it, {bytes} longer, and \
                 doesn't add them to the numbers of what the {who} sends after it"
            ),
        ),
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .confidence(if announces { Confidence::Certain } else { Confidence::Likely })
        .summary(summary)
        .reasoning(format!(
            "{}: {place}. From there on each side refuses what the other sends, so the dialogue stands still. A \
             segment that was only lost would fit the numbers again when it is sent again.",
            wording::vantage(ctx)
        ))
        .evidence_if(said.map(|m| m.at), &format!("the {who} says \"{text}\""))
        .evidence(shift.first, first)
        .evidence(shift.last, last);
    let announcing =
        |c: &&Channel| c.announcement.as_ref().is_some_and(|a| Some(a.at) == said.map(|m| m.at));
    if let Some(c) = s.channels.iter().find(announcing) {
        d = d.channel(c.id);
    }
    d.advice_with(
        Audience::Firewall,
        format!(
            "Update or switch off the FTP helper (ALG) of the NAT between {} and {}. Linux's with nftables (\"ct \
             helper set\") did this until CVE-2025-68206 was fixed.",
            s.client.ip, s.server.ip
        ),
        "nft list ruleset | grep -B1 -A1 'ct helper'; uname -r; dmesg | grep seqadj\nCisco ASA: show service-policy inspect ftp",
    )
    .advice(
        Audience::Client,
        "Until then, use EPSV, which names no address and needs no rewriting, or FTPS, which no helper reads.",
    )
    .advise([advice::capture_elsewhere(ctx)])
}
