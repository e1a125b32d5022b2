//! Two servers exchange a file at a client's word.

use std::net::IpAddr;

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "fxp",
    title: "two servers exchange a file at a client's word (FXP)",
    stage: Stage::Security,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "One client has two sessions, and the endpoint of the one's 227 goes into the other's PORT. Of one of the two alone: a third host is dialled, or dials, data flows, and the server confirms it; possible.",
    look_alikes: "bounce-attempt (no server announced it); data-port-stolen (the client wanted it); a NAT pool, whose second address is as far away as the first.",
    change: "Nothing, if it is wanted; else let servers connect to the client's own address only.",
    shown_by: ("fxp", "nat-pool-proftpd"),
    check: Check::when(&[Sign::Active, Sign::ThirdParty, Sign::Partner], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let channels = ctx.session.channels.iter();
    let paired: Vec<&Channel> = channels.clone().filter(|c| c.partner.is_some()).collect();
    if let Some(first) = paired.first() {
        findings.add(both(ctx, first, &paired));
        return;
    }
    let legs: Vec<(&Channel, IpAddr)> =
        channels.filter_map(|c| Some((c, third_host(ctx, c)?))).collect();
    if let Some((first, other)) = legs.first().copied() {
        let d = one_leg(ctx, first, other);
        findings.add(legs.iter().fold(d, |d, (c, _)| d.channel(c.id)));
    }
}

/// The third host that this confirmed transfer went to or came from.
fn third_host(ctx: &Context<'_>, c: &Channel) -> Option<IpAddr> {
    let s = ctx.session;
    let dial = c.connection.as_deref().filter(|d| d.worked() && d.bytes() > 0)?;
    if !ctx.confirmed(c) || ctx.quality.one_direction {
        return None;
    }
    if c.mode == Mode::Active {
        let e = dial.responder.ip;
        let named = c.announcement.as_ref()?.advertised?.ip == e;
        // A client with a public address that names a private one is known by both.
        let own = Class::of(e).is_internal() && !Class::of(s.client.ip).is_internal();
        return (named && e != s.client.ip && e != s.server.ip && !own).then_some(e);
    }
    let other = c.third_party?;
    // The client itself by another address of its NAT's comes from as far away as before; an FTP
    // server dials from port 20, if it can.
    let ttl = dial.from_initiator.ttl.filter(|_| !dial.from_initiator.ttl_varies);
    let elsewhere = ttl.is_some_and(|ttl| ctx.as_far_as_host(s.client.ip, ttl) == Some(false));
    let wanted = s.channels.iter().any(|r| r.reuses == Some(c.id));
    (!wanted && (elsewhere || dial.initiator.port == 20)).then_some(other)
}

/// What the transfer moves, seen from this session's server.
fn moved(ctx: &Context<'_>, c: &Channel, other: &str) -> String {
    let server = ctx.session.server;
    let Some(e) = ctx.command_of(c) else {
        return format!("{server} exchange a file with {other}");
    };
    let upload = matches!(e.verb, Verb::STOR | Verb::STOU | Verb::APPE);
    let (verb, to) = if upload { ("receive", "from") } else { ("send", "to") };
    let what = Some(ctx.argument(e)).filter(|a| !a.is_empty()).unwrap_or(e.verb.as_str());
    format!("{server} {verb} {what} {to} {other}")
}

fn both(ctx: &Context<'_>, first: &Channel, all: &[&Channel]) -> Diagnosis {
    let s = ctx.session;
    let partner = first.partner.map(|p| (p.server, p.at));
    let (other, named) = partner.map_or((s.server, s.first), |p| p);
    let active = first.mode == Mode::Active;
    let (dials, listens) = if active { (s.server, other) } else { (other, s.server) };
    let endpoint = first.announcement.as_ref().and_then(|a| a.advertised).unwrap_or(listens);
    let seen = all.iter().any(|c| c.connection.is_some());
    let passes = if seen {
        ""
    } else {
        " Their data connection doesn't come by here: nothing can be said of it."
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
        .summary(format!(
            "{} has {}: a transfer between two servers (FXP).",
            s.client.ip,
            moved(ctx, first, &other.to_string())
        ))
        .reasoning(format!(
            "The client has a session with each of them, and {endpoint}, where {listens} said it listens, \
             is what it told {dials} to connect to. The data goes between the two servers, and so do the \
             rules of firewalls that matter: from {} to {}.{passes}",
            dials.ip, listens.ip
        ))
        .announced(first)
        .evidence(named, format!("the session with {other} names the same endpoint"));
    for c in all {
        d = d.channel(c.id);
        for dial in ctx.dials(c) {
            d = d.dialled(dial);
        }
    }
    unwanted(ctx, d)
}

fn one_leg(ctx: &Context<'_>, c: &Channel, other: IpAddr) -> Diagnosis {
    let s = ctx.session;
    let (what, instead) = if c.mode == Mode::Active {
        ("PORT named a third host, which took the connection", "a second address of the client")
    } else {
        (
            "a third host dialled what the server announced to the client, and the client itself never did",
            "a second address of the client, or a stranger who was quicker",
        )
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
        .confidence(Confidence::Possible)
        .summary(format!(
            "{} had {}: possibly a transfer between two servers (FXP).",
            s.client.ip,
            moved(ctx, c, &other.to_string())
        ))
        .reasoning(format!(
            "{}: {what}; data flowed, and {} confirmed it. The client's other session isn't in this \
             capture, which would prove it: {instead} can't be ruled out.",
            wording::vantage(ctx),
            s.server
        ))
        .announced(c)
        .answered(ctx, c);
    for dial in ctx.dials(c) {
        d = d.dialled(dial);
    }
    unwanted(ctx, d)
}

fn unwanted(ctx: &Context<'_>, d: Diagnosis) -> Diagnosis {
    d.advise_server(ctx, "If transfers between servers aren't wanted, let the server connect to the client's own address \
         only, and take connections from it only (RFC 2577).", advice::server::CLIENTS_ADDRESS_ONLY)
}
