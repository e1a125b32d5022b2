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
    check,
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let (Some(opened), Some(greeted)) = (s.control.established, s.banner_at) else { return };
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
                 DNS name of {}, which nobody answers.",
                wording::vantage(ctx),
                s.client.ip
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
