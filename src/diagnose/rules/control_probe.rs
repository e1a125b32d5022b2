//! Somebody knocked and left.

use super::prelude::*;

/// A client that stays longer wanted something.
const SHORT: Duration = Duration::from_secs(5);

pub(super) static RULE: Rule = Rule {
    code: "control-probe",
    title: "the client connected and left without a command: a health check or a port probe",
    stage: Stage::ControlConnect,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "Handshake (or greeting), then the client closes within 5 s without a command.",
    look_alikes: "banner-missing (it waited); too-many-connections (the server turned it away).",
    change: "Nothing.",
    shown_by: ("control-probe", "banner-missing"),
    check: Check::when(&[Sign::Silence], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if s.opening != Opening::Complete || q.one_direction || q.control_loss || s.hidden() {
        return;
    }
    let Some(opened) = s.control.established.filter(|_| s.from_client().bytes() == 0) else {
        return;
    };
    let own = [s.from_client().fin, s.from_client().rst.map(|r| r.at)].into_iter().flatten().min();
    let Some(left) = own.filter(|l| Some(*l) == ctx.control_closed()) else { return };
    let stayed = left.time.since(opened.time);
    if stayed >= SHORT {
        return;
    }
    findings.add(
        Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
            .summary(format!(
                "{} connected and left after {} without a command.",
                s.client.ip,
                wording::duration(stayed)
            ))
            .reasoning("Health checks of load balancers and port probes do that; a client that waited in vain would have stayed longer.")
            .evidence(opened, "the handshake is complete")
            .evidence(left, "the client closes"),
    );
}
