//! A third host took the announced port and got the data.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-port-stolen",
    title: "another host took the announced port and got the data that the control peer wanted",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &[
        "announcement-unused",
        "data-refused",
        "data-reset",
        "data-syn-unanswered",
        "transfer-aborted",
        "transfer-refused",
    ],
    proof: "A connection from a third host to the announced port carried data, and the control peer's own dial of the same port was refused, reset or left without a byte.",
    look_alikes: "data-wrong-peer (the stranger was turned away); a NAT pool at a server that doesn't mind, and one leg of an fxp: the control peer never dials.",
    change: "A large range with random ports; a server that compares addresses; TLS on the data channel with session reuse.",
    shown_by: ("data-port-stolen", "nat-pool-proftpd"),
    check: Check::when(&[Sign::ThirdParty], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for channel in &ctx.session.channels {
        let (Some(thief), Some(theirs)) = (channel.third_party, channel.connection.as_deref())
        else {
            continue;
        };
        if theirs.bytes() == 0 || ctx.command_of(channel).is_none() {
            continue;
        }
        let Some((own, id)) = wanted(ctx, channel) else { continue };
        findings.add(diagnosis(ctx, channel, thief, theirs, own).channel(id));
    }
}

/// The control peer's own dial of the same port, after the stranger's, which got nothing.
fn wanted<'a>(ctx: &Context<'a>, channel: &Channel) -> Option<(&'a Connection, u32)> {
    let s = ctx.session;
    let peer = if channel.mode == Mode::Active { s.server.ip } else { s.client.ip };
    let again = s.channels.iter().filter(|c| c.reuses == Some(channel.id) && c.command.is_none());
    let done = ctx.command_of(channel).and_then(|e| e.final_reply).map(|r| r.1);
    again.filter_map(|c| Some((c.connection.as_deref()?, c.id))).find(|(d, _)| {
        let in_time = done.is_none_or(|done| d.first < done);
        d.initiator.ip == peer && d.bytes() == 0 && in_time
    })
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    thief: std::net::IpAddr,
    theirs: &Connection,
    own: &Connection,
) -> Diagnosis {
    let dialler = ctx.dialler(channel);
    let port = theirs.responder;
    let outcome = match own.state() {
        ConnectionState::Refused => "was refused",
        ConnectionState::Reset => "was reset",
        ConnectionState::Unanswered => "got no answer",
        _ => "got nothing",
    };
    let command = ctx.command_of(channel);
    let what = command.map_or(String::new(), |e| format!(" of {} {}", e.verb, ctx.argument(e)));
    let d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .channel(channel.id)
        .summary(format!(
            "{thief} took the {dialler}'s data connection to {port} and the {} bytes{}; the {dialler}'s \
             own dial {outcome}.",
            theirs.bytes(),
            what.trim_end()
        ))
        .reasoning(format!(
            "{}: two hosts dialled the announced port, the stranger first. Not the {dialler} itself by \
             another address: it dialled as well, from its own, and waited for the data. Whoever \
             guesses a port that waits can take what is sent to it (RFC 2577).",
            wording::vantage(ctx)
        ))
        .announced(channel)
        .dialled(theirs)
        .evidence_if(theirs.first_byte(), &format!("data between {port} and {thief}"))
        .dialled(own)
        .evidence_if(own.reset().map(|r| r.1.at), &format!("RST to the {dialler}"))
        .answered(ctx, channel);
    protect(d, ctx, thief)
}

fn protect(d: Diagnosis, ctx: &Context<'_>, thief: std::net::IpAddr) -> Diagnosis {
    d.advise_server(
        ctx,
        "Take data connections only from the control connection's address, announce random ports of a \
         wide range, and protect the data channel by TLS with session reuse: a stranger then gets nothing.",
        advice::server::HARD_TO_STEAL,
    )
    .advice_with(
        Audience::Firewall,
        format!("Find out what {thief} is, and stop it."),
        advice::drop_from(thief, None, advice::Place::Router),
    )
}
