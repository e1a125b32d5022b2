//! The control connection died, most often while it was idle during a transfer.

use super::prelude::*;
use crate::diagnose::unheard::{self, Unheard};

pub(super) static RULE: Rule = Rule {
    code: "control-dead",
    title: "the control connection died: what was said on it was never acknowledged",
    stage: Stage::Command,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: EXPLAINS,
    proof: "Replies or commands sent again at least 3 times over at least 3 s and never acknowledged, or an RST to the first packet after more than a minute of silence; typically while or after a long transfer, and the data connection lived on.",
    look_alikes: "reply-missing (the server never sent it; told apart only where it is visible); command-unacknowledged (in the flow of the dialogue); host-unreachable (both connections died).",
    change: "TCP keep-alive below the firewall's or NAT's timer, NOOP during transfers, a longer idle timeout for TCP on the firewall.",
    shown_by: ("control-dead-server", "reply-missing"),
    check: Check::when(&[Sign::Resent, Sign::Reset], check),
};

const EXPLAINS: &[&str] = &[
    "command-unanswered",
    "control-closed",
    "control-reset",
    "reply-missing",
    "idle-closed",
    // A pause in data that came to its end.
    "data-silent",
];

/// Silence after which an RST to the next packet speaks of a forgotten connection.
const FORGOTTEN: Duration = Duration::from_secs(60);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if let Some(u) = unheard::on_control_for_good(ctx) {
        let announces = super::command_unacknowledged::announces(ctx, &u);
        let unacknowledged = u.in_the_flow(ctx) && (u.by_client(ctx) || announces);
        // A client that leaves when nothing is open is missed by nobody.
        let missed = u.sent.len > 0 || open(ctx, &u).is_some();
        if !unacknowledged && missed {
            findings.add(in_vain(ctx, &u));
        }
        return;
    }
    if let Some(d) = forgotten(ctx) {
        findings.add(d);
    }
}

/// The last command that its sender still waits for: no final reply, or one that never arrived.
fn open<'a>(ctx: &Context<'a>, u: &Unheard) -> Option<&'a Exchange> {
    ctx.session.script.exchanges.iter().rev().find(|e| {
        let lost = |at: Moment| !u.by_client(ctx) && at >= u.began(ctx);
        let asked = !matches!(e.verb, Verb::QUIT | Verb::NOOP);
        asked && e.final_reply.is_none_or(|(_, at)| lost(at))
    })
}

fn in_vain(ctx: &Context<'_>, u: &Unheard) -> Diagnosis {
    let s = ctx.session;
    let (who, peer) = u.names(ctx);
    let open = open(ctx, u);
    let lived = u.data_meanwhile(ctx);
    // What was asked for was done, or can't be read and no data flowed meanwhile.
    let idle = if s.hidden() { lived.is_none() } else { open.is_none() && s.commands > 0 };
    let severity = if idle { Severity::Warning } else { Severity::Critical };
    let began = u.began(ctx);
    let said = unheard::said(ctx, u.by_client(ctx), began).and_then(|m| s.script.text(m));
    let said = match said {
        _ if u.sent.len == 0 => "FIN".to_owned(),
        Some(text) if !s.hidden() => format!("\"{}\"", text.lines().last().unwrap_or(text)),
        _ => "last message".to_owned(),
    };
    let alive = lived.map_or(String::new(), |at| {
        format!(
            " The {peer} was still heard on the data connection {} after it was last heard here, so host and \
             route were alive.",
            wording::duration(at.time.since(u.heard.map_or(at.time, |h| h.time)))
        )
    });
    let nothing = if u.silent() {
        format!(
            "nothing of the {peer} comes back on this connection, not even its kernel's acknowledgment"
        )
    } else {
        format!(
            "packets of the {peer} still come in on this connection, and none of them acknowledges it: the way \
             from the {who} to the {peer} is broken, the way back isn't"
        )
    };
    let waits = match open {
        Some(e) if u.by_client(ctx) && e.at < began => format!(
            " No final reply to {} had come by then: whether the server sent one can't be seen from here; a \
             capture at the server would show it sent again and again.",
            e.verb
        ),
        _ if !u.by_client(ctx) => " It was sent, so this is no reply that never came.".to_owned(),
        _ => String::new(),
    };
    let sure = lived.is_some() || u.silence(ctx) >= FORGOTTEN;
    let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .confidence(if sure { Confidence::Certain } else { Confidence::Likely })
        .summary(format!(
            "The {who}'s {said} on the control connection {} → {} was sent again {} in {} and never \
             acknowledged, after {} of silence.",
            s.client,
            s.server,
            wording::count(u.sent.times.into(), "time"),
            wording::duration(u.lasted()),
            wording::duration(u.silence(ctx))
        ))
        .reasoning(format!(
            "{}: {nothing}.{alive}{waits} A firewall or NAT on the way has forgotten the connection, or blocks it \
             now.",
            wording::vantage(ctx)
        ))
        .evidence_if(u.heard, &format!("the {peer}'s last packet on the control connection"))
        .evidence_if(lived, &format!("the {peer}'s last packet on a data connection"))
        .evidence(began, format!("the {who} sends {said}"))
        .evidence(u.sent.last, "the last time it is sent, unacknowledged");
    let channel = open.and_then(|e| channel_of(ctx, e));
    if let Some(c) = channel.filter(|_| severity == Severity::Critical) {
        d = d.channel(c.id);
    }
    remedies(ctx, d).advise([advice::capture_elsewhere(ctx)])
}

fn channel_of<'a>(ctx: &Context<'a>, e: &Exchange) -> Option<&'a Channel> {
    ctx.session.channels.iter().find(|c| ctx.command_of(c).is_some_and(|x| x.at == e.at))
}

/// The first packet after a long silence is answered with an RST.
fn forgotten(ctx: &Context<'_>) -> Option<Diagnosis> {
    let s = ctx.session;
    let (by_initiator, reset) = s.control.reset().filter(|_| s.control.worked())?;
    let (from, to) = if by_initiator {
        (s.control.initiator, s.control.responder)
    } else {
        (s.control.responder, s.control.initiator)
    };
    let own = s.control.from(to);
    // What the RST answers (a FIN may follow the last word at once), and what anybody sent before.
    let prompt = |m: &Moment| *m < reset.at && reset.at.time.since(m.time) < Duration::from_secs(3);
    let sent = [own.last_byte, own.fin].into_iter().flatten().filter(prompt).min()?;
    let ends = [s.from_client(), s.from_server()];
    let fins = ends.iter().filter_map(|h| h.fin);
    let earlier = s.script.messages.iter().map(|m| m.at).chain(fins).filter(|m| *m < sent);
    let before = earlier.max()?;
    let silence = sent.time.since(before.time);
    let closed = s.control.from(from).fin.is_some_and(|f| f < reset.at);
    if silence < FORGOTTEN || closed || ctx.quality.one_direction || s.hidden() {
        return None;
    }
    // A host that doesn't know the connection answers without ACK (RFC 9293, 3.5.2); a process that
    // ends with something unread resets it with ACK.
    let near = ctx.as_far_as_host(from.ip, reset.ttl);
    if reset.ack && near != Some(false) {
        return None;
    }
    let by_client = to.ip == s.client.ip;
    let (who, peer) = if by_client { ("client", "server") } else { ("server", "client") };
    let open = s.script.exchanges.iter().rev().find(|e| {
        let asked = !matches!(e.verb, Verb::QUIT | Verb::NOOP);
        asked && e.final_reply.is_none_or(|(_, at)| !by_client && at >= sent)
    });
    if s.commands == 0 {
        return None;
    }
    // Data that stopped half way is a story of its own.
    let channel = open.and_then(|e| channel_of(ctx, e));
    let data = channel.and_then(|c| c.connection.as_deref());
    if data.is_some_and(|c| c.worked() && !c.ended()) {
        return None;
    }
    let ttl = match near {
        Some(false) => format!(
            "Its TTL {} isn't that of the {peer}'s other packets ({}): a device on the way sent it in the \
             {peer}'s name, because it knows the connection no more",
            reset.ttl,
            ctx.host_ttl(from.ip).unwrap_or_default()
        ),
        _ => format!(
            "Its TTL {} is as far away as the {peer}: either the {peer}'s host itself knows the connection \
             no more (its process ended, the host restarted), or a device next to it",
            reset.ttl
        ),
    };
    let (severity, meanwhile) = match open {
        Some(e) => {
            (Severity::Critical, format!("while {} had no final reply that arrived", e.verb))
        }
        None => (Severity::Warning, "when all that was asked for had been answered".to_owned()),
    };
    let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .confidence(Confidence::Likely)
        .summary(format!(
            "After {} of silence on the control connection {} → {} the {who}'s next packet was answered with \
             an RST in the {peer}'s name, {meanwhile}.",
            wording::duration(silence),
            s.client,
            s.server
        ))
        .reasoning(format!(
            "{}: the RST follows the first packet after the silence at once. {ttl}.",
            wording::vantage(ctx)
        ))
        .evidence(before, "the last word before the silence")
        .evidence(sent, format!("the {who} speaks again"))
        .evidence(reset.at, format!("RST in the name of {from}, TTL {}", reset.ttl));
    if let Some(c) = channel {
        d = d.channel(c.id);
    }
    Some(remedies(ctx, d).advise([advice::capture_elsewhere(ctx)]))
}

fn remedies(ctx: &Context<'_>, d: Diagnosis) -> Diagnosis {
    let s = ctx.session;
    d.advice_with(
        Audience::Firewall,
        format!(
            "Raise the idle timeout of TCP connections from {} to {} port {} above the longest transfer, or \
             let the FTP helper count the transfer as traffic of the control connection.",
            s.client.ip, s.server.ip, s.server.port
        ),
        "Linux: sysctl net.netfilter.nf_conntrack_tcp_timeout_established   # 432000 s unless changed\n\
         Cisco ASA: show running-config timeout",
    )
    .advise_server(
        ctx,
        "Let TCP keep the control connection alive more often than the timers on the way: Linux waits two \
         hours before its first probe (vsftpd and most others: sysctl -w net.ipv4.tcp_keepalive_time=120).",
        advice::server::KEEP_ALIVE,
    )
    .advice_with(
        Audience::Client,
        "Or let the client do it, with TCP keep-alive or NOOP during transfers.",
        "curl --keepalive-time 60   FileZilla: Settings > FTP > Send FTP keep-alive commands",
    )
}
