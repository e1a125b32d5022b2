//! Data is sent again and again, and nobody acknowledges it.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-path-dead",
    title: "the data connection's path died: segments sent again to the end, never acknowledged",
    stage: Stage::DataTransfer,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: super::AFTER_A_STALLED_TRANSFER,
    proof: "Segments retransmitted to the end without an ACK; at the receiver silence, then its own FIN retransmitted without an ACK while control still answers.",
    look_alikes: "data-mtu-blackhole (small segments pass, large ones don't); data-silent (nothing outstanding); host-unreachable (control died too).",
    change: "The path, or a firewall that lost the connection's state.",
    shown_by: ("data-path-dead-server", "data-zero-window-server"),
    check: Check::when(&[Sign::Resent], check),
};

/// Retransmissions of payload that are enough.
const PAYLOAD_TIMES: u32 = 3;
/// Retransmissions of a bare FIN that are enough.
const FIN_TIMES: u32 = 2;
/// Over at least this time; a spanning tree, a failover or a radio that roams is back sooner.
const LONG: Duration = Duration::from_secs(5);
/// The same when the session is over: nothing can recover any more.
const LONG_AT_END: Duration = Duration::from_secs(1);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if ctx.quality.one_direction {
        return;
    }
    let long = if ctx.control_ended() { LONG_AT_END } else { LONG };
    for channel in &s.channels {
        let Some(c) = channel.connection.as_deref().filter(|c| c.worked()) else { continue };
        for end in [c.initiator, c.responder] {
            let (half, other) = (c.from(end), c.to(end));
            let Some(u) = half.unanswered else { continue };
            let needed = if u.len > 0 { PAYLOAD_TIMES } else { FIN_TIMES };
            // The other side said something since: then it isn't dead.
            let heard = other.last_packet.is_some_and(|m| m > u.first);
            // After both FINs the data had come to its end; firewalls often swallow the last of
            // them, because they have forgotten the connection by then.
            let ended = u.len == 0 && other.fin.is_some();
            if ended || u.times < needed || heard || u.last.time.since(u.sent.time) < long {
                continue;
            }
            let who = if end.ip == s.client.ip { "client" } else { "server" };
            let peer = if who == "client" { "server" } else { "client" };
            let alive = ctx.control_answered_since(u.first);
            let what = if u.len > 0 { "data" } else { "FIN" };
            findings.add(
                Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
                    .channel(channel.id)
                    .summary(format!(
                        "The {who}'s {what} on the data connection {} → {} was sent again {} times in \
                         {} and never acknowledged.",
                        c.initiator,
                        c.responder,
                        u.times,
                        wording::duration(u.last.time.since(u.first.time))
                    ))
                    .reasoning(format!(
                        "{}: nothing of the {peer} arrives on this connection any more{}. Something on \
                         the way has dropped the connection, or the way itself is gone.",
                        wording::vantage(ctx),
                        if alive { ", while it still answers on the control connection" } else { "" }
                    ))
                    .announced(channel)
                    .evidence_if(c.last_byte(), "the last new payload")
                    .evidence(u.first, format!("the {who}'s {what} is sent again"))
                    .evidence(u.last, "the last retransmission")
                    .answered(ctx, channel)
                    .advice(
                        Audience::Firewall,
                        format!(
                            "See whether a firewall on the way still knows the connection {} → {}: a \
                             restart, a failover or an idle timeout loses it.",
                            c.initiator, c.responder
                        ),
                    )
                    .advise([advice::capture_elsewhere(ctx)]),
            );
        }
    }
}
