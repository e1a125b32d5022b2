//! The server took the connection and never greeted.

use super::prelude::*;

/// A greeting that takes longer won't come.
const NEVER: Duration = Duration::from_secs(30);
/// A client that waited this long and left has given up.
const GAVE_UP: Duration = Duration::from_secs(5);

pub(super) static RULE: Rule = Rule {
    code: "banner-missing",
    title: "the connection was made, and the server never greeted",
    stage: Stage::Banner,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: &["control-reset", "control-probe", "control-closed"],
    proof: "Handshake, then no 220 for 30 s, or the client gave up after waiting 5 s or more.",
    look_alikes: "control-probe (the client left at once); TLS on one side only; not-ftp; capture-one-direction; the capture ended sooner.",
    change: "The server is overloaded, waits for a lookup, or another service has the port.",
    shown_by: ("banner-missing", "banner-late"),
    check: Check::when(&[Sign::Silence], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if s.opening != Opening::Complete || q.one_direction || q.control_loss || s.hidden() {
        return;
    }
    let Some(opened) = s.control.established else { return };
    if s.from_server().bytes() > 0 || s.from_client().bytes() > 0 {
        return;
    }
    let left = ctx.control_closed();
    let waited = left.unwrap_or(s.judged_at).time.since(opened.time);
    let enough = if left.is_some() { GAVE_UP } else { NEVER };
    if waited < enough {
        return;
    }
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .summary(format!(
                "The server {} took the connection and said nothing for {}.",
                s.server,
                wording::duration(waited)
            ))
            .reasoning(format!(
                "{}: the handshake was completed, so network and firewall let the connection through; \
                 the process behind the port never sent its greeting. The kernel completes handshakes \
                 even for a process that hangs.",
                wording::vantage(ctx)
            ))
            .evidence(opened, "the handshake is complete")
            .evidence_if(left, "the connection is given up")
            .advice_with(
                Audience::Server,
                "See whether the server is overloaded, waits for a reverse DNS or ident lookup, or \
                 whether another service has the port.",
                format!("ss -ltnp 'sport = :{}'   # Recv-Q at its limit: nobody accepts", s.server.port),
            ),
    );
}
