//! A pause in a transfer that then completed.

use super::prelude::*;
use crate::diagnose::flow::Flow;

pub(super) static RULE: Rule = Rule {
    code: "data-paused",
    title: "the data flow paused and went on",
    stage: Stage::DataTransfer,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "5 s or more without a byte in a data flow that then completed, with nothing outstanding and the receiver's window open.",
    look_alikes: "data-silent (it never went on); data-zero-window (the receiver stopped it); losses; a rate limit, which sends in short bursts.",
    change: "A slow source or a rate limit; nothing, if that is meant.",
    shown_by: ("data-paused", "slow-link"),
    check: Check::when(&[Sign::Long], check),
};

/// A gap of this length is a pause.
const LONG: Duration = Duration::from_secs(5);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for flow in Flow::all(ctx).filter(Flow::completed) {
        let Some((from, to)) = pause(&flow).filter(|_| !flow.has_loss()) else { continue };
        let length = wording::duration(to.time.since(from.time));
        let sender = flow.sender_name();
        let began = flow.sender.first_byte.is_some_and(|f| f <= from);
        let when = if began { "in the middle of" } else { "before the first byte of" };
        let sure = flow.seen_at_sender(ctx);
        findings.add(
            Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
                .channel(flow.channel.id)
                .confidence(if sure { Confidence::Certain } else { Confidence::Likely })
                .summary(format!(
                    "The {sender} paused for {length} {when} {}, which then completed.",
                    flow.what()
                ))
                .reasoning(format!(
                    "{}: what had been sent before was acknowledged, nothing was sent again, and the receiver's window was \
                     open. {}",
                    wording::vantage(ctx),
                    if sure {
                        format!("The {sender} had nothing to send.")
                    } else {
                        format!(
                            "The {sender} had nothing to send, or the path was cut for a while, which on this side looks alike."
                        )
                    }
                ))
                .evidence(from, "the last packet before the pause")
                .evidence(to, format!("the data goes on, {length} later"))
                .advice(
                    if flow.upload { Audience::Client } else { Audience::Server },
                    format!(
                        "A slow source (a disk, a tape, the program that writes the file) or a rate limit of the {sender}; \
                         nothing to change if that is meant."
                    ),
                ),
        );
    }
}

/// The longest gap: before the first byte, between two, or before the FIN.
fn pause(flow: &Flow<'_>) -> Option<(Moment, Moment)> {
    let s = flow.sender;
    let first = s.first_byte.map(|f| (flow.ready(), f));
    let last = s.last_byte.zip(s.fin);
    let (from, to) = [first, s.longest_pause, last]
        .into_iter()
        .flatten()
        .filter(|(a, b)| b > a)
        .max_by_key(|(a, b)| b.time.since(a.time))?;
    let within = |a: Moment, b: Moment| a < to && b > from;
    let closed = flow.receiver.zero_window.longest.is_some_and(|(a, b)| within(a, b));
    let again = s.recovered.as_ref().is_some_and(|r| within(r.unanswered.first, r.acked));
    (!closed && !again && to.time.since(from.time) >= LONG).then_some((from, to))
}
