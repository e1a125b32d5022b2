//! The control connection was cut for a while.

use super::prelude::*;
use crate::tcp::{Half, Recovered, Skipped};

pub(super) static RULE: Rule = Rule {
    code: "control-interrupted",
    title: "the control connection was cut for some seconds: what was said had to be sent again",
    stage: Stage::Command,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &["login-slow", "banner-late"],
    proof: "A reply or command sent at least 3 times over at least 3 s, then acknowledged; where it arrives: a reply more than 3 s late (a 226 after the data's FIN), and by the IP identification at least 2 packets of that side before it never came (without such numbers it says nothing).",
    look_alikes: "control-dead (never acknowledged); a server that takes its time, which numbers its late reply next to the packet before it, or works on an upload.",
    change: "The path, on which an idle control connection is forgotten or cut and comes back.",
    shown_by: ("control-interrupted-client", "reply-late"),
    check: Check::when(&[Sign::Resent, Sign::Skipped], check),
};

/// The pieces of a reply arrive together.
const ONE_REPLY: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(3);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if q.one_direction || !s.control.worked() {
        return;
    }
    let client = sent_again(s.from_client()).map(|r| (true, r));
    let server = sent_again(s.from_server()).map(|r| (false, r));
    if let Some((by_client, r)) = client.into_iter().chain(server).max_by_key(|(_, r)| r.took()) {
        findings.add(where_it_was_sent(ctx, by_client, r));
    } else if !q.control_loss && s.control_gaps == 0 && !s.hidden() {
        let at_sender = ctx.vantage() == VantagePoint::Server;
        let late = (!at_sender).then(|| late_reply(ctx)).flatten();
        findings.diagnoses.extend(late.map(|late| where_it_arrived(ctx, &late)));
    }
}

/// Payload that was sent at least three times and acknowledged in the end.
fn sent_again(half: &Half) -> Option<&Recovered> {
    let long = |r: &&Recovered| r.unanswered.times >= 2 && r.unanswered.len > 0 && r.took() >= LONG;
    half.recovered.as_deref().filter(long)
}

fn where_it_was_sent(ctx: &Context<'_>, by_client: bool, r: &Recovered) -> Diagnosis {
    let s = ctx.session;
    let u = &r.unanswered;
    let (who, peer) = if by_client { ("client", "server") } else { ("server", "client") };
    let said = crate::diagnose::unheard::said(ctx, by_client, u.sent);
    let said = match said.and_then(|m| s.script.text(m)).filter(|_| !s.hidden()) {
        Some(text) => format!("\"{}\"", text.lines().last().unwrap_or(text)),
        None => "message".to_owned(),
    };
    remedies(
        ctx,
        Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
            .summary(format!(
                "The {who}'s {said} on the control connection {} → {} was sent {} times before the {peer} \
                 acknowledged it, {} after the first.",
                s.client,
                s.server,
                u.times + 1,
                wording::duration(r.took())
            ))
            .reasoning(format!(
                "{}: the {who} said it at once and sent it again in TCP's rhythm, so this is no {who} that took \
                 its time; it was acknowledged in the end, so the connection is not dead. For that long nothing \
                 got through, or no acknowledgment came back.",
                wording::vantage(ctx)
            ))
            .evidence(u.sent, format!("the {who} sends {said}"))
            .evidence(u.first, "it is sent again")
            .evidence(u.last, "the last time")
            .evidence(r.acked, format!("the {peer} acknowledges it")),
    )
}

/// A reply that came late.
struct Late<'a> {
    exchange: &'a Exchange,
    /// What it was due after, and since when.
    after: &'static str,
    since: Moment,
    at: Moment,
    /// Packets before it that never came.
    skipped: Skipped,
}

/// The final reply that was awaited for longest, if it was sent before it arrived.
fn late_reply<'a>(ctx: &Context<'a>) -> Option<Late<'a>> {
    let s = ctx.session;
    // Where they can't be counted, a server that took its time looks the same.
    let skipped = s.from_server().numbering.skipped().filter(|k| k.packets >= 2)?;
    let late = s.script.exchanges.iter().filter_map(|e| {
        let (_, at) = e.final_reply.filter(|_| e.succeeded())?;
        let fin = data_fin(ctx, e).filter(|f| *f < at);
        let (after, since) = match fin {
            Some(fin) => ("the end of the data", fin),
            None if e.verb.is_transfer() => return None,
            None => ("the command", e.at),
        };
        let before = skipped.to <= at && at.time.since(skipped.to.time) < ONE_REPLY;
        let long = at.time.since(since.time) > LONG;
        (before && long).then_some(Late { exchange: e, after, since, at, skipped })
    });
    late.max_by_key(|l| l.at.time.since(l.since.time))
}

/// The FIN that ended the data of a transfer: the first one.
fn data_fin(ctx: &Context<'_>, e: &Exchange) -> Option<Moment> {
    let of = |c: &&Channel| ctx.command_of(c).is_some_and(|x| x.at == e.at);
    let c = ctx.session.channels.iter().find(of)?.connection.as_deref()?;
    [c.from_initiator.fin, c.from_responder.fin].into_iter().flatten().min()
}

fn where_it_arrived(ctx: &Context<'_>, late: &Late<'_>) -> Diagnosis {
    let s = ctx.session;
    let e = late.exchange;
    let code = e.final_code().unwrap_or_default();
    let waited = wording::duration(late.at.time.since(late.since.time));
    let why = format!(
        "by the IP identification, which this server counts up by one with each packet, it sent {} on this \
         connection that never came here before this one: the reply was lost and sent again, not late",
        wording::count(late.skipped.packets.into(), "packet")
    );
    let d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .confidence(Confidence::Likely)
        .summary(format!(
            "The {code} to {} arrived {waited} after {}, on the control connection {} → {}.",
            e.verb, late.after, s.client, s.server
        ))
        .reasoning(format!("{}: {why}.", wording::vantage(ctx)))
        .evidence(late.since, late.after)
        .evidence(late.skipped.from, "the server's packet before it")
        .evidence(late.at, format!("the {code} arrives"));
    remedies(ctx, d).advise([advice::capture_elsewhere(ctx)])
}

fn remedies(ctx: &Context<'_>, d: Diagnosis) -> Diagnosis {
    let s = ctx.session;
    d.advice_with(
        Audience::Firewall,
        format!(
            "See what cuts the way between {} and {} for seconds: a failover, a route that changes, a firewall \
             or NAT that forgets the control connection while it is idle.",
            s.client.ip, s.server.ip
        ),
        format!("mtr -n -c 100 {}", s.server.ip),
    )
}
