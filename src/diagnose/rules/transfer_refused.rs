//! The server said no to the transfer.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "transfer-refused",
    title: "the server answered the transfer command with an error",
    stage: Stage::Completion,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: &["announcement-unused"],
    proof: "4xx or 5xx to the transfer command.",
    look_alikes: "a SYN unanswered, refused or never seen before the 425: that is the cause; transfer-aborted.",
    change: "By the code: the file, its permissions, space, the data connection.",
    shown_by: ("transfer-refused-550", "user-abort"),
    check: Check::when(&[Sign::Refusal], check),
};

/// What a code means, and for whom.
fn remedy(code: u16) -> (&'static str, Audience, &'static str) {
    match code {
        425 => (
            "the server could not open the data connection",
            Audience::Server,
            "See the server's log for the reason; the connection it tried is the one announced last.",
        ),
        426 => (
            "the server broke the transfer off",
            Audience::Server,
            "See the server's log: the data connection failed, or the transfer ran into a limit.",
        ),
        450 => (
            "the file is not available now",
            Audience::Server,
            "See whether another process holds the file, and its permissions.",
        ),
        451 => (
            "an error on the server stopped it",
            Audience::Server,
            "See the server's log: a read or write error of the file.",
        ),
        452 | 552 => (
            "there is no space left for it",
            Audience::Server,
            "Free space, or raise the user's quota.",
        ),
        530 => {
            ("the login doesn't allow it", Audience::Client, "Log in, or log in as a user who may.")
        }
        550 => (
            "the file is not there or may not be read or written",
            Audience::Client,
            "Check the path (and the directory the session stands in) and the permissions of the user.",
        ),
        553 => (
            "the name is not allowed, or may not be written",
            Audience::Client,
            "Check the name and the permissions of the directory.",
        ),
        521 | 522 | 533 | 534 | 536 => (
            "the data connection's protection isn't accepted",
            Audience::Client,
            "Send PBSZ 0 and PROT P before the transfer, or resume the TLS session of the control connection.",
        ),
        _ => (
            "the server doesn't do it",
            Audience::Client,
            "Read the reply: it says what the server objects to.",
        ),
    }
}

/// ABOR, or the client's end of the control connection, after the command and before its reply.
fn called_off(ctx: &Context<'_>, e: &Exchange, replied: Moment) -> bool {
    let s = ctx.session;
    let abor = s.script.exchanges.iter().filter(|a| a.verb == Verb::ABOR).map(|a| a.at);
    abor.chain(s.from_client().fin).any(|at| at > e.at && at < replied)
}

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let any = crate::diagnose::anything_succeeded(s);
    for t in &s.transfers {
        let Some(e) = s.script.exchanges.get(t.exchange).filter(|e| e.refused()) else { continue };
        let Some((code, at)) = e.final_reply else { continue };
        // The client broke it off before; without the announcement there is no channel to say so of.
        if matches!(code, 426 | 451) && t.channel.is_none() && called_off(ctx, e, at) {
            continue;
        }
        let serious = matches!(code, 425 | 426 | 451 | 452 | 552);
        let overcome = ctx.succeeded_after(e.at).is_some() || any && !serious;
        let severity = if overcome { Severity::Warning } else { Severity::Critical };
        let (meaning, audience, what) = remedy(code);
        let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
            .summary(format!(
                "{} was refused: {}",
                format!("{} {}", e.verb, ctx.argument(e)).trim_end(),
                ctx.reply_text(e)
            ))
            .reasoning(format!(
                "{code}: {meaning}. The refusal came {} after the command.",
                wording::duration(at.time.since(e.at.time))
            ))
            .evidence(e.at, format!("{} {}", e.verb, ctx.argument(e)).trim_end().to_owned())
            .evidence(at, format!("answered with {code}"))
            .advice(audience, what);
        if let Some(id) = t.channel {
            d = d.channel(id);
        }
        let partner = t.channel.and_then(|id| s.channel(id)).and_then(|c| c.partner);
        if let Some(p) = partner.filter(|_| matches!(code, 425 | 426)) {
            let text = format!(
                "The data connection is one between {} and {} (FXP): see whether a firewall between \
                 these two lets it through.",
                s.server.ip, p.server.ip
            );
            d = d.advice(Audience::Firewall, text);
        }
        findings.add(d);
    }
}
