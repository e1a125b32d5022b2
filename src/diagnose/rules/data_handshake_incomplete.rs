//! SYN-ACK, and never the ACK.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-handshake-incomplete",
    title: "the data connection's SYN-ACK was never acknowledged, as far as the side that sent it knows",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: &[
        "announcement-unused",
        "command-unanswered",
        "control-closed",
        "control-reset",
        "data-path-dead",
        "data-reset",
        "data-silent",
        "idle-closed",
        "port-refused",
        "reply-missing",
        "transfer-aborted",
        "transfer-refused",
    ],
    proof: "SYN and SYN-ACK, the SYN-ACK again or 3 s of silence, and never an ACK; at the dialling host: the SYN-ACK again and again, and nothing else, although each was acknowledged.",
    look_alikes: "capture-one-direction (the ACK was sent and not captured); data-syn-unanswered (the other end of the same fault: no SYN-ACK arrives there).",
    change: "The way back: a firewall that sees only one direction (asymmetric routing), or a rule on SYN-ACKs; or the dialling host's own firewall.",
    shown_by: ("data-handshake-incomplete", "data-handshake-incomplete-client"),
    check: Check::when(&[Sign::Unconfirmed], check),
};

/// What of the handshake is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// No ACK was seen here, while the SYN came again: the SYN-ACK isn't heard.
    SynAck,
    /// No ACK was seen here, and the SYN didn't come again: the SYN-ACK was heard.
    Ack,
    /// The ACK was seen here, but the SYN-ACK came again and again.
    AckFurtherOn,
}

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction || ctx.quality.loss {
        return;
    }
    for channel in ctx.failed_dials(ConnectionState::HandshakeIncomplete) {
        let Some(dial) = channel.connection.as_deref() else { continue };
        let Some(answer) = dial.from_responder.syn.filter(|_| dial.from_initiator.syns > 0) else {
            continue;
        };
        let again = dial.from_responder.syns > 1;
        if again || ctx.waited_in_session(answer) >= Duration::from_secs(3) {
            let heard = dial.from_initiator.syns == 1 && again;
            let missing = if heard { Missing::Ack } else { Missing::SynAck };
            findings.add(diagnosis(ctx, channel, dial, answer, missing));
        }
    }
    for channel in ctx.session.channels.iter().filter(|c| !ctx.confirmed(c)) {
        let tie = matches!(channel.association, Association::Inferred { tie: true });
        let Some(dial) = channel.connection.as_deref().filter(|d| d.worked() && !tie) else {
            continue;
        };
        let (Some(answer), Some(last)) = (dial.from_responder.syn, dial.from_responder.last_syn)
        else {
            continue;
        };
        let only_syn_acks = dial.from_responder.packets == u64::from(dial.from_responder.syns);
        let since = dial.established.unwrap_or(answer);
        if only_syn_acks && last.time.since(since.time) >= Duration::from_secs(3) {
            findings.add(diagnosis(ctx, channel, dial, answer, Missing::AckFurtherOn));
        }
    }
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    dial: &Connection,
    answer: Moment,
    missing: Missing,
) -> Diagnosis {
    let dialler = ctx.dialler(channel);
    let listening = wording::listening(channel, dial);
    let again = dial.from_responder.syns;
    let waited = wording::duration(ctx.until_given_up(channel, dial.first));
    let summary = match missing {
        Missing::AckFurtherOn => format!(
            "{listening} sent its SYN-ACK {again} times within {waited}, although the {dialler} \
             acknowledged it: the handshake was never completed."
        ),
        _ => format!(
            "The {dialler}'s SYN to {listening} was answered, but the SYN-ACK ({again} in {waited}) was \
             never acknowledged."
        ),
    };
    let mut d = Diagnosis::new(RULE.code, ctx.severity_after(dial.first, channel), RULE.stage)
        .channel(channel.id)
        .summary(capital(&summary))
        .reasoning(format!("{}: {}", wording::vantage(ctx), reasoning(ctx, channel, missing)))
        .announced(channel)
        .dialled(dial)
        .evidence(answer, format!("SYN-ACK from {}", dial.responder))
        .evidence_if(dial.established, "the ACK")
        .evidence_if(
            dial.from_responder.last_syn.filter(|l| *l != answer),
            &format!("the last of {again} SYN-ACKs"),
        )
        .answered(ctx, channel);
    d = remedy(d, ctx, channel, dial, missing);
    d.advise([advice::capture_elsewhere(ctx)])
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

/// The capture is next to the side that dials, or next to the other.
fn near(ctx: &Context<'_>, channel: &Channel) -> Option<bool> {
    match (ctx.vantage(), channel.mode) {
        (VantagePoint::Client, Mode::Passive) | (VantagePoint::Server, Mode::Active) => Some(true),
        (VantagePoint::Client, Mode::Active) | (VantagePoint::Server, Mode::Passive) => Some(false),
        _ => None,
    }
}

fn reasoning(ctx: &Context<'_>, channel: &Channel, missing: Missing) -> String {
    let (from, to) =
        if channel.mode == Mode::Active { ("server", "client") } else { ("client", "server") };
    let open = "The port is open and SYNs reach it: opening ports won't help.";
    let why = match (missing, near(ctx, channel)) {
        (Missing::AckFurtherOn, _) => format!(
            "the {from}'s ACKs passed here, and the {to} repeats its SYN-ACK as if none had come: \
             something between here and the {to} drops them, as a firewall does that saw only one \
             direction of the handshake."
        ),
        (_, Some(true)) => format!(
            "the SYN-ACKs arrived at the {from}'s own host, and its kernel answered none: that host's own \
             firewall drops them after they were captured."
        ),
        (Missing::SynAck, Some(false)) => format!(
            "the SYN-ACKs left this host, and the {from} goes on as if it had none: they are lost on the \
             way back, or the {from}'s own firewall drops them."
        ),
        (Missing::Ack, Some(false)) => format!(
            "the {from} sent its SYN no second time, so it has the SYN-ACK, and what is lost is its ACK \
             on the way here."
        ),
        (Missing::SynAck, None) => format!(
            "SYN-ACKs passed here on their way to the {from}, which goes on as if it had none: they are \
             dropped between here and the {from}, or there."
        ),
        (Missing::Ack, None) => format!(
            "the {from} sent its SYN no second time, so it has the SYN-ACK; its ACK is dropped before \
             here, or takes another way."
        ),
    };
    format!(
        "{why} {open} The control connection passes in both directions, and so does this capture."
    )
}

fn remedy(
    d: Diagnosis,
    ctx: &Context<'_>,
    channel: &Channel,
    dial: &Connection,
    missing: Missing,
) -> Diagnosis {
    let family = if dial.responder.ip.is_ipv4() { "ip" } else { "ip6" };
    let own = missing != Missing::AckFurtherOn && near(ctx, channel) == Some(true);
    if own {
        let to = dial.initiator.ip;
        return d.advice_with(
            if channel.mode == Mode::Active { Audience::Server } else { Audience::Client },
            format!("On {to}, let answers to the host's own connections in."),
            "nft insert rule inet filter input ct state established,related accept\n\
             iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        );
    }
    d.advice_with(
        Audience::Firewall,
        format!(
            "Look for a way between {} and {} on which a firewall sees only one direction (asymmetric \
             routing, two firewalls that don't share their state), and for rules on single flags.",
            dial.responder.ip, dial.initiator.ip
        ),
        format!(
            "traceroute -T -p {} {}   # and from the other side\n\
             nft insert rule inet filter forward {family} saddr {} ct state established,related accept",
            dial.responder.port, dial.responder.ip, dial.responder.ip
        ),
    )
}
