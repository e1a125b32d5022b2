//! Only one side was captured.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "capture-one-direction",
    title: "only one side of the control connection was captured",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &["capture-loss", "capture-midstream"],
    proof: "Packets of one side only, while its acknowledgments advance.",
    look_alikes: "control-unanswered (nothing is acknowledged).",
    change: "Capture both directions: both ports of the mirror, all interfaces of an asymmetric path.",
    shown_by: ("one-direction", "control-unanswered"),
    check: Check::when(&[Sign::OneDirection], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if !ctx.quality.one_direction {
        return;
    }
    let heard = if s.from_client().packets > 0 { "client" } else { "server" };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
            .summary(format!("Only the {heard}'s packets were captured."))
            .reasoning(
                "Its acknowledgments advance, so the other side was answering: nothing is said here \
                 about silence or missing answers.",
            )
            .evidence(s.first, format!("the {heard}'s first packet"))
            .evidence(s.control.last, format!("the {heard}'s last packet"))
            .advice_with(
                Audience::Capture,
                "Capture both directions: both ports of the mirror, all interfaces of an asymmetric path.",
                advice::capture_command(s.client.ip, "ftp.pcap"),
            ),
    );
}
