//! The server doesn't answer at all.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "control-unanswered",
    title: "the SYNs to the control port got no answer",
    stage: Stage::ControlConnect,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: &[],
    proof: "SYNs to the control port, at least two or 3 s old, without any answer.",
    look_alikes: "control-refused; capture-one-direction.",
    change: "Open the control port to the server; see whether the server is up.",
    shown_by: ("control-unanswered", "control-refused"),
    check: Check::when(&[Sign::NotOpened], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if s.opening != Opening::Unanswered || ctx.quality.one_direction {
        return;
    }
    let half = &s.control.from_initiator;
    let Some(first) = half.syn else { return };
    let last = half.last_syn.unwrap_or(first);
    if half.syns < 2 && ctx.waited(first) < Duration::from_secs(3) {
        return;
    }
    let place = match ctx.vantage() {
        VantagePoint::Client => {
            "the SYNs left the client; something on the way or the server's own firewall drops them, or the server is down"
        }
        VantagePoint::Server => "the SYNs arrived here; the server's own firewall drops them",
        _ => {
            "something on the way to the server, or its own firewall, drops them, or the server is down"
        }
    };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .summary(format!(
                "The client's SYNs to the control port {} were never answered ({} in {}).",
                s.server,
                half.syns,
                wording::duration(last.time.since(first.time))
            ))
            .reasoning(format!(
                "{}: {place}. A port where nothing listens would answer with an RST.",
                wording::vantage(ctx)
            ))
            .evidence(first, format!("SYN from {} to {}", s.client, s.server))
            .evidence_if(half.last_syn.filter(|l| *l != first), "the last SYN")
            .advise([advice::open_control_port(ctx)])
            .advice(Audience::Server, format!("See that {} is up and reachable.", s.server.ip))
            .advise([advice::capture_elsewhere(ctx)]),
    );
}
