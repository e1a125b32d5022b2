//! Packets were captured twice.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "capture-duplicates",
    title: "the capture holds packets twice",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "The same packet again within a millisecond: same identification, sequence number and checksum.",
    look_alikes: "retransmissions (a later time, another identification).",
    change: "Capture at one point: one interface, or one side of the mirror.",
    shown_by: ("any-router-duplicates", "passive-vsftpd-curl"),
    check: Check::when(&[Sign::Duplicates], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if !ctx.quality.duplicates {
        return;
    }
    let data = s.channels.iter().filter_map(|c| c.connection.as_deref());
    let n: u64 = s.control.duplicates + data.map(|c| c.duplicates).sum::<u64>();
    findings.add(
        Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
            .summary(format!("The capture holds {} of this session twice.", wording::count(n, "packet")))
            .reasoning(
                "They came within a millisecond with the same sequence number and checksum: a mirror of \
                 two ports, or -i any on a router. They aren't counted as retransmissions.",
            )
            .evidence(s.first, "the session's first packet")
            .advice(Audience::Capture, "Capture at one point: one interface, or one side of the mirror."),
    );
}
