//! Full-size segments are lost, smaller ones pass.

use super::prelude::*;
use crate::decode::Endpoint;
use crate::diagnose::mtu::{self, Seen};

pub(super) static RULE: Rule = Rule {
    code: "data-mtu-blackhole",
    title: "full-size segments get lost on the way, smaller ones pass",
    stage: Stage::DataTransfer,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: &[
        "data-path-dead",
        "data-silent",
        "data-lossy",
        "data-reset",
        "transfer-refused",
        "transfer-aborted",
        "reply-missing",
        "command-unanswered",
        "control-reset",
        "control-closed",
        "idle-closed",
    ],
    proof: "Full-size segments retransmitted without an ACK, from the first of them on, while smaller ones pass; at the receiver silence, then a small packet whose sequence number is ahead of all that arrived. A warning when the sender found a size that passes.",
    look_alikes: "data-path-dead (nothing passes any more, or full-size segments had passed before); capture-loss (the receiver acknowledges what is missing); data-lossy.",
    change: "Let ICMP type 3 code 4 and ICMPv6 packet-too-big through, or clamp the MSS to the MTU of the path.",
    shown_by: ("data-mtu-blackhole-client", "data-path-dead-server"),
    check: Check::when(&[Sign::Resent, Sign::Hole], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction {
        return;
    }
    for channel in &ctx.session.channels {
        let Some(c) = channel.connection.as_deref().filter(|c| c.worked()) else { continue };
        for end in [c.initiator, c.responder] {
            if let Some(seen) = mtu::seen(ctx, c, end) {
                findings.add(diagnosis(ctx, channel, c, end, &seen));
            }
        }
    }
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    c: &Connection,
    end: Endpoint,
    seen: &Seen,
) -> Diagnosis {
    let s = ctx.session;
    let who = if end.ip == s.client.ip { "client" } else { "server" };
    let way = format!("{} → {}", c.initiator, c.responder);
    let mss = [&c.from_initiator, &c.from_responder].into_iter().filter_map(|h| h.syn_options.mss);
    let mss = mss.min();
    // Next to the sender segments may still be joined.
    let single = |len: u32| mss.map_or(len, |m| len.min(m.into()));
    let mss = mss.map(|m| format!(" The SYNs allow segments of {m} bytes.")).unwrap_or_default();
    let here = wording::vantage(ctx);
    let severity = match seen {
        Seen::Overcome { .. } if ctx.confirmed(channel) => Severity::Warning,
        Seen::Sent { first: at, .. }
        | Seen::Ahead { at, .. }
        | Seen::Overcome { first: at, .. } => ctx.severity_after(*at, channel),
    };
    let d = Diagnosis::new(RULE.code, severity, RULE.stage).channel(channel.id).announced(channel);
    let d = match *seen {
        Seen::Sent { first, last, times, len } => {
            let len = single(len);
            let (confidence, why) = sure(ctx, c, end);
            d.confidence(confidence)
                .summary(format!(
                    "The {who}'s full-size segments ({len} bytes) on the data connection {way} were sent again {times} times in \
                     {} and never acknowledged, while small packets pass.",
                    wording::duration(last.time.since(first.time))
                ))
                .reasoning(format!(
                    "{here}: not one segment of that size from the {who} was ever acknowledged in this session. {why}{mss}"
                ))
                .evidence_if(c.from(end).first_byte, "the first payload")
                .evidence(first, format!("the {who} sends {len} bytes again"))
                .evidence(last, "the last retransmission, unanswered")
        }
        Seen::Ahead { at, missing } => d
            .confidence(Confidence::Likely)
            .summary(format!(
                "Of the {who}'s data on the connection {way} {missing} bytes never arrived, while small packets \
                 of it do."
            ))
            .reasoning(format!(
                "{here}: a small packet of the {who} is {missing} bytes ahead of all that came, and the other side never \
                 acknowledged those bytes, so the capture didn't miss them: they got lost, again and again, \
                 before they came here. A dead path would have stopped the small packet as well.{mss}"
            ))
            .evidence_if(c.established, "the data connection is established")
            .evidence(at, format!("the {who}'s sequence number is {missing} bytes ahead of what arrived"))
            .advise([advice::capture_elsewhere(ctx)]),
        Seen::Overcome { first, acked, passed } => d
            .summary(format!(
                "The {who}'s full-size segments on the data connection {way} didn't get through; after {} it tried \
                 {passed} bytes, which did.",
                wording::duration(acked.time.since(first.time))
            ))
            .reasoning(format!(
                "{here}: the same bytes were sent again and again in vain until they went in a smaller segment. \
                 The {who}'s kernel probed for the path's MTU, because no ICMP told it.{mss}"
            ))
            .evidence(first, format!("the {who} sends full-size segments again"))
            .evidence(acked, format!("acknowledged, in a segment of {passed} bytes")),
    };
    d.answered(ctx, channel).advise(change(ctx, c, end))
}

/// How sure the sender's side makes us that small packets pass, and why.
fn sure(ctx: &Context<'_>, c: &Connection, end: Endpoint) -> (Confidence, String) {
    if mtu::small_pass(ctx, c, end) {
        let why = "On this very connection small packets still pass both ways: the other side was heard since, and \
                   what it said was answered. A dead path would stop them too.";
        return (Confidence::Certain, why.to_owned());
    }
    let largest = mtu::passed(ctx, end);
    let of_data = ctx.session.channels.iter().filter_map(|c| c.connection.as_deref());
    let mut earlier =
        of_data.flat_map(|c| [(c.initiator, &c.from_initiator), (c.responder, &c.from_responder)]);
    if earlier.any(|(e, h)| e.ip == end.ip && h.largest_acked > 0) {
        let why = format!(
            "Smaller ones, of up to {largest} bytes, came through on other data connections of this session, and the \
             control connection still answers."
        );
        return (Confidence::Likely, why);
    }
    let why = "The handshake and the control connection, all of them small packets, get through. A firewall that drops \
               all payload of this connection would look the same here: a file of a few bytes tells.";
    (Confidence::Possible, why.to_owned())
}

fn change(ctx: &Context<'_>, c: &Connection, end: Endpoint) -> Vec<Advice> {
    let peer = if end == c.initiator { c.responder.ip } else { c.initiator.ip };
    let client = end.ip == ctx.session.client.ip;
    let audience = if client { Audience::Client } else { Audience::Server };
    let size = if peer.is_ipv4() { 1472 } else { 1452 };
    let (icmp, clamp) = if peer.is_ipv4() {
        ("icmp type destination-unreachable accept", "iptables")
    } else {
        ("icmpv6 type packet-too-big accept", "ip6tables")
    };
    vec![
        Advice {
            audience: Audience::Firewall,
            text: "Let ICMP \"fragmentation needed\" (type 3 code 4) and ICMPv6 \"packet too big\" (type 2) through, and \
                   clamp the MSS on the router with the smaller MTU (tunnel, VPN, PPPoE)."
                .to_owned(),
            example: Some(format!(
                "nft add rule inet filter forward {icmp}\n\
                 nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu\n\
                 {clamp} -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"
            )),
        },
        Advice {
            audience,
            text: format!(
                "See on {} how large a packet gets through to {peer}; until the path is mended, let the sender's \
                 kernel find the size by itself.",
                end.ip
            ),
            example: Some(format!(
                "ping -M do -c 3 -s {size} {peer}   # smaller until it answers\n\
                 sysctl -w net.ipv4.tcp_mtu_probing=1"
            )),
        },
    ]
}
