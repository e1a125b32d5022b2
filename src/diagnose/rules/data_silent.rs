//! An open data connection on which nothing moves.

use super::prelude::*;

/// Silence that is a stall.
const SILENCE: Duration = Duration::from_secs(10);

pub(super) static RULE: Rule = Rule {
    code: "data-silent",
    title: "the data connection is open, and no byte comes (any more)",
    stage: Stage::DataTransfer,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: super::AFTER_A_STALLED_TRANSFER,
    proof: "Established, the command accepted, no byte (or none any more) and no FIN for over 10 s. Where the dialogue is encrypted: and not closed in order either.",
    look_alikes: "data-zero-window (the receiver stopped it); data-path-dead (sent, and not acknowledged); a server that limits its rate.",
    change: "The sender's host: its disk, its application.",
    shown_by: ("data-silent", "data-zero-window-client"),
    check: Check::when(&[Sign::Unconfirmed], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for channel in &s.channels {
        let Some(c) = channel.connection.as_deref().filter(|c| c.worked()) else { continue };
        let Some(e) = ctx.command_of(channel) else {
            hidden(ctx, channel, c, findings);
            continue;
        };
        if e.succeeded() || ctx.quality.one_direction {
            continue;
        }
        let halves = [&c.from_initiator, &c.from_responder];
        let still = |h: &&crate::session::Half| {
            h.zero_window.since.is_none() && h.unanswered.is_none() && !h.acked_unseen()
        };
        if !halves.iter().all(still) {
            continue;
        }
        let opened = c.established.unwrap_or(c.first).max(e.at);
        let since = c.last_byte().map_or(opened, |l| l.max(opened));
        let ends = halves.iter().flat_map(|h| [h.fin, h.rst.map(|r| r.at)]).flatten();
        let refused = e.final_reply.filter(|r| r.0 >= 400).map(|r| r.1);
        let end = ends.chain(refused).min().unwrap_or(s.judged_at);
        let silence = end.time.since(since.time);
        if silence <= SILENCE {
            continue;
        }
        let bytes = c.bytes();
        let (what, who) = match e.verb {
            Verb::STOR | Verb::STOU | Verb::APPE => ("uploads", "client"),
            _ => ("sends", "server"),
        };
        let seen_at_sender = match ctx.vantage() {
            VantagePoint::Server => who == "server",
            VantagePoint::Client => who == "client",
            _ => false,
        };
        let had = if bytes == 0 {
            "not a byte came".to_owned()
        } else {
            format!("nothing came after {bytes} bytes")
        };
        findings.add(
            Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
                .channel(channel.id)
                .summary(format!(
                    "The data connection {} → {} is open, but {had} for {} ({} {}).",
                    c.initiator,
                    c.responder,
                    wording::duration(silence),
                    e.verb,
                    ctx.argument(e)
                ).replace(" )", ")"))
                .confidence(if seen_at_sender { Confidence::Certain } else { Confidence::Likely })
                .reasoning(format!(
                    "{}: the handshake worked, nothing here waits for an acknowledgment, and the \
                     receiver's window is open. {}",
                    wording::vantage(ctx),
                    if seen_at_sender {
                        format!("The {who}, which {what} the data, has stopped.")
                    } else {
                        format!(
                            "The {who}, which {what} the data, has stopped, or what it sends no longer \
                             gets here: on this side the two look alike until the connection closes. A \
                             capture on the {who} tells them apart."
                        )
                    }
                ))
                .announced(channel)
                .evidence(e.at, format!("{} {}", e.verb, ctx.argument(e)))
                .evidence_if(c.established, "the data connection is established")
                .evidence_if(c.last_byte(), "the last byte")
                .evidence_if(Some(end).filter(|m| *m != s.judged_at), "the end of the silence")
                .advice(
                    if who == "server" { Audience::Server } else { Audience::Client },
                    format!(
                        "Look at the {who}'s host while it hangs: its disk or network file system, \
                         the process that serves this session, a rate limit."
                    ),
                ),
        );
    }
}

/// A pause under TLS that may still be one.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the dialogue can't be read, a transfer that came to its end in order may have been slow, no
/// more; one that didn't was given up.
fn hidden(ctx: &Context<'_>, channel: &Channel, c: &Connection, findings: &mut Findings) {
    let s = ctx.session;
    let halves = [&c.from_initiator, &c.from_responder];
    let moves = |h: &&crate::session::Half| {
        h.zero_window.since.is_some() || h.unanswered.is_some() || h.acked_unseen()
    };
    // A close_notify ends a transfer in order, whatever becomes of the connection.
    let done =
        |t: &crate::session::Tls| [&t.client, &t.server].iter().any(|x| x.farewell.is_some());
    if !s.hidden_to_the_end()
        || channel.tls.as_deref().is_some_and(done)
        || channel.association != (Association::Inferred { tie: false })
        || ctx.quality.one_direction
        || matches!(c.state(), ConnectionState::Closed)
        || halves.iter().any(moves)
    {
        return;
    }
    let opened = c.established.unwrap_or(c.first);
    let since = c.last_byte().unwrap_or(opened);
    let ends = halves.iter().flat_map(|h| [h.fin, h.rst.map(|r| r.at)]).flatten();
    let ended = ends.min();
    let end = ended.unwrap_or(s.judged_at);
    let silence = end.time.since(since.time);
    let long = if ended.is_some() { SILENCE } else { PATIENCE };
    if silence <= long || ctx.succeeded_after(end).is_some() {
        return;
    }
    let bytes = c.bytes();
    let had = if bytes == 0 {
        "not a byte came".to_owned()
    } else {
        format!("nothing came after {bytes} bytes")
    };
    let client = if channel.mode == Mode::Active { halves[1] } else { halves[0] };
    let uploads = 2 * client.bytes() > bytes;
    let sender = if uploads { Audience::Client } else { Audience::Server };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .channel(channel.id)
            .confidence(Confidence::Likely)
            .summary(format!(
                "The data connection {} → {} is open, but {had} for {}.",
                c.initiator,
                c.responder,
                wording::duration(silence)
            ))
            .reasoning(format!(
                "{}: the handshake worked, nothing here waits for an acknowledgment, the receiver's window is \
                 open, and it was not closed in order afterwards. What was asked for can't be read{}.",
                wording::vantage(ctx),
                if bytes == 0 {
                    ": the server may have nothing to send, or each side waits for the other to begin with TLS"
                } else if uploads {
                    ", but it was the client that sent"
                } else {
                    ", but it was the server that sent"
                }
            ))
            .evidence_if(c.established, "the data connection is established")
            .evidence_if(c.last_byte(), "the last byte")
            .evidence_if(Some(end).filter(|m| *m != s.judged_at), "the end of the silence")
            .advice(
                sender,
                "Look at the sender's host while it hangs: its disk or network file system, the process that \
                 serves this session, a rate limit.",
            ),
    );
}
