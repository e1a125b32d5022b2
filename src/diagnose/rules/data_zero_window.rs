//! The receiver stopped reading.

use super::prelude::*;

/// A zero window of this length is a stall.
const LONG: Duration = Duration::from_secs(5);

pub(super) static RULE: Rule = Rule {
    code: "data-zero-window",
    title: "the receiver of the data stopped reading: its window was zero",
    stage: Stage::DataTransfer,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: super::AFTER_A_STALLED_TRANSFER,
    proof: "The receiver advertises a window of zero for 5 s or more, and answers probes with it.",
    look_alikes: "data-path-dead (probes unanswered); data-silent (the sender has nothing).",
    change: "The receiver: its disk is full or slow, or its application hangs.",
    shown_by: ("data-zero-window-client", "data-silent"),
    check: Check::when(&[Sign::ZeroWindow], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for channel in &ctx.session.channels {
        let Some(c) = channel.connection.as_deref().filter(|c| c.worked()) else { continue };
        for end in [c.initiator, c.responder] {
            let half = c.from(end);
            let open = half.zero_window.since.map(|since| {
                let last = half.rst.map(|r| r.at).unwrap_or(c.last);
                let live = ctx.session.judged_at.time.since(c.last.time) < LONG * 24;
                (since, if live && !c.ended() { ctx.session.judged_at } else { last })
            });
            let Some((from, to)) = [open, half.zero_window.longest]
                .into_iter()
                .flatten()
                .max_by_key(|(a, b)| b.time.since(a.time))
            else {
                continue;
            };
            let length = to.time.since(from.time);
            if length < LONG || half.zero_window.repeats == 0 {
                continue;
            }
            let completed = ctx.confirmed(channel);
            let who = if end.ip == ctx.session.client.ip { "client" } else { "server" };
            let severity = if completed { Severity::Warning } else { Severity::Critical };
            findings.add(
                Diagnosis::new(RULE.code, severity, RULE.stage)
                    .channel(channel.id)
                    .summary(format!(
                        "The {who} stopped reading the data connection for {}: it advertised a window of \
                         zero.",
                        wording::duration(length)
                    ))
                    .reasoning(format!(
                        "{}: {} still acknowledged {} with a window of zero, so the path works and the \
                         {who}'s application doesn't take what has arrived.",
                        wording::vantage(ctx),
                        end,
                        wording::count(u64::from(half.zero_window.repeats), "packet")
                    ))
                    .announced(channel)
                    .evidence(from, format!("{end} advertises a window of 0"))
                    .evidence_if(half.zero_window.repeated, "and again")
                    .evidence(to, "the zero window's end, or the last packet")
                    .advice(
                        if who == "client" { Audience::Client } else { Audience::Server },
                        format!(
                            "Look at the {who}'s host: is its disk full or slow, does its application \
                             hang, is it stopped?"
                        ),
                    ),
            );
        }
    }
}
