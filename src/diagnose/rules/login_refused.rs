//! Wrong name or password, or an account that may not.

use super::prelude::*;
use crate::session::Login;

pub(super) static RULE: Rule = Rule {
    code: "login-refused",
    title: "the server refused the login",
    stage: Stage::Login,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &["control-closed", "control-reset", "idle-closed"],
    proof: "530 (or another refusal) to USER or PASS, and no later success.",
    look_alikes: "login-needs-tls, too-many-connections (by text and code); a 530 to anything else before the login.",
    change: "Name and password; the account's shell, home and lists of allowed users.",
    shown_by: ("login-refused", "login-needs-tls"),
    check: Check::when(&[Sign::Refusal], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if s.login != Login::Refused {
        return;
    }
    let refusals: Vec<(&Exchange, (u16, Moment))> = s
        .script
        .exchanges
        .iter()
        .filter(|e| matches!(e.verb, Verb::USER | Verb::PASS | Verb::ACCT) && e.refused())
        .filter_map(|e| Some((e, e.final_reply?)))
        .collect();
    let Some((last, (code, at))) = refusals.last() else { return };
    if super::demands_tls(&s.script, last) || super::too_many(&s.script, last) {
        return;
    }
    let user = s.user().unwrap_or("?");
    // What a cut text would have said (TLS, a limit) isn't there to be read.
    let confidence = if ctx.quality.cut { Confidence::Likely } else { Confidence::Certain };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .confidence(confidence)
        .summary(format!(
            "The server refused the login of {user}{}: {}",
            if refusals.len() > 1 { format!(" {} times", refusals.len()) } else { String::new() },
            ctx.reply_text(last)
        ))
        .reasoning(
            "The network is not at fault: the server answered. The reply doesn't tell a wrong password \
             from an account that may not log in.",
        )
        .evidence(last.at, format!("{} is sent", last.verb))
        .evidence(*at, format!("answered with {code}"));
    if let Some((first, (code, at))) = refusals.first().filter(|_| refusals.len() > 1) {
        d = d.evidence(*at, format!("the first refusal: {} is answered with {code}", first.verb));
    }
    findings.add(d.advice(Audience::Client, "Check the user name and the password.").advice(
        Audience::Server,
        format!(
            "See the server's log for {user}: password, an account without a valid shell (/etc/shells), \
             a list of allowed or denied users, a home directory that is missing."
        ),
    ));
}
