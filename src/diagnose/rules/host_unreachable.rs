//! Control and data fell silent together, or a router says that the host is gone.

use super::prelude::*;
use crate::decode::IcmpKind;
use crate::diagnose::unheard::{self, Unheard};
use crate::tcp::IcmpSeen;

pub(super) static RULE: Rule = Rule {
    code: "host-unreachable",
    title: "a host can't be reached any more: both connections died at once, or a router says so",
    stage: Stage::Command,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: EXPLAINS,
    proof: "Data or FINs on both control and data sent again at least 3 times over at least 3 s, with nothing heard of the other host since; or ICMP host or network unreachable quoting a segment of an established connection, and the host is not heard again, or nothing that is sent to it is acknowledged any more.",
    look_alikes: "data-path-dead (data only); control-dead (control only): one verdict, not both.",
    change: "The link, the route, or the host itself.",
    shown_by: ("host-unreachable-client", "control-dead-server"),
    check: Check::when(&[Sign::Icmp, Sign::Resent], check),
};

const EXPLAINS: &[&str] = &[
    "control-dead",
    "command-unacknowledged",
    "data-peer-vanished",
    "command-unanswered",
    "control-closed",
    "control-reset",
    "idle-closed",
    "data-path-dead",
    "data-silent",
    "data-zero-window",
    "data-reset",
    "data-syn-unanswered",
    "data-rejected",
    "transfer-refused",
    "transfer-aborted",
    "reply-missing",
];

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction {
        return;
    }
    if let Some(told) = told(ctx) {
        findings.add(by_icmp(ctx, &told));
    } else if let Some((control, data)) = both_silent(ctx) {
        findings.add(by_silence(ctx, &control, data));
    }
}

/// All connections of the session that were established, with the channel.
fn connections<'a>(
    ctx: &Context<'a>,
) -> impl Iterator<Item = (Option<&'a Channel>, &'a Connection)> {
    let s = ctx.session;
    let data = s.channels.iter().filter_map(|c| Some((Some(c), c.connection.as_deref()?)));
    std::iter::once((None, &*s.control)).chain(data).filter(|(_, c)| c.worked())
}

/// What a router says.
struct Told<'a> {
    connection: &'a Connection,
    icmp: &'a IcmpSeen,
    /// The host is still heard: only the way to it is gone.
    one_way: bool,
}

/// A router says that a host that was there can't be reached, and nothing of it comes any more, or
/// nothing reaches it any more.
fn told<'a>(ctx: &Context<'a>) -> Option<Told<'a>> {
    connections(ctx).find_map(|(_, c)| {
        let established = c.established?;
        c.icmp.iter().find_map(|i| {
            let gone = i.error.dst.ip;
            let kind = matches!(i.error.kind, IcmpKind::HostUnreachable | IcmpKind::NetUnreachable);
            let heard = unheard::last_heard(ctx, gone).map_or(established, |(at, _)| at);
            // What came too late for a connection that was over is nobody's loss.
            let missed = open(ctx, c).is_some_and(|asked| {
                unheard::in_vain_until_now(ctx, asked.map_or(heard, |e| e.at.max(heard)))
            });
            let silent = heard < i.at && missed;
            let one_way = !silent && unreached(ctx, c, gone);
            let told = Told { connection: c, icmp: i, one_way };
            (kind && (silent || one_way) && i.at > established).then_some(told)
        })
    })
}

/// What was sent to this host on this connection was sent again to the end, in vain.
fn unreached(ctx: &Context<'_>, c: &Connection, host: std::net::IpAddr) -> bool {
    let sender = [c.initiator, c.responder].into_iter().find(|e| e.ip != host);
    let unheard = sender.and_then(|end| Unheard::on(c, end)).filter(|u| u.sent.len > 0);
    unheard.is_some_and(|u| unheard::in_vain_until_now(ctx, u.sent.sent))
}

/// Something on this connection, or asked for on the control connection, was still to come.
fn open<'a>(ctx: &Context<'a>, c: &Connection) -> Option<Option<&'a Exchange>> {
    let asked = |e: &&Exchange| e.final_reply.is_none() && e.verb != Verb::QUIT;
    let asked = ctx.session.script.exchanges.iter().find(asked);
    (!c.ended() && (ctx.session.hidden() || asked.is_some())).then_some(asked)
}

/// What was sent in vain on the control connection, and the same or mere silence of a data
/// connection in use, since the same time.
fn both_silent<'a>(ctx: &Context<'a>) -> Option<(Unheard, (&'a Channel, Option<Unheard>))> {
    let control = unheard::on_control(ctx).filter(Unheard::silent)?;
    let data = connections(ctx).filter_map(|(channel, c)| {
        let end = [c.initiator, c.responder].into_iter().find(|e| e.ip == control.from.ip)?;
        let u = Unheard::on(c, end).filter(Unheard::silent);
        // A transfer that stopped, and nobody has closed its connection.
        let stopped = channel.is_some_and(|c| c.command.is_some() && !ctx.confirmed(c));
        let waiting = stopped && c.to(end).fin.is_none() && !c.ended() && c.bytes() > 0;
        (u.is_some() || waiting).then_some((channel?, u))
    });
    let (channel, u) = data.max_by_key(|(c, u)| (u.is_some(), c.id))?;
    // Nothing of the other host on any connection, since the first word in vain on either.
    let first = u.map_or(control.sent.first, |u| u.sent.first.min(control.sent.first));
    let heard = unheard::last_heard(ctx, control.to.ip).is_some_and(|(at, _)| at > first);
    let since = u.map_or(control.sent.sent, |u| u.sent.sent.min(control.sent.sent));
    let lasting = unheard::in_vain_until_now(ctx, since);
    (!heard && lasting).then_some((control, (channel, u)))
}

fn who(ctx: &Context<'_>, ip: std::net::IpAddr) -> &'static str {
    if ip == ctx.session.client.ip { "client" } else { "server" }
}

fn by_icmp(ctx: &Context<'_>, told: &Told<'_>) -> Diagnosis {
    let Told { connection: c, icmp, one_way } = *told;
    let (gone, from) = (icmp.error.dst.ip, icmp.error.from);
    let who = who(ctx, gone);
    let says = super::data_rejected::meaning(icmp.error.kind);
    let since = match one_way {
        true => format!(
            "nothing that was sent to {gone} on it was acknowledged any more, although packets of {gone} \
             still come: the way there is gone, not the way back"
        ),
        false => format!("nothing of {gone} came after it on any connection"),
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .summary(format!(
            "{from} answered with ICMP {says} in the middle of the connection {} → {}: the {who} {gone} can't \
             be reached any more.",
            c.initiator, c.responder
        ))
        .reasoning(format!(
            "{}: the error quotes a segment of a connection that had been established, and {since}. {from} is the last router that still knows a way; behind it the \
             link, the route or the host is gone.",
            wording::vantage(ctx)
        ));
    if let Some((at, _)) = unheard::last_heard(ctx, gone).filter(|_| !one_way) {
        d = d.evidence(at, format!("the last packet of {gone}"));
    }
    d = d.evidence(
        icmp.at,
        format!(
            "ICMP type {} code {} from {from}: {says}",
            icmp.error.icmp_type, icmp.error.icmp_code
        ),
    );
    for (channel, _) in connections(ctx).filter(|(_, c)| !c.ended()) {
        d = channel.map(|c| c.id).into_iter().fold(d, Diagnosis::channel);
    }
    d.advice_with(
        Audience::Firewall,
        format!("See on the router {from} why it can't reach {gone}: link, route, neighbour."),
        format!("ip route get {gone}; ip neigh show {gone}; ping -c 3 {gone}"),
    )
    .advise([at_the_host(ctx, gone)])
}

fn by_silence(
    ctx: &Context<'_>,
    control: &Unheard,
    (channel, data): (&Channel, Option<Unheard>),
) -> Diagnosis {
    let gone = control.to.ip;
    let (own, peer) = control.names(ctx);
    let since = data.map_or(control.sent.sent, |u| u.sent.sent.min(control.sent.sent));
    let until = data.map_or(control.sent.last, |u| u.sent.last.max(control.sent.last));
    let on_data = match data {
        Some(u) if u.sent.len > 0 => "data are sent again on the data connection",
        Some(_) => "the FIN is sent again on the data connection",
        None => "the data connection stopped in mid-transfer",
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .channel(channel.id)
        .confidence(if data.is_some() { Confidence::Certain } else { Confidence::Likely })
        .summary(format!(
            "The {peer} {gone} fell silent on the control and the data connection alike: for {} nothing of \
             what the {own} sent was acknowledged.",
            wording::duration(until.time.since(since.time))
        ))
        .reasoning(format!(
            "{}: {on_data} without an acknowledgment, and so is what the {own} says on the control connection. \
             A firewall that forgets one connection would stop only that one: the {peer}'s host, its link or \
             the route to it is gone, or a device on the way lost all its connections at once.",
            wording::vantage(ctx)
        ));
    if let Some((at, on_data)) = unheard::last_heard(ctx, gone) {
        let place = if on_data { "data" } else { "control" };
        d = d.evidence(at, format!("the last packet of {gone}, on the {place} connection"));
    }
    if let Some(u) = data {
        d = d
            .evidence(u.sent.first, format!("the {own} sends again on the data connection"))
            .evidence(
                u.sent.last,
                format!("the last of {}", wording::count(u.sent.times.into(), "time")),
            );
    }
    d.evidence(control.sent.first, format!("the {own} sends again on the control connection"))
        .evidence(
            control.sent.last,
            format!("the last of {}", wording::count(control.sent.times.into(), "time")),
        )
        .advice_with(
            Audience::Firewall,
            format!("See where the way to {gone} ends, and whether a firewall on it restarted."),
            format!("ping -c 3 {gone}; traceroute -n {gone}"),
        )
        .advise([at_the_host(ctx, gone), advice::capture_elsewhere(ctx)])
}

fn at_the_host(ctx: &Context<'_>, gone: std::net::IpAddr) -> crate::diagnose::Advice {
    let server = gone == ctx.session.server.ip;
    crate::diagnose::Advice {
        audience: if server { Audience::Server } else { Audience::Client },
        text: format!(
            "See on {gone} itself whether it restarted, slept or lost its link at this time."
        ),
        example: Some(
            "journalctl --since '1 hour ago' -k | grep -iE 'link|carrier|suspend'; uptime"
                .to_owned(),
        ),
    }
}
