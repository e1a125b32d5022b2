//! Under TLS no helper opens the data port.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "tls-data-blocked",
    title: "under TLS the data connection was blocked: no firewall can read the announcement",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: &["data-syn-unanswered", "data-refused", "data-rejected"],
    proof: "The control connection is encrypted, and a SYN between the same hosts in the burst after a command got no answer, or was refused or rejected.",
    look_alikes: "data-syn-unanswered, data-rejected (the same packets, in clear).",
    change: "A fixed passive range on the server, opened statically in every firewall.",
    shown_by: ("ftps-range-blocked", "ftps-explicit-vsftpd-curl"),
    check: Check::when(&[Sign::Tls], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if !ctx.session.hidden() || ctx.quality.one_direction {
        return;
    }
    let states =
        [ConnectionState::Unanswered, ConnectionState::Refused, ConnectionState::Unreachable];
    for channel in states.into_iter().flat_map(|s| ctx.failed_dials(s)) {
        let Association::Inferred { .. } = channel.association else { continue };
        let Some(c) = &channel.connection else { continue };
        let syns = c.from_initiator.syns;
        let (what, means) = match c.state() {
            ConnectionState::Unanswered => ("never answered", Means::Stalled),
            ConnectionState::Refused => ("refused with an RST", Means::Failed),
            _ => ("rejected by ICMP", Means::Failed),
        };
        if c.state() == ConnectionState::Unanswered
            && syns < 2
            && ctx.waited_in_session(c.first) < Duration::from_secs(3)
        {
            continue;
        }
        let mut d = Diagnosis::new(RULE.code, ctx.severity_after(c.first, channel), RULE.stage)
            .channel(channel.id)
            .means(means)
            .confidence(Confidence::Likely)
            .summary(format!(
                "The {}'s SYNs to {}, most likely an announced data port, were {what} ({syns} in {}).",
                ctx.dialler(channel),
                c.responder,
                wording::duration(ctx.until_given_up(channel, c.first))
            ))
            .reasoning(format!(
                "{}: the control connection is encrypted, so no firewall or NAT helper on the way could \
                 read the announcement and open its port. The connection is taken for this session's by \
                 its two hosts and its time.",
                wording::vantage(ctx)
            ))
            .evidence_if(ctx.session.tls_since, "TLS begins on the control connection")
            .dialled(c)
            .evidence_if(c.reset().map(|r| r.1.at), "RST")
            .evidence_if(c.unreachable().map(|i| i.at), "ICMP error");
        d = d.advise(advice::open_passive_range(ctx, c.responder));
        findings.add(d.advise([advice::capture_elsewhere(ctx)]));
    }
}
