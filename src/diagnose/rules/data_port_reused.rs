//! A SYN met an older connection of the same addresses and ports.

use super::prelude::*;
use crate::tcp::OldAcks;

pub(super) static RULE: Rule = Rule {
    code: "data-port-reused",
    title: "a data SYN met an older connection of the same addresses and ports",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: &[
        "announcement-unused",
        "command-unanswered",
        "control-closed",
        "control-reset",
        "data-syn-delayed",
        "data-syn-unanswered",
        "idle-closed",
        "no-data-announcement",
        "port-refused",
        "reply-missing",
        "transfer-aborted",
        "transfer-refused",
    ],
    proof: "The SYN is answered with a bare ACK of other numbers, the last one of a connection in TIME_WAIT; the dialling host disowns it by an RST and sends its SYN again. Critical when no SYN is ever answered.",
    look_alikes: "data-refused (an RST to the SYN); data-syn-delayed (no answer at all to the first SYN).",
    change: "More passive ports than data connections in a minute or two, so that a port rests before it is used again.",
    shown_by: ("data-port-reused", "data-syn-delayed"),
    check: Check::when(&[Sign::OldConnection, Sign::Redialled], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for channel in &ctx.session.channels {
        for dial in ctx.dials(channel) {
            let Some(old) = dial.old_acks.as_deref() else { continue };
            let again = dial.from_initiator.syns >= 2 || old.disowned.is_some();
            let worked = dial.worked();
            if again && (worked || ctx.failed(dial) && !ctx.confirmed(channel)) {
                findings.add(diagnosis(ctx, channel, dial, old));
                break;
            }
        }
    }
}

fn diagnosis(ctx: &Context<'_>, channel: &Channel, dial: &Connection, old: &OldAcks) -> Diagnosis {
    let dialler = ctx.dialler(channel);
    let listening = wording::listening(channel, dial);
    let severity =
        if dial.worked() { Severity::Warning } else { ctx.severity_after(dial.first, channel) };
    let outcome = match dial.established.filter(|_| dial.worked()) {
        Some(at) => {
            format!("it worked {} later", wording::duration(at.time.since(dial.first.time)))
        }
        None => format!(
            "{} of {} were answered that way, and none was accepted",
            old.times,
            wording::count(dial.from_initiator.syns.into(), "SYN")
        ),
    };
    let (from, to) = (dial.initiator, dial.responder);
    Diagnosis::new(RULE.code, severity, RULE.stage)
        .channel(channel.id)
        .summary(format!(
            "The {dialler}'s SYN to {listening} met an older connection of the same addresses and ports: \
             {outcome}."
        ))
        .reasoning(format!(
            "{}: {} answered the SYN with an ACK of numbers that are not the SYN's, so its kernel still \
             holds a connection from {from}: in TIME_WAIT, which lasts a minute or more, or never closed \
             there. A host that knew nothing of it would have answered with SYN-ACK or RST. The {dialler}, \
             or the hosts that share its address behind a NAT, came back to the same port too soon.",
            wording::vantage(ctx),
            to.ip
        ))
        .announced(channel)
        .dialled(dial)
        .evidence(old.first, format!("ACK of the older connection from {to}"))
        .evidence_if(old.disowned, "RST: the dialling host knows no such connection")
        .evidence_if(dial.from_responder.syn, &format!("SYN-ACK from {to}"))
        .answered(ctx, channel)
        .advise(advice::passive_range(ctx))
        .advice_with(
            Audience::Server,
            "See what the server's host still holds, and that its kernel lets go of it on an RST.",
            format!("ss -tan state time-wait 'sport = :{}'\nsysctl net.ipv4.tcp_rfc1337   # 0: an RST ends TIME_WAIT", to.port),
        )
}
