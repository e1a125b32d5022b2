//! The server wants TLS first.

use super::prelude::*;
use crate::session::Login;

pub(super) static RULE: Rule = Rule {
    code: "login-needs-tls",
    title: "the server lets nobody log in without TLS",
    stage: Stage::Login,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &["login-refused", "control-closed", "control-reset"],
    proof: "530, 421, 522, 550 or 534 to USER or PASS with a text that demands TLS, on a clear connection.",
    look_alikes: "login-refused.",
    change: "Use FTPS.",
    shown_by: ("login-needs-tls", "login-refused"),
    check: Check::when(&[Sign::Refusal], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if s.login != Login::Refused || s.hidden() {
        return;
    }
    let demand = s.script.exchanges.iter().rev().find(|e| {
        matches!(e.verb, Verb::USER | Verb::PASS) && e.refused() && super::demands_tls(&s.script, e)
    });
    let Some((e, (code, at))) = demand.and_then(|e| Some((e, e.final_reply?))) else { return };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .confidence(Confidence::Likely)
            .summary(format!("The server demands TLS before the login: {}", ctx.reply_text(e)))
            .reasoning(
                "The refusal's text asks for encryption, and the client tried to log in in clear.",
            )
            .evidence(e.at, format!("{} in clear", e.verb))
            .evidence(at, format!("answered with {code}"))
            .advice_with(Audience::Client, "Use FTP over TLS.", advice::insist_on_tls(ctx)),
    );
}
