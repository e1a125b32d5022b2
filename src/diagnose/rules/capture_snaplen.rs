//! Packets were cut.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "capture-snaplen",
    title: "packets of the session were cut by the snap length",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "Captured length below the length on the wire in packets of the session.",
    look_alikes: "announcement-unreadable (complete, and damaged).",
    change: "Capture whole packets: tcpdump -s 0.",
    shown_by: ("snaplen-96", "passive-vsftpd-curl"),
    check: Check::when(&[Sign::Cut], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if !ctx.quality.cut {
        return;
    }
    let control = s.control.from_initiator.cut + s.control.from_responder.cut;
    let lines = if control > 0 {
        format!(
            "{} of the control connection, whose lines may be incomplete",
            wording::count(control, "packet")
        )
    } else {
        "only data packets, so every line is complete".to_owned()
    };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
            .summary(format!(
                "The snap length cut {} of this session.",
                wording::count(s.cut_packets, "packet")
            ))
            .reasoning(format!(
                "Sizes are right all the same: they come from the headers. Cut were {lines}."
            ))
            .evidence(s.first, "the first packet of the session")
            .advice_with(
                Audience::Capture,
                "Capture whole packets.",
                advice::capture_command(s.client.ip, "ftp.pcap"),
            ),
    );
}
