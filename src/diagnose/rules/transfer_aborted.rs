//! The client called the transfer off.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "transfer-aborted",
    title: "the client called the transfer off",
    stage: Stage::DataTransfer,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[
        "transfer-refused",
        "data-reset",
        "reply-missing",
        "control-reset",
        "command-unanswered",
    ],
    proof: "ABOR; or the client's FIN on the data connection before the server's while the server still sends, then 426 or RSTs from the client's kernel.",
    look_alikes: "data-reset (an RST comes first); control-closed-early.",
    change: "Nothing: a user's abort, a killed client and a segmented download look alike.",
    shown_by: ("user-abort", "transfer-refused-550"),
    check: Check::when(&[Sign::Unconfirmed], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for channel in &s.channels {
        let Some(e) = ctx.command_of(channel) else { continue };
        if e.succeeded() {
            continue;
        }
        let until = e.final_reply.map_or(s.judged_at, |r| r.1);
        let abor = s
            .script
            .exchanges
            .iter()
            .find(|a| a.verb == Verb::ABOR && a.at > e.at && a.at <= until);
        let connection = channel.connection.as_deref().filter(|c| c.worked());
        let left = connection.and_then(|c| left_early(ctx, e, c));
        let d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage).channel(channel.id);
        let d = if let Some(a) = abor {
            d.summary(format!("The client aborted {} {} with ABOR.", e.verb, ctx.argument(e)))
                .reasoning("The client asked for it.")
                .evidence(a.at, "ABOR")
        } else if let Some(fin) = left {
            d.summary(format!(
                "The client closed the data connection of {} {} before the server was done.",
                e.verb, ctx.argument(e)
            ))
            .reasoning(
                "The client's FIN came first, while the server still had data: a user's abort, a killed \
                 client and a segmented download look alike.",
            )
            .evidence(fin, "the client's FIN on the data connection")
        } else {
            continue;
        };
        findings.add(
            d.evidence(e.at, format!("{} {}", e.verb, ctx.argument(e))).answered(ctx, channel),
        );
    }
}

/// The client's FIN on a download before the server's, with data of the server after it, or an
/// RST of the client against it.
fn left_early(ctx: &Context<'_>, e: &Exchange, c: &Connection) -> Option<Moment> {
    let s = ctx.session;
    if matches!(e.verb, Verb::STOR | Verb::STOU | Verb::APPE) {
        return None;
    }
    let client = if c.initiator.ip == s.client.ip { c.initiator } else { c.responder };
    let (own, other) = (c.from(client), c.to(client));
    let fin = own.fin?;
    // A client that waited for long before it closed gave up: its wait is the story.
    let last = other.last_byte?;
    if other.fin.is_some_and(|f| f < fin) || fin.time.since(last.time) > Duration::from_secs(5) {
        return None;
    }
    let more = other.last_byte.is_some_and(|l| l > fin)
        || own.rst.is_some_and(|r| r.at > fin)
        || matches!(e.final_code(), Some(426 | 451));
    more.then_some(fin)
}
