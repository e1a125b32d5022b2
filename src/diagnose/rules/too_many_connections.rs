//! A limit of the server.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "too-many-connections",
    title: "the server turned the client away: too many connections",
    stage: Stage::Banner,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &["login-refused", "control-closed", "control-reset", "idle-closed", "control-probe"],
    proof: "421 or 530 at the greeting or to the login, whose text speaks of a limit.",
    look_alikes: "idle-closed (421 after a silence).",
    change: "The server's limits: of all clients, and of one address.",
    shown_by: ("too-many-connections", "idle-closed"),
    check: Check::when(&[Sign::Unwelcome, Sign::Refusal], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let at_login = s
        .script
        .exchanges
        .iter()
        .find(|e| matches!(e.verb, Verb::USER | Verb::PASS) && super::too_many(&s.script, e))
        .and_then(|e| Some((e.final_reply?, ctx.reply_text(e), Stage::Login)));
    let greeting = s.banner().filter(|b| b.starts_with("421"));
    let at_banner = greeting.zip(s.banner_at()).map(|(text, at)| ((421, at), text, Stage::Banner));
    let Some(((code, at), text, stage)) = at_banner.or(at_login) else { return };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, stage)
            .summary(format!("The server turned the client away: {text}"))
            .reasoning(
                "The server answered at once and closed: a limit of connections, of all clients or of \
                 this address. Clients behind one NAT count as one address.",
            )
            .evidence(at, format!("{code} of the server"))
            .advise_server(
                ctx,
                format!("Raise the limits, or see who holds connections from {}.", s.client.ip),
                advice::server::MORE_CLIENTS,
            )
            .advice(Audience::Client, "Close idle sessions, and use fewer parallel connections."),
    );
}
