//! The capture lost packets that the hosts received.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "capture-loss",
    title: "the capture doesn't hold packets that their receivers acknowledged",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "A receiver's ACK covers bytes that were never captured; or a SYN is missing while its SYN-ACK is there.",
    look_alikes: "loss in the network (sent again, and the second copy is there); capture-one-direction; capture-midstream.",
    change: "A larger capture buffer, a narrower filter, a faster disk.",
    shown_by: ("capture-lost-packets", "passive-vsftpd-curl"),
    check: Check::when(&[Sign::Loss], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if !ctx.quality.loss || ctx.quality.one_direction {
        return;
    }
    let data = s.channels.iter().filter_map(|c| c.connection.as_deref());
    let (mut segments, mut bytes, mut seen) = (0, 0, None);
    for c in std::iter::once(&*s.control).chain(data) {
        for half in [&c.from_initiator, &c.from_responder] {
            segments += half.missing_segments();
            bytes += half.missing_bytes();
            if half.acked_unseen() {
                seen = seen.or(half.acked_at);
            }
        }
        if c.from_initiator.syn.is_none() && c.from_responder.syn.is_some() {
            segments += 1;
            seen = seen.or(c.from_responder.syn);
        }
    }
    findings.add(
        Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
            .summary(format!(
                "At least {} ({bytes} bytes) of this session were received but not captured.",
                wording::count(segments, "segment")
            ))
            .reasoning(
                "The receiver acknowledged them, so the network delivered them: the capture lost them. \
                 Holes in it are not read as losses in the network.",
            )
            .evidence_if(seen, "acknowledges bytes that aren't in the capture")
            .advice_with(
                Audience::Capture,
                "Give the capture a larger buffer and write to a fast disk.",
                format!("tcpdump -ni any -s 0 -B 65536 -w ftp.pcap 'host {}'", s.client.ip),
            ),
    );
}
