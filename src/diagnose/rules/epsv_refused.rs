//! The server doesn't do EPSV.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "epsv-refused",
    title: "the server refused EPSV",
    stage: Stage::Announcement,
    severities: &[Severity::Info, Severity::Critical],
    means: Means::Failed,
    explains: &["transfer-refused", "no-data-announcement", "announcement-unused"],
    proof: "500, 501, 502, 504, 522 or another permanent refusal to EPSV.",
    look_alikes: "530 before the login; passive-unavailable (no port is free).",
    change: "A client option to use PASV at once (curl --disable-epsv); over IPv6 an upgrade of the server, since PASV can't name its address.",
    shown_by: ("epsv-refused-ipv6", "epsv-pureftpd-curl"),
    check: Check::when(&[Sign::Refusal], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for e in s.script.exchanges.iter().filter(|e| e.verb == Verb::EPSV) {
        let Some((code, at)) = e.final_reply.filter(|r| matches!(r.0, 500..=504 | 522 | 550))
        else {
            continue;
        };
        if ctx.argument(e).eq_ignore_ascii_case("ALL") {
            continue;
        }
        let fallback = ctx.worked_later(e.at)
            || s.channels.iter().any(|c| {
                c.announcement.as_ref().is_some_and(|a| a.at > e.at && a.accepted == Some(true))
            });
        // What the client tries next may just not be captured yet.
        let open = ctx.control_closed().is_none() && ctx.waited(at) < Duration::from_secs(10);
        let severity = if fallback || open { Severity::Info } else { Severity::Critical };
        let after = if fallback {
            "The client went on with another command."
        } else if open {
            "What the client did next is not in the capture."
        } else {
            "The client had nothing else to try: over IPv6 there is no PASV (RFC 2428)."
        };
        findings.add(
            Diagnosis::new(RULE.code, severity, RULE.stage)
                .summary(format!("The server refused EPSV with {code}."))
                .reasoning(format!(
                    "{after} Nothing of the network is at fault: the server answered."
                ))
                .evidence(e.at, "EPSV")
                .evidence(at, format!("answered with {code}"))
                .advice_with(
                    Audience::Client,
                    "Use PASV at once, where the server is reached over IPv4.",
                    "curl --disable-epsv …   lftp: set ftp:use-epsv no",
                )
                .advice(
                    Audience::Server,
                    "Enable EPSV, or upgrade the server: RFC 2428 is of 1998.",
                ),
        );
    }
}
