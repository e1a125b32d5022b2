//! ABOR has no reply of its own.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "abort-unanswered",
    title: "ABOR got no reply of its own",
    stage: Stage::Completion,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &["command-unanswered"],
    proof: "ABOR without a reply of its own after the transfer's 426, and the next command answered with a 500 that has ABOR in its text; or a client that waited 5 s or more for it in vain.",
    look_alikes: "the 426 taken for ABOR's reply; a single 226 or 225 after a transfer that had ended; command-unanswered.",
    change: "Urgent data: the client sends ABOR's line end as a normal byte, or the server reads urgent bytes in line.",
    shown_by: ("abort-unanswered", "abort-urgent"),
    check: Check::when(&[Sign::Open], check),
};

/// A client that waits for so long expects something.
const LONG: Duration = Duration::from_secs(5);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let (s, q) = (ctx.session, ctx.quality);
    if q.one_direction || q.control_loss || s.control_gaps > 0 || s.hidden() {
        return;
    }
    let exchanges = &s.script.exchanges;
    for (i, abor) in exchanges.iter().enumerate().filter(|(_, e)| e.verb == Verb::ABOR) {
        if abor.first_reply.is_some() {
            continue;
        }
        let transfer = exchanges.iter().take(i).rev().find(|e| e.verb.is_transfer());
        let next = exchanges.get(i + 1);
        let eaten = next.filter(|n| {
            matches!(n.final_code(), Some(500..=502)) && ctx.reply_text(n).contains("ABOR")
        });
        let ended = transfer.and_then(|t| t.final_reply).map(|r| r.1);
        let since = ended.map_or(abor.at, |e| e.max(abor.at));
        let until = next.map(|n| n.at).or(ctx.control_closed()).unwrap_or(s.judged_at);
        let waited = until.time.since(since.time);
        if eaten.is_none() && waited < LONG {
            continue;
        }
        let transfer = transfer.map(|t| (t, ended));
        findings.add(diagnosis(ctx, abor, transfer, eaten, waited));
    }
}

fn diagnosis(
    ctx: &Context<'_>,
    abor: &Exchange,
    transfer: Option<(&Exchange, Option<Moment>)>,
    eaten: Option<&Exchange>,
    waited: Duration,
) -> Diagnosis {
    let s = ctx.session;
    let here = wording::vantage(ctx);
    let channel = s
        .channels
        .iter()
        .find(|c| transfer.is_some_and(|(t, _)| ctx.command_of(c).is_some_and(|e| e.at == t.at)));
    let deaf = transfer.is_none_or(|(_, ended)| ended.is_none());
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage);
    if let Some(c) = channel {
        d = d.channel(c.id);
    }
    if let Some((t, _)) = transfer {
        d = d.evidence(t.at, format!("{} {}", t.verb, ctx.argument(t)).trim_end().to_owned());
    }
    d = d.evidence(abor.at, "ABOR");
    if let Some((t, Some(at))) = transfer {
        let code = t.final_code().unwrap_or(426);
        d = d.evidence(at, format!("{code}, the reply to {}: not yet the one to ABOR", t.verb));
    }
    if let Some(n) = eaten {
        d = d
            .summary(format!(
                "The server has read ABOR and {} as one command and refused it: \"{}\".",
                n.verb, ctx.reply_text(n)
            ))
            .reasoning(format!(
                "{here}: ABOR itself was never answered. Its last byte, the line feed, was sent as urgent data and taken out \
                 of the stream, so that the server found the end of the line only after {}. The 426 belongs to the \
                 transfer.",
                n.verb
            ))
            .evidence(n.at, format!("{}, the command that was lost with it", n.verb));
        if let Some((code, at)) = n.final_reply {
            d = d.evidence(at, format!("{code}: ABOR and {} in one", n.verb));
        }
    } else {
        let why = if deaf {
            "Neither the transfer nor ABOR had a final reply: the server's process has stopped, or doesn't read commands while it \
             transfers."
        } else {
            "The server's reply to the transfer is not the one to ABOR (RFC 959 wants 426, then 226): its line end may have \
             been lost as urgent data."
        };
        d = d
            .confidence(if deaf { Confidence::Certain } else { Confidence::Likely })
            .summary(format!(
                "ABOR had no reply of its own in the {} that the client waited for it.",
                wording::duration(waited)
            ))
            .reasoning(format!("{here}: {why}"))
            .evidence_if(ctx.control_closed(), "the control connection is closed");
    }
    d.advice_with(
        Audience::Client,
        "Send ABOR as plain data, or only the Telnet bytes before it as urgent ones; or end a transfer by closing its data \
         connection and waiting for the 426.",
        "lftp: set ftp:use-abor no   Python: ftp.sock.sendall(b\"ABOR\\r\\n\") instead of ftp.abort()",
    )
    .advice(
        Audience::Server,
        "A server that reads urgent bytes in line (SO_OOBINLINE) understands both.",
    )
}
