//! Nothing listens on the control port, or a firewall rejects.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "control-refused",
    title: "the control port refused the connection with an RST",
    stage: Stage::ControlConnect,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &[],
    proof: "RST to the SYN.",
    look_alikes: "control-unreachable (ICMP); a firewall's RST, whose TTL differs from the host's.",
    change: "Start the service; then the firewall.",
    shown_by: ("control-refused", "control-unanswered"),
    check: Check::when(&[Sign::NotOpened], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let Some(reset) = s.control.from_responder.rst.filter(|_| s.opening == Opening::Refused) else {
        return;
    };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .summary(format!("The control port {} refused the connection.", s.server))
            .reasoning(format!(
                "{}: the SYN was answered with an RST (TTL {}). Nothing listens on the port, or a \
                 firewall rejects in the server's name; no other packet of the server tells its own TTL.",
                wording::vantage(ctx),
                reset.ttl
            ))
            .evidence_if(s.control.from_initiator.syn, "SYN of the client")
            .evidence(reset.at, format!("RST in the name of {}, TTL {}", s.server, reset.ttl))
            .advice_with(
                Audience::Server,
                format!("Start the FTP service, and see that it listens on port {}.", s.server.port),
                format!("ss -ltnp 'sport = :{}'", s.server.port),
            )
            .advice(Audience::Firewall, format!("If it does listen, look for a reject rule for port {}.", s.server.port)),
    );
}
