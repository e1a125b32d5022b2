//! A device on the way rejected the data connection.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-rejected",
    title: "a firewall on the way rejected the data connection (ICMP, or an RST that isn't the host's)",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: super::AFTER_A_FAILED_DIAL,
    proof: "ICMP unreachable or prohibited that quotes the SYN; or an RST to it whose TTL is not the host's.",
    look_alikes: "data-refused (the RST has the host's own TTL).",
    change: "The firewall that answered: let the data connection through.",
    shown_by: ("passive-range-rejected-icmp", "data-refused-client"),
    check: Check::when(&[Sign::DialFailed], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for channel in ctx.failed_dials(ConnectionState::Unreachable) {
        let Some(connection) = &channel.connection else { continue };
        let Some(icmp) = connection.unreachable() else { continue };
        let from = icmp.error.from;
        let says = meaning(icmp.error.kind);
        let host = from == connection.responder.ip;
        let who = if host { "the host itself or its own firewall" } else { "a device on the way" };
        findings.add(found(
            ctx,
            channel,
            connection,
            format!("{from} answered with ICMP: {says}"),
            format!(
                "The error comes from {from}, {who}, and quotes the SYN. A dropping firewall would \
                 have said nothing, a port without a listener would have sent an RST."
            ),
            (
                icmp.at,
                format!(
                    "ICMP type {} code {} from {from}: {says}",
                    icmp.error.icmp_type, icmp.error.icmp_code
                ),
            ),
            Confidence::Certain,
        ));
    }
    for channel in ctx.failed_dials(ConnectionState::Refused) {
        let Some(connection) = &channel.connection else { continue };
        let Some(reset) = connection.from_responder.rst else { continue };
        let ip = connection.responder.ip;
        if ctx.as_far_as_host(ip, reset.ttl) != Some(false) {
            continue;
        }
        let Some(usual) = ctx.host_ttl(ip) else { continue };
        findings.add(found(
            ctx,
            channel,
            connection,
            format!("the RST in {ip}'s name isn't {ip}'s"),
            format!(
                "Packets of {ip} arrive with a TTL of {usual}, this RST with {}: another device sent \
                 it in {ip}'s name, {} away.",
                reset.ttl,
                wording::count(usual.abs_diff(reset.ttl).into(), "hop")
            ),
            (reset.at, format!("RST in the name of {}, TTL {}", connection.responder, reset.ttl)),
            Confidence::Likely,
        ));
    }
}

pub(super) fn meaning(kind: crate::decode::IcmpKind) -> &'static str {
    use crate::decode::IcmpKind::*;
    match kind {
        NetUnreachable => "network unreachable",
        HostUnreachable => "host unreachable",
        ProtocolUnreachable => "protocol unreachable",
        PortUnreachable => "port unreachable",
        Prohibited => "administratively prohibited",
        TimeExceeded => "time to live exceeded in transit",
        TooBig(_) | Other => "an error",
    }
}

fn found(
    ctx: &Context<'_>,
    channel: &Channel,
    connection: &Connection,
    what: String,
    why: String,
    evidence: (Moment, String),
    confidence: Confidence,
) -> Diagnosis {
    let listening = wording::listening(channel, connection);
    let d = Diagnosis::new(RULE.code, ctx.severity_of_no(connection.first), RULE.stage)
        .channel(channel.id)
        .confidence(confidence)
        .summary(format!("The {}'s SYN to {listening} was rejected: {what}.", ctx.dialler(channel)))
        .reasoning(format!("{}. {why}", wording::vantage(ctx)))
        .announced(channel)
        .dialled(connection)
        .evidence(evidence.0, evidence.1)
        .answered(ctx, channel);
    if channel.mode == Mode::Active {
        d.advise([advice::use_passive_mode(), advice::let_active_in(ctx, connection.responder)])
    } else {
        d.advise(advice::open_passive_range(ctx, connection.responder))
    }
}
