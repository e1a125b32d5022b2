//! The host itself refused the data connection.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-refused",
    title: "the announced port refused the data connection with an RST of its own host",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: super::AFTER_A_FAILED_DIAL,
    proof: "RST to the SYN, with the TTL of the host's other packets: nothing listens there, or that host's own firewall rejects.",
    look_alikes: "data-rejected (an RST with another TTL, or ICMP: a firewall on the way); data-port-reused.",
    change: "Find out why nothing listens: the server closed it after a timer, another backend got the connection, the client closed its port; then that host's own firewall.",
    shown_by: ("data-refused-client", "passive-range-rejected-rst"),
    check: Check::when(&[Sign::DialFailed], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for channel in ctx.failed_dials(ConnectionState::Refused) {
        let Some(connection) = &channel.connection else { continue };
        let Some(reset) = connection.from_responder.rst else { continue };
        let usual = ctx.host_ttl(connection.responder.ip);
        if ctx.as_far_as_host(connection.responder.ip, reset.ttl) == Some(false) {
            continue;
        }
        let responder = connection.responder;
        let who = if channel.mode == Mode::Active { "client" } else { "server" };
        let listening = wording::listening(channel, connection);
        let (confidence, ttl) = match usual {
            Some(ttl) if ttl != reset.ttl => (
                Confidence::Likely,
                format!(
                    "The RST comes from as many routers away as the {who}'s other packets (TTL {}, \
                     the others {ttl}; some hosts begin at another TTL for an RST), so the {who} \
                     itself sent it, or its own firewall",
                    reset.ttl
                ),
            ),
            Some(ttl) => (
                Confidence::Certain,
                format!(
                    "The RST has the TTL of the {who}'s other packets ({ttl}), so the {who} itself sent it, or its own firewall"
                ),
            ),
            None => (
                Confidence::Likely,
                format!(
                    "No other packet of {} tells the TTL it sends with, so a firewall in between may have sent the RST (TTL {})",
                    responder.ip, reset.ttl
                ),
            ),
        };
        findings.add(
            Diagnosis::new(RULE.code, ctx.severity_of_no(connection.first), RULE.stage)
                .channel(channel.id)
                .confidence(confidence)
                .summary(format!(
                    "The {} dialled {listening} and was refused: the {who} answered the SYN with an RST.",
                    ctx.dialler(channel)
                ))
                .reasoning(format!(
                    "{}: {ttl}. A firewall that drops would leave the SYN without an answer; here \
                     there was one at once.",
                    wording::vantage(ctx)
                ))
                .announced(channel)
                .dialled(connection)
                .evidence(reset.at, format!("RST from {responder}, TTL {}", reset.ttl))
                .answered(ctx, channel)
                .advise(remedy(channel, responder)),
        );
    }
}

fn remedy(channel: &Channel, responder: crate::decode::Endpoint) -> Vec<crate::diagnose::Advice> {
    use crate::diagnose::Advice;
    if channel.mode == Mode::Active {
        return vec![advice::use_passive_mode()];
    }
    vec![
        Advice {
            audience: Audience::Server,
            text: format!(
                "See what listens on port {} while a client waits, and whether the announcement and \
                 the listener are on the same host: behind a load balancer both connections must \
                 reach the same backend.",
                responder.port
            ),
            example: Some(format!("ss -ltnp 'sport = :{}'", responder.port)),
        },
        Advice {
            audience: Audience::Firewall,
            text: format!("Look for a reject rule on {} itself.", responder.ip),
            example: Some("nft list ruleset | grep -n reject".to_owned()),
        },
    ]
}
