//! The server has no port to offer.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "passive-unavailable",
    title: "the server could not offer a passive port",
    stage: Stage::Announcement,
    severities: &[Severity::Critical, Severity::Info],
    means: Means::Failed,
    explains: &[
        "transfer-refused",
        "no-data-announcement",
        "announcement-unused",
        "control-closed",
    ],
    proof: "421, 425 or 5xx to PASV, or 421, 425 or OOPS to EPSV.",
    look_alikes: "PASV after EPSV ALL, which RFC 2428 wants refused; epsv-refused with a PASV that works.",
    change: "Widen the range: more ports than clients.",
    shown_by: ("passive-unavailable", "epsv-refused-pasv-works"),
    check: Check::when(&[Sign::Refusal], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let all = s.script.exchanges.iter().any(|e| {
        e.verb == Verb::EPSV && ctx.argument(e).eq_ignore_ascii_case("ALL") && e.succeeded()
    });
    for e in s.script.exchanges.iter().filter(|e| matches!(e.verb, Verb::PASV | Verb::EPSV)) {
        let Some((code, at)) = e.final_reply else { continue };
        let unavailable = match (e.verb, code) {
            (_, 421 | 425) => true,
            // Not logged in, or a server that doesn't know the command, is another matter.
            (Verb::PASV, 500..=504 | 550..=599) => !all,
            (_, 500) => ctx.reply_text(e).contains("OOPS"),
            _ => false,
        };
        if !unavailable {
            continue;
        }
        let overcome = ctx.worked_later(e.at);
        let severity = if overcome { Severity::Info } else { Severity::Critical };
        findings.add(
            Diagnosis::new(RULE.code, severity, RULE.stage)
                .summary(format!("The server offered no passive port: {}", ctx.reply_text(e)))
                .reasoning(
                    "The server answered the request itself, so the network is not at fault. Most often \
                     all ports of its passive range are taken, or passive mode is switched off.",
                )
                .evidence(e.at, e.verb.to_string())
                .evidence(at, format!("answered with {code}"))
                .advise(advice::passive_range(ctx)),
        );
    }
}
