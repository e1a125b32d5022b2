//! A data SYN was answered only after it had been sent again.

use super::prelude::*;

/// Nobody sends a SYN again sooner (RFC 6298: the first timeout is a second).
const RETRY: Duration = Duration::from_millis(900);
/// On a path as slow as this the answer to a first SYN comes after the second one.
const SLOW_PATH: Duration = Duration::from_millis(400);

pub(super) static RULE: Rule = Rule {
    code: "data-syn-delayed",
    title: "a data connection came about only when its SYN was sent again",
    stage: Stage::DataConnect,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "The SYN-ACK came only after the SYN had been retransmitted, or a later dial of the same port was answered. Three or more in a session: a limit on the rate of SYNs.",
    look_alikes: "data-syn-unanswered (never answered); neighbour discovery before the first packet between two hosts; a path so slow that the answer crosses the second SYN; capture-loss.",
    change: "A limit on new connections in front of the dialled host or on it, or its listen backlog.",
    shown_by: ("data-syn-delayed", "data-handshake-incomplete-client"),
    check: Check::when(&[Sign::Redialled], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let rtt = ctx.session.control.syn_to_syn_ack;
    if ctx.quality.loss || ctx.quality.one_direction || rtt.is_some_and(|r| r >= SLOW_PATH) {
        return;
    }
    let delayed: Vec<_> = ctx
        .session
        .channels
        .iter()
        .filter_map(|c| {
            let dial = c.connection.as_deref().filter(|d| d.worked())?;
            Some((c, dial, delay(ctx, c, dial)?))
        })
        .collect();
    for (channel, dial, delay) in &delayed {
        findings.add(diagnosis(ctx, channel, dial, *delay, delayed.len()));
    }
}

/// From the first SYN to the SYN-ACK, when it took another SYN.
fn delay(ctx: &Context<'_>, channel: &Channel, dial: &Connection) -> Option<Duration> {
    let answer = dial.from_responder.syn?;
    let before = channel
        .attempts
        .iter()
        .filter(|a| a.responder == dial.responder && a.state() == ConnectionState::Unanswered);
    // A dial before the announcement belongs to one that the capture missed.
    let announced = channel.announcement.as_ref().map(|a| a.at);
    let earlier =
        before.filter_map(|a| a.from_initiator.syn).filter(|s| Some(*s) > announced).min();
    let again = dial.from_initiator.syn.filter(|_| dial.from_initiator.syns >= 2);
    let first = earlier.or(again)?;
    let delay = answer.time.since(first.time);
    (delay >= RETRY && !new_neighbours(ctx, dial)).then_some(delay)
}

/// The session's first packet to a host that isn't on the control connection: its neighbour, or a
/// router's, may have to be found first.
fn new_neighbours(ctx: &Context<'_>, dial: &Connection) -> bool {
    let s = ctx.session;
    let to = dial.responder.ip;
    let known = to == s.client.ip || to == s.server.ip;
    let met = || {
        let others = s.channels.iter().filter_map(|c| c.connection.as_deref());
        others.filter(|c| c.responder.ip == to).any(|c| c.first < dial.first)
    };
    !known && dial.from_initiator.syns == 2 && !met()
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    dial: &Connection,
    delay: Duration,
    all: usize,
) -> Diagnosis {
    let dialler = ctx.dialler(channel);
    let dials = || channel.attempts.iter().chain([dial]);
    let syns: u32 = dials().map(|d| d.from_initiator.syns).sum();
    let why = if all >= 3 {
        format!(
            "{all} data connections of this session needed another SYN, which is no chance: something \
             limits the rate of new connections."
        )
    } else {
        "One lost packet does that as well as a full listen backlog or a limit on the rate of new \
         connections; three in a session would tell."
            .to_owned()
    };
    let place = match (ctx.vantage(), channel.mode) {
        (VantagePoint::Server, Mode::Passive) | (VantagePoint::Client, Mode::Active) => {
            "the first SYN arrived here and got no answer, so it was this host that passed over it"
        }
        _ => "the first SYN passed here, and was lost or passed over after that, or its answer was",
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .channel(channel.id)
        .confidence(if all >= 3 { Confidence::Likely } else { Confidence::Possible })
        .summary(format!(
            "The {dialler}'s SYN to {} was answered only after {} and {}.",
            wording::listening(channel, dial),
            wording::duration(delay),
            wording::count(syns.into(), "SYN")
        ))
        .reasoning(format!(
            "{}: {place}. The port is open, since a second SYN was answered. {why}",
            wording::vantage(ctx)
        ))
        .announced(channel);
    for dial in dials() {
        d = d.dialled(dial);
    }
    let to = dial.responder;
    d.evidence_if(dial.from_responder.syn, &format!("SYN-ACK from {to}")).advice_with(
        Audience::Firewall,
        format!("Look for limits on new connections to {} and on the way to it.", to.ip),
        "nft list ruleset | grep -nE 'limit rate|numgen|ct count'\n\
         iptables-save | grep -E 'limit|connlimit|hashlimit'\n\
         nstat -az TcpExtListenOverflows TcpExtListenDrops   # on the dialled host: its backlog",
    )
}
