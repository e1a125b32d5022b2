//! The client hung up the control connection while its transfer ran.

use super::prelude::*;
use crate::tcp::Half;

pub(super) static RULE: Rule = Rule {
    code: "control-closed-early",
    title: "the client closed the control connection while its transfer still ran",
    stage: Stage::Command,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &[
        "transfer-aborted",
        "transfer-refused",
        "data-reset",
        "reply-missing",
        "control-reset",
        "command-unanswered",
    ],
    proof: "The client's FIN on control while a transfer runs, whose data goes on; then the server's 426 or 451, an RST to its 226, or data that ends early.",
    look_alikes: "transfer-aborted (the client closes the data connection as well: a user, or a killed client); a client that gave up on a stalled transfer; one that leaves after the last byte.",
    change: "The client must wait for the final reply before it closes the control connection.",
    shown_by: ("control-closed-early-client", "client-leaves"),
    check: Check::when(&[Sign::Open, Sign::AfterTheEnd], check),
};

/// A client that ends, or is killed, closes all its connections at once.
const AT_ONCE: Duration = Duration::from_millis(500);
/// What its kernel has still to send takes its time.
const FLUSHED: Duration = Duration::from_secs(3);
/// A transfer that stood still for so long had stalled.
const STALLED: Duration = Duration::from_secs(5);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if ctx.quality.one_direction || ctx.quality.control_loss || s.hidden() {
        return;
    }
    let Some(fin) = s.from_client().fin.filter(|f| Some(*f) == ctx.control_closed()) else {
        return;
    };
    for channel in &s.channels {
        let Some(e) = ctx.command_of(channel) else { continue };
        let Some(c) = channel.connection.as_deref().filter(|c| c.worked()) else { continue };
        let open = e.at < fin && e.final_reply.is_none_or(|(_, at)| at > fin);
        if open && goes_on(ctx, e, c, fin) {
            findings.add(diagnosis(ctx, channel, e, c, fin));
        }
    }
}

/// Of the data connection: what the client sends, and what the server does.
fn halves<'a>(ctx: &Context<'_>, c: &'a Connection) -> (&'a Half, &'a Half) {
    let client = if c.initiator.ip == ctx.session.client.ip { c.initiator } else { c.responder };
    (c.from(client), c.to(client))
}

fn upload(e: &Exchange) -> bool {
    matches!(e.verb, Verb::STOR | Verb::STOU | Verb::APPE)
}

/// The client's end of the data connection outlived the control connection.
fn goes_on(ctx: &Context<'_>, e: &Exchange, c: &Connection, fin: Moment) -> bool {
    let (client, server) = halves(ctx, c);
    let moved = c.established.max(c.last_byte());
    if moved.is_none_or(|m| fin.time.since(m.time) > STALLED) {
        return false;
    }
    if upload(e) {
        return client.last_byte.is_some_and(|l| l.time.since(fin.time) >= FLUSHED);
    }
    let left = client.fin.into_iter().chain(client.rst.map(|r| r.at)).min();
    let answered = server.fin.is_some_and(|f| f > fin && left.is_some_and(|l| l > f));
    let at_once = left.is_some_and(|l| l < fin || l.time.since(fin.time) < AT_ONCE);
    let running = server.fin.is_none_or(|f| f > fin);
    running && (answered || !at_once && server.last_byte.is_some_and(|l| l > fin))
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    e: &Exchange,
    c: &Connection,
    fin: Moment,
) -> Diagnosis {
    let s = ctx.session;
    let said = format!("{} {}", e.verb, ctx.argument(e));
    let said = said.trim_end();
    let reset = s.from_client().rst.filter(|r| r.at > fin);
    let became = match e.final_reply {
        Some((code @ 200..=299, _)) if reset.is_some() => {
            format!(
                "the server finished and said {code}, which the client's kernel answered with an RST"
            )
        }
        Some((code @ 200..=299, _)) => format!("the server finished and said {code} to nobody"),
        Some((code, _)) => format!("the server broke the transfer off and said {code}"),
        None => match s.transfer_of(channel).and_then(|t| t.promised) {
            Some(promised) if promised > c.bytes() => {
                format!("the server stopped after {} of {promised} bytes", c.bytes())
            }
            _ => "the server never said how it ended, and what came may be cut short".to_owned(),
        },
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .channel(channel.id)
        .summary(format!(
            "The client closed the control connection {} after {said}, while its data still flowed: {became}.",
            wording::duration(fin.time.since(e.at.time))
        ))
        .reasoning(format!(
            "{}: the client's FIN came first and on the control connection only; the data connection lived on, \
             so this is no user's abort and no killed client, which close both at once. Without the final reply \
             a client can't tell a whole file from one that was cut short, and many servers stop a transfer \
             whose control connection is gone.",
            wording::vantage(ctx)
        ))
        .evidence(e.at, said.to_owned())
        .evidence(fin, "the client's FIN on the control connection");
    if let Some(last) = c.last_byte().filter(|l| *l > fin) {
        d = d.evidence(last, format!("the last data: {} bytes in all", c.bytes()));
    }
    d.answered(ctx, channel)
        .evidence_if(reset.map(|r| r.at), "the client's kernel answers with an RST")
        .advice(
            Audience::Client,
            "Let the client keep the control connection until the final reply has come: RFC 959 has the \
             server end the transfer with it.",
        )
}
