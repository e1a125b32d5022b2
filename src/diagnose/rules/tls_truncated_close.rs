//! An upload's TLS ended without a close_notify, and the server minds.

use super::prelude::*;
use crate::diagnose::tls as texts;
use crate::session::{Tls, TlsRecord};

pub(super) static RULE: Rule = Rule {
    code: "tls-truncated-close",
    title: "an upload's TLS ended without close_notify, and the server took it for cut short",
    stage: Stage::Tls,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &["transfer-refused", "transfer-aborted", "data-reset"],
    proof: "An upload that was acknowledged to its last byte, the client's FIN without a close_notify, then a 426.",
    look_alikes: "data-reset (an RST came first); an upload that was cut short, which looks the same: that is what close_notify is for.",
    change: "The client must end TLS before TCP; or strict_ssl_read_eof=NO.",
    shown_by: ("tls-truncated-close", "tls-truncated-fine"),
    check: Check::when(&[Sign::Tls], check),
};

/// What servers say to it.
const REFUSAL: &str = "426 Failure reading network stream.\r\n";

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if ctx.quality.one_direction || ctx.quality.loss || ctx.quality.cut {
        return;
    }
    for channel in &s.channels {
        let (Some(tls), Some(c)) = (channel.tls.as_deref(), &channel.connection) else { continue };
        let Some(client) = [c.initiator, c.responder].into_iter().find(|e| e.ip == s.client.ip)
        else {
            continue;
        };
        let (own, server) = (c.from(client), c.to(client));
        let Some(fin) = own.fin.filter(|_| truncated(tls)) else { continue };
        let first = |at: Option<Moment>| at.is_none_or(|at| at > fin);
        let whole = own.acked.is_some_and(|a| own.fin_offset.is_some_and(|f| a >= f));
        if !first(own.rst.map(|r| r.at)) || !first(server.fin) || !whole {
            continue;
        }
        let Some((at, how, confidence)) = refused(ctx, channel, fin) else { continue };
        findings.add(
            Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
                .channel(channel.id)
                .confidence(confidence)
                .summary(format!(
                    "The client ended an upload of {} bytes over TLS with a FIN and no close_notify, and the \
                     server took it for cut short ({how}).",
                    own.bytes()
                ))
                .reasoning(format!(
                    "{}: the server acknowledged every byte, but in TLS only a close_notify proves that the \
                     end is the sender's will. Without it neither the server nor this capture can tell a whole \
                     file from one that was cut off.",
                    wording::vantage(ctx)
                ))
                .announced(channel)
                .evidence_if(own.last_byte, "the client's last payload: no record as long as a close_notify")
                .evidence(fin, "the client's FIN")
                .evidence(at, "the server's answer on control")
                .advice(
                    Audience::Client,
                    "Let the client end TLS before TCP (SSL_shutdown, Python: unwrap() before close()); \
                     newer versions of most clients do.",
                )
                .advise_server(ctx, "Or let the server take a FIN for the end of an upload, and compare sizes.", advice::server::LAX_TLS_CLOSE),
        );
    }
}

/// The client sent data over TLS, all of it was seen, and nothing like a close_notify ends it.
fn truncated(tls: &Tls) -> bool {
    let Some(done) = tls.client_finished() else { return false };
    let data = tls.client.protected.iter().any(|r| r.at >= done && r.content_type == 23);
    tls.established() && !tls.hole && data && tls.client.farewell.is_none()
}

/// The 426, read or known by its length.
fn refused(
    ctx: &Context<'_>,
    channel: &Channel,
    fin: Moment,
) -> Option<(Moment, String, Confidence)> {
    if let Some((code, at)) = ctx.command_of(channel).and_then(|e| e.final_reply) {
        return (code == 426).then(|| (at, "426".to_owned(), Confidence::Certain));
    }
    let control = ctx.session.tls.as_deref().filter(|_| texts::software(ctx).contains("vsftpd"))?;
    let reply: &TlsRecord = control.server.said_after(fin)?;
    let asked = control.client.said_after(fin).is_some_and(|r| r.at < reply.at);
    let fits = texts::as_long_as(control, reply.length, REFUSAL);
    (fits && !asked).then(|| {
        let how = format!("its answer is as long as \"{}\"", REFUSAL.trim_end());
        (reply.at, how, Confidence::Likely)
    })
}
