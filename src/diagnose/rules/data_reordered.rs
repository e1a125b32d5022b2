//! Segments came out of order, and none was lost.

use super::prelude::*;
use crate::diagnose::flow::Flow;

pub(super) static RULE: Rule = Rule {
    code: "data-reordered",
    title: "segments were overtaken on the way",
    stage: Stage::DataTransfer,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "At least 3 segments came after later ones, within less than a round trip: too soon to have been sent again.",
    look_alikes: "data-lossy (the hole is filled a round trip later or more).",
    change: "Parallel links or queues of the path: one flow belongs on one of them.",
    shown_by: ("data-reordered", "data-lossy-client"),
    check: Check::when(&[Sign::Disordered], check),
};

/// Fewer than this say nothing of a path.
const FEW: u64 = 3;

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for flow in Flow::all(ctx).filter(|f| !f.has_loss()) {
        let Some(o) = flow.sender.order.as_deref().filter(|o| o.overtaken >= FEW) else { continue };
        let Some((first, last)) = o.overtaken_at else { continue };
        let ms = |d: Duration| d.as_secs_f64() * 1000.0;
        let trip = flow.sender.round_trip.map(ms).unwrap_or_default();
        let sender = flow.sender_name();
        findings.add(
            Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
                .channel(flow.channel.id)
                .summary(format!(
                    "{} of the {sender}'s segments for {} came after later ones, by up to {:.3} ms.",
                    o.overtaken,
                    flow.what(),
                    ms(o.late)
                ))
                .reasoning(format!(
                    "{}: a lost segment comes a round trip later at the earliest, which takes {trip:.1} ms here. These came sooner: \
                     others overtook them before this point (or the capture swapped them, if it reads several queues of an \
                     interface). Much of it makes a sender believe in losses and slow down.",
                    wording::vantage(ctx)
                ))
                .evidence(first, "the first one that comes after a later one")
                .evidence(last, "the last one")
                .advice(
                    Audience::Firewall,
                    "Look on the way for packets of one connection that are spread over parallel links, queues or processors: \
                     balance by flow, not by packet.",
                ),
        );
    }
}
