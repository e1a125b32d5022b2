//! One side of the data connection is asked whether it is still there, and doesn't answer.

use super::prelude::*;
use crate::decode::Endpoint;
use crate::tcp::Probes;

pub(super) static RULE: Rule = Rule {
    code: "data-peer-vanished",
    title: "the other side of the data connection doesn't answer keep-alives or window probes any more",
    stage: Stage::DataTransfer,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: &[
        "data-zero-window",
        "data-path-dead",
        "data-silent",
        "data-reset",
        "transfer-refused",
        "transfer-aborted",
        "reply-missing",
        "command-unanswered",
        "control-reset",
        "control-closed",
        "idle-closed",
    ],
    proof: "One side stops without a FIN or RST, and the other's keep-alives or probes of its zero window, at least 3 over 3 s or 2 over 5 s, have no answer.",
    look_alikes: "data-path-dead (data sent again in vain: the sender's view of the same); data-zero-window (probes answered); data-silent (nobody asks); host-unreachable (control is sent again in vain as well).",
    change: "The host that fell silent, or a firewall or NAT that has forgotten the connection.",
    shown_by: ("data-peer-vanished-server", "data-zero-window-server"),
    check: Check::when(&[Sign::Probes], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction {
        return;
    }
    for channel in &ctx.session.channels {
        let wanted = channel.command.is_some() || ctx.session.hidden();
        let Some(c) = channel.connection.as_deref().filter(|c| c.worked() && wanted) else {
            continue;
        };
        for end in [c.initiator, c.responder] {
            let (half, other) = (c.from(end), c.to(end));
            let Some(probes) = half.probes.as_deref().filter(|p| enough(p)) else { continue };
            // Data in vain is the stronger word.
            let data = half.unanswered.is_some_and(|u| u.len > 0);
            // Without the other side's packets nothing is known to be unanswered.
            let blind = other.packets == 0 || other.acked_unseen();
            if !data
                && !blind
                && other.fin.is_none()
                && other.rst.is_none()
                && !ctx.confirmed(channel)
            {
                findings.add(diagnosis(ctx, channel, c, end, probes));
            }
        }
    }
}

fn enough(p: &Probes) -> bool {
    let over = p.last.time.since(p.first.time).as_secs();
    p.times >= 3 && over >= 3 || p.times >= 2 && over >= 5
}

/// The host that fell silent on the data connection still speaks on the control connection.
fn speaks(ctx: &Context<'_>, gone: Endpoint, since: Moment) -> bool {
    let s = ctx.session;
    let from = if gone.ip == s.client.ip { s.from_client() } else { s.from_server() };
    from.last_packet.is_some_and(|m| m > since)
}

/// What the control connection tells of that host.
fn control(ctx: &Context<'_>, gone: Endpoint, since: Moment, who: &str) -> String {
    let s = ctx.session;
    let to = if gone.ip == s.client.ip { s.from_server() } else { s.from_client() };
    if speaks(ctx, gone, since) {
        return format!(
            "The {who} still answers on the control connection, so its host is up, and would have answered or sent an \
             RST: on the way a firewall or NAT has forgotten the data connection."
        );
    }
    if to.probes.is_some() || to.unanswered.is_some() {
        return format!(
            "It doesn't answer on the control connection either: the {who}'s host, or the way to it, is gone."
        );
    }
    format!(
        "Nothing was asked on the control connection since, so it can't be told whether the {who}'s host is gone or only \
         this connection forgotten by a firewall or NAT."
    )
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    c: &Connection,
    end: Endpoint,
    probes: &Probes,
) -> Diagnosis {
    let (half, other) = (c.from(end), c.to(end));
    let gone = if end == c.initiator { c.responder } else { c.initiator };
    let (who, audience) = if end.ip == ctx.session.client.ip {
        ("server", Audience::Server)
    } else {
        ("client", Audience::Client)
    };
    let heard = other.last_packet.unwrap_or(c.first);
    let asked =
        if other.zero_window.since.is_some() { "probes of its zero window" } else { "keep-alives" };
    let host = Advice {
        audience,
        text: format!("See whether the {who}'s host was up and reachable at that time."),
        example: Some(format!("ping -c 3 {}; ip route get {}", gone.ip, gone.ip)),
    };
    let up = speaks(ctx, gone, probes.first);
    Diagnosis::new(RULE.code, ctx.severity_after(heard, channel), RULE.stage)
        .channel(channel.id)
        .summary(format!(
            "The {who} fell silent on the data connection {} → {}: {} {asked} over {} had no answer.",
            c.initiator,
            c.responder,
            probes.times,
            wording::duration(probes.last.time.since(heard.time))
        ))
        .reasoning(format!(
            "{}: a host that is there answers these, whatever its application does. {}",
            wording::vantage(ctx),
            control(ctx, gone, probes.first, who)
        ))
        .announced(channel)
        .evidence(heard, format!("the last packet of {gone}"))
        .evidence(probes.first, format!("{end} asks"))
        .evidence(probes.last, "the last time, unanswered")
        .evidence_if(half.rst.map(|r| r.at), "it gives up with an RST")
        .answered(ctx, channel)
        .advice_with(
            Audience::Firewall,
            format!(
                "See whether a firewall or NAT on the way still knows the connection {} → {}: a restart, a failover or an \
                 idle timeout loses it.",
                c.initiator, c.responder
            ),
            format!("conntrack -L -p tcp --orig-src {} --orig-dst {} --dport {}", c.initiator.ip, c.responder.ip, c.responder.port),
        )
        .advise(Some(host).filter(|_| !up))
        .advise([advice::capture_elsewhere(ctx)])
}
