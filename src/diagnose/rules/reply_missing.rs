//! The data came, the final reply did not.

use super::prelude::*;

/// Longer than a server needs to close a file.
const LONG: Duration = Duration::from_secs(10);

pub(super) static RULE: Rule = Rule {
    code: "reply-missing",
    title: "the data connection was closed in order, and the final reply never came",
    stage: Stage::Completion,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: &["command-unanswered", "control-reset", "idle-closed"],
    proof: "Data closed in order, no final reply for over 10 s after it, or the client closed control without one; control otherwise alive.",
    look_alikes: "control-dead (sent and lost); the server closed control; a 226 that came late; the capture ended sooner.",
    change: "What the server does after an upload; a NAT that forgot the idle control connection.",
    shown_by: ("reply-missing", "passive-vsftpd-curl"),
    check: Check::when(&[Sign::Open], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if s.control_gaps > 0 || q.one_direction || q.control_loss {
        return;
    }
    for channel in &s.channels {
        let Some(e) = ctx.command_of(channel).filter(|e| e.final_reply.is_none()) else { continue };
        let Some(c) = &channel.connection else { continue };
        let Some(closed) = c.closed().filter(|_| c.state() == ConnectionState::Closed) else {
            continue;
        };
        let ending = ctx.control_closed().filter(|m| *m > closed);
        let by_client =
            ending.is_some() && s.from_client().fin.or(s.from_client().rst.map(|r| r.at)) == ending;
        let waited = ending.unwrap_or(s.judged_at).time.since(closed.time);
        let given_up = by_client && waited >= Duration::from_secs(1);
        if waited <= LONG && !given_up || ending.is_some() && !by_client {
            continue;
        }
        let acknowledged = s.from_client().acked.is_some_and(|a| a >= e.end_offset);
        let silent = if ctx.vantage() == VantagePoint::Server {
            "the server never sent it"
        } else {
            "either the server never sent it, or it was lost on the way and never sent again"
        };
        findings.add(
            Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
                .channel(channel.id)
                .summary(format!(
                    "The data of {} {} came to its end, but no final reply followed within {}.",
                    e.verb,
                    ctx.argument(e),
                    wording::duration(waited)
                ))
                .reasoning(format!(
                    "{}: both sides closed the data connection in order after {} bytes, {}, and {silent}.",
                    wording::vantage(ctx),
                    c.bytes(),
                    if acknowledged { "the command had been acknowledged" } else { "the control connection was idle" }
                ))
                .evidence(e.at, format!("{} {}", e.verb, ctx.argument(e)))
                .evidence(closed, "the data connection is closed in order")
                .evidence_if(ending, "the client gives up")
                .advice(
                    Audience::Server,
                    "See what the server does after a transfer (virus scan, hook, quota, slow disk), and its log.",
                )
                .advice(
                    Audience::Firewall,
                    "If the transfer took minutes: a NAT or firewall may have forgotten the idle control \
                     connection. Compare its TCP idle timeout with the transfer's length.",
                )
                .advise([advice::capture_elsewhere(ctx)]),
        );
    }
}
