//! Many segments were lost and sent again, yet it was done.

use super::prelude::*;
use crate::decode::IcmpKind;
use crate::diagnose::flow::Flow;

pub(super) static RULE: Rule = Rule {
    code: "data-lossy",
    title: "much of the data had to be sent again",
    stage: Stage::DataTransfer,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "More than 3 % of the sender's segments, and at least 5, were sent again, and the transfer completed. Beyond the loss: holes that were filled a round trip later or more.",
    look_alikes: "capture-duplicates (the same packet seen twice); capture-loss (the receiver has what the capture lacks); data-reordered (overtaken within a round trip).",
    change: "The quality of the path: a bad link, a full queue, a policer.",
    shown_by: ("data-lossy-server", "any-router-duplicates"),
    check: Check::when(&[Sign::Resent, Sign::Disordered], check),
};

/// Fewer than this say nothing of a path.
const FEW: u64 = 5;
/// More than this share is much.
const PERCENT: u64 = 3;

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for flow in Flow::all(ctx).filter(|f| f.completed() && !f.has_loss()) {
        let s = flow.sender;
        // What a router calls too big is sent again in other segments, and that was all.
        let too_big = |i: &crate::tcp::IcmpSeen| matches!(i.error.kind, IcmpKind::TooBig(_));
        if s.unanswered.is_some() || flow.connection.icmp.iter().any(too_big) {
            continue;
        }
        let (refilled, refilled_at) =
            s.order.as_deref().map_or((0, None), |o| (o.refilled, o.refilled_at));
        let lost = s.retransmissions + refilled;
        // Next to the sender segments may still be joined: what they are for the path, counts.
        let single = s.bytes() / u64::from(s.max_payload.clamp(1, 1460));
        let sent = s.packets.max(single + s.retransmissions);
        // Copies that come late pass for segments sent again, but then nearly all do.
        let copies = ctx.quality.duplicates && lost * 4 > sent;
        if copies || lost < FEW || lost * 100 <= sent * PERCENT {
            continue;
        }
        findings.add(diagnosis(ctx, &flow, (lost, sent), refilled, refilled_at));
    }
}

fn diagnosis(
    ctx: &Context<'_>,
    flow: &Flow<'_>,
    (lost, sent): (u64, u64),
    refilled: u64,
    refilled_at: Option<(Moment, Moment)>,
) -> Diagnosis {
    let (s, c) = (flow.sender, flow.connection);
    let sender = flow.sender_name();
    let percent = lost as f64 * 100.0 / sent as f64;
    let again = s.retransmissions;
    let behind =
        "seen twice, with time between: they or their acknowledgments got lost behind this point";
    let before = "missing when later ones came, and filled a round trip later or more: they got lost before this point";
    let why = match (again, refilled) {
        (_, 0) => format!("{again} segments were {behind}."),
        (0, _) => format!("{refilled} segments were {before}."),
        _ => format!("{again} segments were {behind}; {refilled} were {before}."),
    };
    let slow = s.recovered.as_deref().map(|r| r.took()).filter(|t| t.as_secs() >= 1);
    let slow = slow.map(wording::duration);
    let slow = slow
        .map(|t| format!(" One was acknowledged {t} after it was first sent."))
        .unwrap_or_default();
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .channel(flow.channel.id)
        .summary(format!(
            "About {lost} of the {sender}'s {sent} segments for {} had to be sent again ({percent:.0} %); it completed.",
            flow.what()
        ))
        .reasoning(format!(
            "{}: {why}{slow} Packets that the capture doubled, and segments that others merely overtook, are not counted.",
            wording::vantage(ctx)
        ))
        .evidence_if(s.first_byte, "the first byte");
    if let Some((first, last)) = refilled_at {
        d = d.evidence(first, "the first hole that is filled").evidence(last, "the last one");
    }
    if let Some(r) = s.recovered.as_deref() {
        d = d.evidence(r.unanswered.first, "one that is sent again").evidence(
            r.acked,
            format!("acknowledged {} after it was first sent", wording::duration(r.took())),
        );
    }
    d.evidence_if(s.last_byte, "the last new byte")
        .advice_with(
            Audience::Firewall,
            "Look on the way for a bad link, a full queue or a policer; a long transfer beside it shows at which hop \
             packets get lost.",
            format!("mtr -T -P {} -r -c 100 {}", c.responder.port, c.responder.ip),
        )
        .advise([advice::capture_elsewhere(ctx)])
}
