//! The capture began after the session.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "capture-midstream",
    title: "the capture began after the control connection did",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "The control connection has no handshake at all.",
    look_alikes: "capture-loss (a lost SYN whose SYN-ACK was captured).",
    change: "Start the capture before the client connects.",
    shown_by: ("midstream", "passive-vsftpd-curl"),
    check: Check::when(&[Sign::Midstream], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if !ctx.quality.midstream {
        return;
    }
    findings.add(
        Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
            .summary("The capture began after the control connection did.")
            .reasoning(
                "Neither SYN nor SYN-ACK of the control connection was captured: greeting, login and \
                 earlier announcements may be missing, and nothing is said about their absence.",
            )
            .evidence(s.first, "the first packet captured of this connection is no SYN")
            .advice_with(
                Audience::Capture,
                "Start the capture before the client connects.",
                advice::capture_command(s.client.ip, "ftp.pcap"),
            ),
    );
}
