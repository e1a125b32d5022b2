//! Confirmed, yet fewer bytes than were promised.

use super::prelude::*;
use crate::diagnose::flow::Flow;
use crate::session::Transfer;

pub(super) static RULE: Rule = Rule {
    code: "transfer-short",
    title: "the transfer was confirmed, but bytes are missing",
    stage: Stage::Completion,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: &[],
    proof: "A final 2xx to RETR or STOR in binary mode, the data connection captured whole, and fewer bytes than SIZE, REST, ALLO or the 150's \"(N bytes)\" promised.",
    look_alikes: "ASCII conversion; MODE Z; a file written anew since its SIZE; a download that starts at REST; a client that closed first; capture-loss.",
    change: "Verify the file and transfer it again; the sender's log.",
    shown_by: ("transfer-short", "resume"),
    check: Check::when(&[Sign::Promised], check),
};

/// What was promised, where, and in which packet.
struct Promise {
    bytes: u64,
    by: &'static str,
    at: Moment,
}

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let (s, q) = (ctx.session, ctx.quality);
    let other_mode = |e: &Exchange| {
        e.verb == Verb::MODE
            && e.succeeded()
            && !ctx.argument(e).trim_start().starts_with(['S', 's'])
    };
    if q.midstream || q.loss || s.hidden() || s.script.exchanges.iter().any(other_mode) {
        return;
    }
    for flow in Flow::all(ctx).filter(Flow::completed) {
        let (Some(e), Some(t)) = (flow.exchange, s.transfer_of(flow.channel)) else { continue };
        // It came whole, as mostly: no matter what promised how much of it.
        if t.promised.is_none_or(|p| flow.sender.bytes() >= p) {
            continue;
        }
        let Some(promise) = promise(ctx, e, t).filter(|_| binary(ctx, e)) else { continue };
        // The receiver closed first: it wanted no more.
        let left = flow.receiver.fin.into_iter().chain(flow.receiver.rst.map(|r| r.at)).min();
        let whole = flow.sender.isn.is_some() && flow.sender.missing_bytes() == 0;
        let in_order = flow.sender.fin.is_some_and(|fin| left.is_none_or(|l| fin < l));
        if whole && in_order && flow.sender.bytes() < promise.bytes {
            findings.add(diagnosis(ctx, &flow, e, t, &promise));
        }
    }
}

/// TYPE I, or L 8, was in force.
fn binary(ctx: &Context<'_>, e: &Exchange) -> bool {
    let types = ctx.session.script.exchanges.iter().filter(|t| t.verb == Verb::TYPE && t.at < e.at);
    let last = types.rev().find(|t| t.succeeded());
    last.is_some_and(|t| ctx.argument(t).trim_start().starts_with(['I', 'i', 'L', 'l']))
}

fn promise(ctx: &Context<'_>, e: &Exchange, t: &Transfer) -> Option<Promise> {
    let s = ctx.session;
    let bytes = t.promised?;
    let before = |x: &&Exchange| x.at < e.at;
    let last = |verb: Verb, argument: Option<&str>| {
        let all = s.script.exchanges.iter().filter(before);
        all.rev().find(|x| x.verb == verb && argument.is_none_or(|a| ctx.argument(x) == a))
    };
    match e.verb {
        Verb::STOR | Verb::STOU | Verb::APPE => {
            let at = last(Verb::ALLO, None)?.at;
            Some(Promise { bytes, by: "ALLO", at })
        }
        Verb::RETR => {
            let written = s.transfers.iter().any(|other| {
                let x = s.script.exchanges.get(other.exchange);
                let upload = |x: &&Exchange| matches!(x.verb, Verb::STOR | Verb::APPE);
                s.path(other) == s.path(t) && x.filter(upload).is_some_and(|x| x.at < e.at)
            });
            if written {
                return None;
            }
            if let Some((213, at)) =
                last(Verb::SIZE, Some(ctx.argument(e))).and_then(|x| x.final_reply)
            {
                return Some(Promise { bytes, by: "SIZE", at });
            }
            // Some servers state the size of the file, others what is left of it after REST.
            let bytes = bytes.saturating_sub(t.restart_at.unwrap_or(0));
            Some(Promise { bytes, by: "the reply before the data", at: e.first_reply? })
        }
        _ => None,
    }
}

fn diagnosis(
    ctx: &Context<'_>,
    flow: &Flow<'_>,
    e: &Exchange,
    t: &Transfer,
    promise: &Promise,
) -> Diagnosis {
    let s = ctx.session;
    let bytes = flow.sender.bytes();
    let sender = flow.sender_name();
    let missing = promise.bytes - bytes.min(promise.bytes);
    let code = e.final_code().unwrap_or(226);
    // Later the whole of it, or the rest, came after all.
    let mended = s.transfers.iter().any(|later| {
        let x = s.script.exchanges.get(later.exchange).filter(|x| x.at > e.at && x.succeeded());
        let all = t.restart_at.unwrap_or(0) + promise.bytes;
        let end = later.restart_at.unwrap_or(0) + later.bytes.unwrap_or(0);
        x.is_some() && s.path(later) == s.path(t) && end >= all
    });
    let severity = if mended { Severity::Warning } else { Severity::Critical };
    let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .channel(flow.channel.id)
        .confidence(Confidence::Likely)
        .summary(format!(
            "{} was confirmed with {code}, but only {bytes} of {} bytes were sent: {missing} are missing.",
            flow.what(),
            promise.bytes
        ))
        .reasoning(format!(
            "{}: {} promised {} bytes. The data connection was captured whole, from the SYN to the {sender}'s FIN, without a \
             hole in its sequence numbers, in binary mode: the missing bytes were never sent. {}",
            wording::vantage(ctx),
            promise.by,
            promise.bytes,
            if flow.upload {
                "A server takes the FIN of a client that was killed or broke off for the end of the file."
            } else {
                "The server's program reached an end before the file's, because it failed or the file shrank meanwhile, and \
                 said that all is well."
            }
        ))
        .evidence(promise.at, format!("{} promises {} bytes", promise.by, promise.bytes))
        .evidence(e.at, flow.what())
        .evidence_if(flow.sender.fin, &format!("the {sender} ends the data after {bytes} bytes"));
    d = d.answered(ctx, flow.channel);
    let offset = t.restart_at.unwrap_or(0) + bytes;
    let rest = if flow.upload {
        (format!("curl -C - -T FILE ftp://{}/{}", s.server.ip, ctx.argument(e)), "the server")
    } else {
        (format!("curl -C {offset} -O ftp://{}/{}", s.server.ip, ctx.argument(e)), "the client")
    };
    d.advice_with(
        Audience::Client,
        format!("Don't trust this copy on {}: compare sizes or checksums, and transfer the rest or all of it again.", rest.1),
        rest.0,
    )
    .advice(
        if flow.upload { Audience::Client } else { Audience::Server },
        format!("See in the {sender}'s log what ended the transfer early: a crash, a limit, a disk, a file that was being written."),
    )
}
