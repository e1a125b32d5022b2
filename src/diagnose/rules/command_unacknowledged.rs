//! A command, or the reply that announces a port, never gets through.

use super::prelude::*;
use crate::diagnose::unheard::{self, Unheard};
use crate::session::Message;

pub(super) static RULE: Rule = Rule {
    code: "command-unacknowledged",
    title: "a command was sent again and again and never acknowledged",
    stage: Stage::Command,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: EXPLAINS,
    proof: "A command, or a reply that announces a port, sent again at least 3 times over at least 3 s in the flow of the dialogue and never acknowledged; where it never arrives: a later packet without payload whose sequence number is ahead of all that came, and nobody acknowledges what lies between.",
    look_alikes: "control-dead (after a silence or a transfer); command-unanswered (TCP acknowledges it); host-unreachable (data died too); the path's MTU, when the segment is large.",
    change: "The path; when the segment says PORT or 227, the FTP helper (ALG) of a firewall or NAT, which drops what it can't read or rewrite.",
    shown_by: ("command-unacknowledged-port-client", "control-dead-client"),
    check: Check::when(&[Sign::Resent, Sign::Hole], check),
};

const EXPLAINS: &[&str] = &[
    "command-unanswered",
    "control-closed",
    "control-reset",
    "idle-closed",
    "reply-missing",
    "data-never-attempted",
    "announcement-unused",
];

/// Smaller segments pass wherever IPv6 does.
const SMALL: u32 = 1220;

/// The words of an announcement, which helpers on the way read and rewrite.
fn announcement(ctx: &Context<'_>, m: &Message) -> Option<String> {
    let s = ctx.session;
    match m.kind {
        MessageKind::Reply(code @ 227..=229, _) => Some(code.to_string()),
        MessageKind::Command(i) => {
            let verb = s.script.exchanges.get(i as usize)?.verb;
            verb.is_active().then(|| verb.as_str().to_owned())
        }
        _ => None,
    }
}

/// What was said in vain announces a port.
pub(super) fn announces(ctx: &Context<'_>, u: &Unheard) -> bool {
    let said = unheard::said(ctx, u.by_client(ctx), u.began(ctx));
    said.is_some_and(|m| announcement(ctx, m).is_some())
}

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let sent = unheard::on_control_for_good(ctx).filter(|u| u.sent.len > 0 && u.in_the_flow(ctx));
    if let Some(d) = sent.and_then(|u| in_vain(ctx, &u)).or_else(|| never_arrived(ctx)) {
        findings.add(d);
    }
}

/// Seen where it was sent.
fn in_vain(ctx: &Context<'_>, u: &Unheard) -> Option<Diagnosis> {
    let s = ctx.session;
    let (by_client, began) = (u.by_client(ctx), u.began(ctx));
    let message = unheard::said(ctx, by_client, began).filter(|_| !s.hidden());
    let announced = message.and_then(|m| announcement(ctx, m));
    if !by_client && announced.is_none() {
        return None;
    }
    // What never arrived wasn't answered, whatever the server said since. When it is only the
    // good-bye that got lost, the work was done.
    let open = |e: &Exchange| e.final_reply.is_none() || e.at >= began;
    let asked = |e: &Exchange| e.verb != Verb::QUIT && open(e);
    if by_client && !s.hidden() && !s.script.exchanges.iter().any(asked) {
        return None;
    }
    let (who, peer) = u.names(ctx);
    let text = message.and_then(|m| s.script.text(m)).unwrap_or("message").trim_end();
    let others = if u.silent() {
        format!("the {peer}'s kernel acknowledges nothing of it")
    } else {
        format!("packets of the {peer} still come in, and none of them acknowledges it")
    };
    let elsewhere = match ctx.vantage() {
        VantagePoint::Between => {
            " It passes here, so it is lost behind this place, or its acknowledgment is lost before it gets here."
        }
        VantagePoint::Unknown => "",
        _ => " A capture on the other side shows whether it arrives there.",
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .confidence(if announced.is_some() { Confidence::Likely } else { Confidence::Certain })
        .summary(format!(
            "The {who}'s \"{text}\" on the control connection {} → {} was sent again {} in {} and never \
             acknowledged.",
            s.client,
            s.server,
            wording::count(u.sent.times.into(), "time"),
            wording::duration(u.lasted())
        ))
        .reasoning(format!(
            "{}: {others}, so this is no {peer} that is slow to answer. {}.{elsewhere}",
            wording::vantage(ctx),
            suspicion(announced.as_deref(), u.sent.len, true)
        ))
        .evidence_if(u.heard.filter(|h| *h < began), &format!("the {peer}'s last packet before it"))
        .evidence(began, format!("the {who} sends \"{text}\""))
        .evidence(u.sent.last, "the last time it is sent, unacknowledged");
    if let Some(at) = u.heard.filter(|h| *h > u.sent.first) {
        d = d.evidence(at, format!("a packet of the {peer} that doesn't acknowledge it"));
    }
    let announcing = |c: &&Channel| {
        message.is_some() && c.announcement.as_ref().map(|a| a.at) == message.map(|m| m.at)
    };
    if let Some(c) = s.channels.iter().find(announcing) {
        d = d.channel(c.id);
    }
    Some(remedies(ctx, (u.from.ip, u.to.ip), announced.as_deref(), d))
}

/// Seen where it should arrive: what was sent later says how much is missing.
fn never_arrived(ctx: &Context<'_>) -> Option<Diagnosis> {
    let s = ctx.session;
    let q = ctx.quality;
    if q.one_direction || q.control_loss || q.cut || q.midstream {
        return None;
    }
    let by_client = s.from_client().ahead.is_some();
    let (from, to) = if by_client { (s.client, s.server) } else { (s.server, s.client) };
    let half = s.control.from(from);
    let ahead = half.ahead.as_ref()?;
    let arrived = half.coverage.end().or(half.stream_start())?;
    // The FIN has a number of its own, and no byte.
    let missing = u32::try_from(ahead.offset.checked_sub(arrived)?).ok()?;
    let acknowledged = half.acked.is_some_and(|a| a >= ahead.offset);
    let waited = ctx.waited_in_session(ahead.at);
    if missing == 0 || acknowledged || waited < Duration::from_secs(3) {
        return None;
    }
    let open = s.script.exchanges.iter().rev().find(|e| e.final_reply.is_none());
    let (announced, what) = if by_client {
        // Between "PORT 1,1,1,1,4,1" and EPRT with an IPv6 address, with CR LF.
        let fits = (18..=64).contains(&missing) && open.is_none();
        (fits.then_some("PORT"), format!("a command of {missing} bytes"))
    } else {
        let e = open.filter(|e| !s.hidden() && e.verb != Verb::QUIT)?;
        let asked = e.verb.announces() && !e.verb.is_active();
        let word = if e.verb == Verb::EPSV { "229" } else { "227" };
        (asked.then_some(word), format!("a reply of {missing} bytes to {}", e.verb.as_str()))
    };
    let (who, peer) = if by_client { ("client", "server") } else { ("server", "client") };
    let d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .confidence(if by_client { Confidence::Possible } else { Confidence::Likely })
        .summary(format!(
            "The {who} sent {what} on the control connection {} → {}, and it never arrived here within {}.",
            s.client,
            s.server,
            wording::duration(waited)
        ))
        .reasoning(format!(
            "{}: a later packet of the {who} has a sequence number {missing} bytes ahead of all that came, so \
             they were sent; the {peer} never acknowledged them, so the capture didn't just miss them. {}.",
            wording::vantage(ctx),
            suspicion(announced, missing, false)
        ))
        .evidence_if(half.last_byte, &format!("the last bytes of the {who} that arrived"))
        .evidence(ahead.at, format!("a packet of the {who} that begins {missing} bytes later"))
        .evidence_if(ctx.control_closed(), "the control connection is given up");
    Some(remedies(ctx, (from.ip, to.ip), announced, d))
}

/// What drops such a segment.
fn suspicion(announced: Option<&str>, len: u32, seen: bool) -> String {
    match announced {
        Some(word) => format!(
            "What was sent before it arrived, and this segment {} {word}, which connection tracking helpers \
             (ALG) read and rewrite: one that can't make sense of it drops it",
            if seen { "carries" } else { "is as long as" }
        ),
        None if len > SMALL => format!(
            "It is {len} bytes long while shorter segments arrived: a link whose MTU is smaller, where the ICMP \
             that says so is filtered, looks like this"
        ),
        None => "What was sent before it arrived; something on the way drops this segment, or everything \
                 from here on"
            .to_owned(),
    }
}

fn remedies(
    ctx: &Context<'_>,
    (from, to): (std::net::IpAddr, std::net::IpAddr),
    announced: Option<&str>,
    d: Diagnosis,
) -> Diagnosis {
    let s = ctx.session;
    let d = match announced {
        Some(word) => d
            .advice_with(
                Audience::Firewall,
                format!(
                    "Look at the FTP helper (ALG, inspection) of every firewall and NAT between {} and {} \
                     port {}: see what it logs about {word}, update it, or try without it.",
                    s.client.ip, s.server.ip, s.server.port
                ),
                "lsmod | grep -E 'nf_(conntrack|nat)_ftp'; dmesg | grep nf_ct_ftp\nCisco ASA: show service-policy inspect ftp",
            )
            .advice(
                Audience::Client,
                "Until then, use EPSV, which names no address and needs no rewriting, or FTPS, which no helper \
                 reads.",
            ),
        None => d.advice_with(
            Audience::Firewall,
            format!("Follow the segment from {from} to {to}: the device after which it is missing drops it."),
            format!("tcpdump -ni any 'host {to} and tcp port {}'", s.server.port),
        ),
    };
    d.advise([advice::capture_elsewhere(ctx)])
}
