//! The server took its time to greet.

use super::prelude::*;

/// A greeting that takes longer is late.
const LATE: Duration = Duration::from_secs(2);

pub(super) static RULE: Rule = Rule {
    code: "banner-late",
    title: "the greeting came late",
    stage: Stage::Banner,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "More than 2 s from the handshake to the 220.",
    look_alikes: "ident-delay (a SYN from the server to the client's port 113 stands in between).",
    change: "Switch off reverse lookups: proftpd UseReverseDNS off, vsftpd reverse_lookup_enable=NO, pure-ftpd -H.",
    shown_by: ("banner-late", "banner-missing"),
    check: Check::when(&[Sign::Long], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let (Some(opened), Some(greeted)) = (s.control.established, s.banner_at()) else { return };
    let delay = greeted.time.since(opened.time);
    if s.opening != Opening::Complete || delay <= LATE || ctx.quality.control_loss {
        return;
    }
    findings.add(
        Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
            .confidence(Confidence::Likely)
            .summary(format!("The greeting came {} after the handshake.", wording::duration(delay)))
            .reasoning(format!(
                "{}: the connection was open and the server silent. Most often it waits for the reverse \
                 DNS name of {}, which nobody answers.{}",
                wording::vantage(ctx),
                s.client.ip,
                ident(ctx, delay)
            ))
            .evidence(opened, "the handshake is complete")
            .evidence(greeted, "the greeting")
            .advise_server(
                ctx,
                format!("Switch reverse lookups off, or give {} a name in reverse DNS.", s.client.ip),
                advice::server::NO_LOOKUPS,
            ),
    );
}

/// Where a question to the client's port 113 would not be seen, its timer may show all the same.
fn ident(ctx: &Context<'_>, delay: Duration) -> &'static str {
    let timer = matches!(delay.as_millis(), 4900..=5500 | 9900..=10500);
    if timer && ctx.software("proftpd") && ctx.vantage() != VantagePoint::Server {
        " proftpd gives up an ident lookup (port 113) after 5 s, older ones after 10 s: a firewall that \
         drops it on its way to this place looks the same, and a capture at the server would show it."
    } else {
        ""
    }
}
