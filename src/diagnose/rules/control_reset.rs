//! An RST in the middle of the dialogue.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "control-reset",
    title: "an RST cut the control connection in mid-dialogue",
    stage: Stage::Command,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &["command-unanswered", "data-reset"],
    proof: "An RST on the control connection while something was being asked for, before any FIN.",
    look_alikes: "a close by RST after QUIT, 221 or 421; the client's RST after its own timeout.",
    change: "Inspection on a firewall (inspect ftp strict), a crash of the server; the RST's TTL tells whose it is.",
    shown_by: ("control-reset", "client-leaves"),
    check: Check::when(&[Sign::Reset], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let Some((by_initiator, reset)) = s.control.reset().filter(|_| s.control.worked()) else {
        return;
    };
    let fins = [s.control.from_initiator.fin, s.control.from_responder.fin];
    if fins.into_iter().flatten().any(|f| f < reset.at) || s.hidden() {
        return;
    }
    let from = if by_initiator { s.control.initiator } else { s.control.responder };
    let client = from == s.client;
    let exchanges = &s.script.exchanges;
    let open = exchanges.iter().rev().find(|e| e.final_reply.is_none());
    let ended = exchanges.iter().any(|e| e.verb == Verb::QUIT)
        || s.script.messages.iter().any(|m| matches!(m.kind, MessageKind::Reply(421 | 221, _)));
    // Nothing was being asked for: somebody closed in haste.
    let Some(open) = open.filter(|_| !ended) else { return };
    // A client that resets after waiting has given up: its wait is the cause, not its reset.
    let waited = reset.at.time.since(open.at.time);
    if client && waited > Duration::from_secs(5) {
        return;
    }
    let who = if client { "client" } else { "server" };
    let (confidence, ttl) = match ctx.host_ttl(from.ip) {
        Some(usual) if usual == reset.ttl => (
            Confidence::Certain,
            format!("Its TTL {usual} is that of the {who}'s other packets, so the {who} sent it"),
        ),
        Some(usual) => (
            Confidence::Likely,
            format!(
                "Its TTL is {}, while the {who}'s other packets have {usual}: a device on the way sent it in \
                 the {who}'s name",
                reset.ttl
            ),
        ),
        None => (
            Confidence::Possible,
            format!("Its TTL is {}; the {who}'s other packets don't agree on one", reset.ttl),
        ),
    };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .confidence(confidence)
            .summary(format!(
                "The control connection was reset in the {who}'s name {} after {}.",
                wording::duration(waited),
                open.verb
            ))
            .reasoning(format!("{}: no FIN and no 421 came before the RST. {ttl}.", wording::vantage(ctx)))
            .evidence(open.at, format!("{} {}", open.verb, ctx.argument(open)).trim_end().to_owned())
            .evidence(reset.at, format!("RST from {from}, TTL {}", reset.ttl))
            .advice(
                Audience::Firewall,
                format!(
                    "See whether a firewall inspects FTP here and rejects {} (strict inspection, an IPS \
                     signature, a limit of length).",
                    open.verb
                ),
            )
            .advice(
                if client { Audience::Client } else { Audience::Server },
                format!("See the {who}'s log at this time: a crash or a restart resets its connections."),
            ),
    );
}
