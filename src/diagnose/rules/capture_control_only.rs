//! The data connections weren't captured.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "capture-control-only",
    title: "transfers were confirmed, yet no data connection was captured",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &["announcement-unused"],
    proof: "A transfer is confirmed with 226 or 250, and the capture holds no data connection of the session.",
    look_alikes: "data-never-attempted (nothing was confirmed).",
    change: "Capture all traffic of the host, not port 21: the data connections use other ports.",
    shown_by: ("control-only", "passive-range-dropped-server"),
    check: Check::when(&[Sign::ControlOnly], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if !ctx.quality.control_only {
        return;
    }
    // Between two servers data goes elsewhere.
    let elsewhere = |t: &crate::session::Transfer| {
        t.channel.and_then(|id| s.channel(id)).is_some_and(|c| c.partner.is_some())
    };
    if s.transfers.iter().all(elsewhere) {
        return;
    }
    let confirmed = s
        .transfers
        .iter()
        .filter_map(|t| s.script.exchanges.get(t.exchange))
        .find_map(|e| e.final_reply.filter(|_| e.succeeded()).map(|r| (e, r)));
    let mut d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
        .summary("The data connections of this session weren't captured.")
        .reasoning(
            "The server confirms transfers, so data connections existed; they go over other ports, which \
             a filter like 'port 21' leaves out. Nothing is said about them.",
        )
        .advice_with(
            Audience::Capture,
            "Capture all traffic of the host.",
            advice::capture_command(s.client.ip, "ftp.pcap"),
        );
    if let Some((e, (code, at))) = confirmed {
        d = d.evidence(at, format!("{} is confirmed with {code}", e.verb));
    }
    findings.add(d);
}
