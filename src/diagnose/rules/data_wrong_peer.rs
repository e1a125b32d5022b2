//! The data connection came from another address than the control connection, and was not taken.

use super::prelude::*;
use crate::session::Message;

pub(super) static RULE: Rule = Rule {
    code: "data-wrong-peer",
    title: "the data connection came from another address than the control connection, and was not taken",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: &[
        "announcement-unused",
        "command-unanswered",
        "control-closed",
        "control-reset",
        "data-never-attempted",
        "data-reset",
        "data-silent",
        "idle-closed",
        "reply-missing",
        "transfer-aborted",
        "transfer-refused",
    ],
    proof: "The connection to the announced port came from another address than the control peer's, and the side that listened closed it before a byte; or a 425 says so (vsftpd: Bad IP connecting). Pure-FTPd closes it and never answers the command.",
    look_alikes: "A server that takes it all the same (proftpd), where data flows; data-port-stolen (the other host got the data, and the control peer wanted it); fxp (data flowed, 226).",
    change: "One source address for each client: NAT pools and load balancers that keep a client's connections together. Let the server accept others (pasv_promiscuous, AllowForeignAddress) only knowingly.",
    shown_by: ("data-wrong-peer-server", "nat-pool-proftpd"),
    check: Check::when(&[Sign::Refusal, Sign::ThirdParty, Sign::Open], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction {
        return;
    }
    for channel in &ctx.session.channels {
        let Some(e) = ctx.command_of(channel) else { continue };
        let dial = channel.connection.as_deref();
        if dial.is_some_and(|d| !d.worked()) {
            continue;
        }
        let early = said_early(ctx, channel);
        let said = early.is_some() || e.final_code() == Some(425) && names_it(ctx.reply_text(e));
        let away = dial.is_some_and(|d| turned_away(ctx, channel, e, d));
        let silent = e.replies.is_empty() && ctx.software("pure-ftpd");
        if said || away && (channel.third_party.is_some() || silent) {
            findings.add(diagnosis(ctx, channel, e, said, early));
        }
    }
}

/// A refusal that names the reason.
fn names_it(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("bad ip") || text.contains("foreign address")
}

/// pyftpdlib says so when the dial comes, which may be before the command is there.
fn said_early(ctx: &Context<'_>, channel: &Channel) -> Option<Moment> {
    let script = &ctx.session.script;
    let next = ctx.next_announcement(channel).and_then(Channel::began);
    let ours = |at: Moment| Some(at) > channel.began() && next.is_none_or(|n| at < n);
    let said = |m: &&Message| {
        m.kind == MessageKind::Reply(425, None)
            && ours(m.at)
            && script.text(m).is_some_and(names_it)
    };
    script.messages.iter().find(said).map(|m| m.at)
}

/// The side that listened closed the connection before a byte came, although it wasn't the one to
/// end it: its transfer was refused or left without a reply, or it was to receive.
fn turned_away(ctx: &Context<'_>, channel: &Channel, e: &Exchange, dial: &Connection) -> bool {
    let Some(left) = end_of(&dial.from_responder) else { return false };
    let others = [dial.first_byte(), end_of(&dial.from_initiator)];
    if others.into_iter().flatten().any(|at| at < left) {
        return false;
    }
    let upload = matches!(e.verb, Verb::STOR | Verb::STOU | Verb::APPE);
    let to_receive = upload == (channel.mode == Mode::Passive);
    let unheard =
        e.replies.is_empty() && ctx.waited_in_session(e.at.max(left)) >= Duration::from_secs(3);
    to_receive || e.refused() || unheard
}

fn end_of(half: &crate::session::Half) -> Option<Moment> {
    [half.fin, half.rst.map(|r| r.at)].into_iter().flatten().min()
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    e: &Exchange,
    said: bool,
    early: Option<Moment>,
) -> Diagnosis {
    let s = ctx.session;
    let active = channel.mode == Mode::Active;
    let (listener, dialler) = if active { ("client", "server") } else { ("server", "client") };
    let known = if active { s.server.ip } else { s.client.ip };
    let port = channel.listening().map_or("the announced port".to_owned(), |p| p.to_string());
    let later = |c: &&Channel| c.began() > channel.began() && ctx.confirmed(c);
    let overcome = s.channels.iter().filter(later).any(|c| c.third_party.is_none());
    let severity = if overcome { Severity::Warning } else { Severity::Critical };
    let seen = said && channel.third_party.is_some();
    let summary = match channel.third_party {
        Some(other) => format!(
            "The data connection to {port} came from {other}, not from the {dialler}'s address {known}, \
             and the {listener} closed it unused."
        ),
        None => format!(
            "The {listener} closed the data connection to {port} unused: to it, it came from another \
             address than the control connection."
        ),
    };
    let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .channel(channel.id)
        .means(if e.final_reply.is_none() && early.is_none() {
            Means::Stalled
        } else {
            Means::Failed
        })
        .confidence(if seen { Confidence::Certain } else { Confidence::Likely })
        .summary(summary)
        .reasoning(format!("{}: {}", wording::vantage(ctx), reasoning(ctx, channel, said)))
        .announced(channel);
    if let Some(dial) = &channel.connection {
        let closed = format!("the {listener} closes it before a byte came");
        d = d.dialled(dial).evidence_if(end_of(&dial.from_responder), &closed);
    }
    d = match (e.final_reply, early) {
        (Some(_), _) => d.answered(ctx, channel),
        (None, Some(at)) => d.evidence(at, "425, which says so"),
        (None, None) => d.evidence(e.at, format!("{}, which gets no final reply", e.verb)),
    };
    d = if active { from_one_address(d, ctx) } else { to_one_address(d, ctx, channel) };
    if channel.third_party.is_some() { d } else { d.advise([advice::capture_elsewhere(ctx)]) }
}

fn reasoning(ctx: &Context<'_>, channel: &Channel, said: bool) -> String {
    let s = ctx.session;
    let active = channel.mode == Mode::Active;
    let (listener, known) = if active { ("client", s.server.ip) } else { ("server", s.client.ip) };
    if let Some(other) = channel.third_party {
        let from_20 = channel.connection.as_deref().is_some_and(|d| d.initiator.port == 20);
        let whose = if active {
            "The server has several addresses, or a NAT in front of it does; or a stranger was quicker."
        } else if from_20 {
            "It comes from port 20: another FTP server that was told to connect here (FXP), most likely."
        } else {
            "Either it is the same client, whose NAT pool or load balancer gave its two connections \
             different addresses, or a stranger was quicker: the packets don't tell."
        };
        return format!(
            "the control connection is {known}'s, the data connection {other}'s, and the {listener} \
             takes one only from the address of the control connection. {whose}"
        );
    }
    let how = if said {
        "the server's reply says so"
    } else {
        "Pure-FTPd closes a connection from another address without a word on the control channel, as \
         it did here"
    };
    let why = match ctx.vantage() {
        VantagePoint::Server => {
            "Here the client's data connection has the right address: another one that this capture \
             doesn't hold must have reached the port first."
        }
        _ => {
            "A NAT with several addresses or a load balancer between here and the server gives the \
             two connections different ones, or a stranger dialled the port at the same time; a \
             capture on the server shows the address."
        }
    };
    format!("{how}, while all that was seen here is {known}'s. {why}")
}

/// Two addresses of one pool, as a range, when they look like one.
fn pool(a: std::net::IpAddr, b: std::net::IpAddr) -> Option<String> {
    let (std::net::IpAddr::V4(x), std::net::IpAddr::V4(y)) = (a, b) else { return None };
    (x.octets()[..3] == y.octets()[..3]).then(|| format!("{}-{}", x.min(y), x.max(y)))
}

fn to_one_address(d: Diagnosis, ctx: &Context<'_>, channel: &Channel) -> Diagnosis {
    let s = ctx.session;
    let range = channel.third_party.and_then(|other| pool(s.client.ip, other));
    let range = range.unwrap_or("FIRST-LAST".to_owned());
    let (family, iptables) = (advice::family(s.client.ip), advice::iptables(s.client.ip));
    let server = s.server.ip;
    let d = d.advice_with(
        Audience::Firewall,
        "Keep all connections of a client to one server on one address: a persistent mapping of the \
         NAT pool, source affinity of the load balancer.",
        format!(
            "nft add rule inet nat postrouting {family} daddr {server} snat {family} to {range} persistent\n\
             {iptables} -t nat -A POSTROUTING -d {server} -j SNAT --to-source {range} --persistent"
        ),
    );
    d.advise([advice::accept_other_addresses(ctx)])
}

fn from_one_address(d: Diagnosis, ctx: &Context<'_>) -> Diagnosis {
    let s = ctx.session;
    let family = if s.client.ip.is_ipv4() { "ip" } else { "ip6" };
    d.advice_with(
        Audience::Firewall,
        format!("Translate the server's own connections to the address its clients know, {}.", s.server.ip),
        format!(
            "nft add rule inet nat postrouting {family} saddr THE.SERVERS.OWN.ADDRESS tcp sport 20 snat {family} to {}",
            s.server.ip
        ),
    )
    .advise([advice::use_passive_mode()])
}
