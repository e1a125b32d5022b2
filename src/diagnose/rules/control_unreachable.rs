//! ICMP says the server can't be reached.

use super::prelude::*;
use crate::decode::IcmpKind;

pub(super) static RULE: Rule = Rule {
    code: "control-unreachable",
    title: "ICMP says that the control port can't be reached",
    stage: Stage::ControlConnect,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &[],
    proof: "An ICMP error that quotes the SYN.",
    look_alikes: "control-refused (an RST).",
    change: "By the error: the route, the host, or the firewall that prohibits it.",
    shown_by: ("control-unreachable", "control-refused"),
    check: Check::when(&[Sign::NotOpened], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let Some(icmp) = s.control.unreachable().filter(|_| s.opening == Opening::Unreachable) else {
        return;
    };
    let from = icmp.error.from;
    let (says, remedy) = match icmp.error.kind {
        IcmpKind::NetUnreachable => {
            ("network unreachable", format!("{from} has no route to {}.", s.server.ip))
        }
        IcmpKind::HostUnreachable => (
            "host unreachable",
            format!(
                "{} doesn't answer on its network, says {from}: is it up, is the address right?",
                s.server.ip
            ),
        ),
        IcmpKind::Prohibited => (
            "administratively prohibited",
            format!("A firewall rule on {from} rejects the connection."),
        ),
        IcmpKind::PortUnreachable => {
            ("port unreachable", format!("A firewall on {from} rejects the connection."))
        }
        IcmpKind::TimeExceeded => (
            "time to live exceeded",
            format!(
                "Packets to {} go round in circles near {from}: look at the routes.",
                s.server.ip
            ),
        ),
        _ => ("protocol unreachable", format!("{from} doesn't do TCP.")),
    };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .summary(format!("The control port {} can't be reached: {from} says {says}.", s.server))
            .reasoning(format!(
                "{}: the ICMP error quotes the client's SYN.",
                wording::vantage(ctx)
            ))
            .evidence_if(s.control.from_initiator.syn, "SYN of the client")
            .evidence(
                icmp.at,
                format!(
                    "ICMP type {} code {} from {from}: {says}",
                    icmp.error.icmp_type, icmp.error.icmp_code
                ),
            )
            .advice(Audience::Firewall, remedy),
    );
}
