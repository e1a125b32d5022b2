//! SYNs to the announced endpoint without any answer.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-syn-unanswered",
    title: "the SYNs of the data connection got no answer of any kind",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: super::AFTER_A_FAILED_DIAL,
    proof: "SYNs to the announced endpoint, no SYN-ACK and no RST; sent again at least once, or 3 s old.",
    look_alikes: "data-refused and data-rejected (something answered); data-syn-delayed (answered after a retransmission); capture-one-direction (the answers weren't captured); pasv-private-address (the address is wrong, not the firewall).",
    change: "Passive: open the server's passive range on every device in front of it. Active: use passive mode, or a connection tracking helper on the client's side.",
    shown_by: ("passive-range-dropped-client", "data-refused-client"),
    check: Check::when(&[Sign::DialFailed], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction {
        return;
    }
    for channel in ctx.failed_dials(ConnectionState::Unanswered) {
        let Some(connection) = &channel.connection else { continue };
        let syns: u32 = ctx.dials(channel).map(|d| d.from_initiator.syns).sum();
        let Some(first) = ctx.dials(channel).map(|d| d.first).min() else { continue };
        let last =
            ctx.dials(channel).filter_map(|d| d.from_initiator.last_syn).max().unwrap_or(first);
        if syns < 2 && ctx.waited_in_session(first) < Duration::from_secs(3) {
            continue;
        }
        findings.add(diagnosis(ctx, channel, connection, syns, first, last));
    }
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    connection: &Connection,
    syns: u32,
    first: Moment,
    last: Moment,
) -> Diagnosis {
    let dialler = ctx.dialler(channel);
    let waited = last.time.since(first.time).max(ctx.until_given_up(channel, first));
    let third = third_host(ctx, channel, connection);
    let listening = match third {
        true => format!("the announced port {}", connection.responder),
        false => wording::listening(channel, connection),
    };
    let mut d = Diagnosis::new(RULE.code, ctx.severity_after(first, channel), RULE.stage)
        .channel(channel.id)
        .summary(format!(
            "The {dialler}'s SYNs to {listening} were never answered ({syns} in {}).",
            wording::duration(waited)
        ))
        .reasoning(reasoning(ctx, channel, connection))
        .announced(channel);
    for dial in ctx.dials(channel) {
        d = d.dialled(dial);
    }
    d = d.answered(ctx, channel);
    let responder = connection.responder;
    if third {
        d = d.advise([advice::let_servers_meet(connection)]);
        if channel.partner.is_none() {
            d = d.advise([advice::use_passive_mode()]);
        }
    } else if channel.mode == Mode::Active {
        d = d.advise([advice::use_passive_mode(), advice::let_active_in(ctx, responder)]);
    } else {
        d = d.advise(advice::open_passive_range(ctx, responder));
    }
    d.advise([advice::capture_elsewhere(ctx)])
}

/// In active mode, another host than the client: a transfer between two servers, mostly.
fn third_host(ctx: &Context<'_>, channel: &Channel, connection: &Connection) -> bool {
    let s = ctx.session;
    let ip = connection.responder.ip;
    channel.mode == Mode::Active && ip != s.client.ip && ip != s.server.ip
}

fn reasoning(ctx: &Context<'_>, channel: &Channel, connection: &Connection) -> String {
    if third_host(ctx, channel, connection) {
        let (from, to) = (connection.initiator.ip, connection.responder.ip);
        let who = match channel.partner {
            Some(p) if p.server.ip == to => {
                "the other server of this transfer (FXP): the client and what stands in front of it have no \
                 part in that connection"
            }
            _ => {
                "not where the client's packets come from: another server that is to take part in the \
                 transfer (FXP), or an address that the client was told it has, and hasn't"
            }
        };
        return format!(
            "{}: PORT names {to}, {who}. Something between {from} and {to} drops the SYNs, or the answers. Not \
             a port where nothing listens: that would be answered with an RST.",
            wording::vantage(ctx)
        );
    }
    let (from, to) = match channel.mode {
        Mode::Active => ("server", "client"),
        _ => ("client", "server"),
    };
    let near_dialler = match channel.mode {
        Mode::Active => VantagePoint::Server,
        _ => VantagePoint::Client,
    };
    let at = wording::vantage(ctx);
    let place = match ctx.vantage() {
        VantagePoint::Unknown => format!(
            "{at}: either something on the way to the {to} drops the SYNs, or the {to}'s own firewall \
             does, or its answers are lost on the way back"
        ),
        point if point == near_dialler => format!(
            "{at}: the SYNs left the {from}, and either something on the way or the {to}'s own \
             firewall drops them (or the answers); a capture on the {to} shows whether they arrive"
        ),
        VantagePoint::Between => format!(
            "{at}: the SYNs came this far, so what drops them is between here and the {to}, or the \
             {to} itself; a capture on the {to} shows whether they arrive"
        ),
        _ => format!(
            "{at}: the SYNs arrived here, so the {to}'s own firewall drops them, or its answer leaves \
             by another way that wasn't captured"
        ),
    };
    let host = connection.responder.ip;
    let known = host == ctx.session.server.ip || host == ctx.session.client.ip;
    let whole = if known {
        format!("Not the whole host: the control connection with {host} worked meanwhile.")
    } else {
        format!(
            "Whether {host} can be reached at all isn't known: the control connection is with another address."
        )
    };
    format!(
        "{place}. Not a port where nothing listens: that would be answered with an RST. {whole}"
    )
}
