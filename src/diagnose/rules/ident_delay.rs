//! The greeting waited for an answer of the client's host to ident.

use super::prelude::*;
use crate::session::Ident;

/// A greeting that takes longer is late.
const LATE: Duration = Duration::from_secs(2);

pub(super) static RULE: Rule = Rule {
    code: "ident-delay",
    title: "the greeting came late: the server asked the client's host for ident, and got no answer",
    stage: Stage::Banner,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &["banner-late"],
    proof: "More than 2 s from the handshake to the 220, and in between SYNs of the server to the client's port 113 that got no answer, or one more than 2 s after the question.",
    look_alikes: "banner-late (no such SYN, or one that was refused at once).",
    change: "Reject port 113 instead of dropping it; proftpd IdentLookups off.",
    shown_by: ("ident-delay-server", "ident-refused"),
    check: Check::when(&[Sign::Ident], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let (Some(opened), Some(greeted)) = (s.control.established, s.banner_at()) else { return };
    let delay = greeted.time.since(opened.time);
    let Some(ident) = s.ident else { return };
    if s.opening != Opening::Complete || delay <= LATE || ctx.quality.control_loss {
        return;
    }
    // Asked and told at once: the time went elsewhere.
    let waited = ident.answer.map_or(greeted, |(at, _)| at).time.since(ident.first.time);
    let spoken = ident.answer.is_some_and(|(_, accepted)| accepted);
    if waited <= LATE && !spoken {
        return;
    }
    findings.add(diagnosis(ctx, &ident, greeted, delay));
}

fn diagnosis(ctx: &Context<'_>, ident: &Ident, greeted: Moment, delay: Duration) -> Diagnosis {
    let s = ctx.session;
    let client = s.client.ip;
    let syns = wording::count(ident.syns.into(), "SYN");
    let dropped = match (ctx.vantage(), ident.answer) {
        (_, Some((_, true))) => {
            format!(
                "{client} takes the connection to port 113, so a service there is slow to answer"
            )
        }
        (_, Some(_)) => "The answer came late".to_owned(),
        (VantagePoint::Client, None) => format!(
            "They arrive at {client}, which neither refuses nor takes them: its own firewall drops them"
        ),
        (VantagePoint::Server, None) => format!(
            "Something between here and {client}, or that host's own firewall, drops them instead of \
             refusing them"
        ),
        _ => format!(
            "Something behind this place, or {client} itself, drops them instead of refusing them"
        ),
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .confidence(if ident.answer.is_some() { Confidence::Likely } else { Confidence::Certain })
        .summary(format!(
            "The greeting came {} after the handshake: the server asked {client} port 113 (ident) with {syns}{}.",
            wording::duration(delay),
            if ident.answer.is_some() { "" } else { " and got no answer" }
        ))
        .reasoning(format!(
            "{}: the server's SYNs to port 113 stand between the handshake and the greeting, so this is what it \
             waits for, and not reverse DNS. {dropped}.",
            wording::vantage(ctx)
        ))
        .evidence_if(s.control.established, "the handshake is complete")
        .evidence(ident.first, format!("SYN from {} to {client} port 113", s.server.ip));
    if ident.syns > 1 {
        d = d.evidence(ident.last, format!("the last of {syns}"));
    }
    d.evidence_if(ident.answer.map(|a| a.0), "the first answer from port 113")
        .evidence(greeted, "the greeting")
        .advise_server(
            ctx,
            "Switch ident lookups off: nearly no client answers them.",
            advice::server::NO_IDENT,
        )
        .advice_with(
            Audience::Firewall,
            format!("Or reject port 113 to {client} with an RST instead of dropping it."),
            format!(
                "nft insert rule inet filter input {} saddr {} tcp dport 113 reject with tcp reset",
                if client.is_ipv4() { "ip" } else { "ip6" },
                s.server.ip
            ),
        )
}
