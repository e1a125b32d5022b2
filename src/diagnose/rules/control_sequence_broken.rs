//! A helper on the way rewrote an announcement and forgot the sequence numbers after it.

use super::prelude::*;
use crate::tcp::Behind;

pub(super) static RULE: Rule = Rule {
    code: "control-sequence-broken",
    title: "the two ends of the control connection count its bytes differently",
    stage: Stage::Command,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: &[
        "announcement-unused",
        "capture-loss",
        "command-unanswered",
        "control-closed",
        "control-reset",
        "data-never-attempted",
        "idle-closed",
        "reply-missing",
    ],
    proof: "After PORT, EPRT, 227 or 229 its sender goes on, at least twice and over at least a second, with sequence numbers 2 to 64 bytes before what the other side has acknowledged.",
    look_alikes: "capture-loss (numbers ahead of what was captured, never behind what was acknowledged); a keep-alive (one byte behind).",
    change: "The FTP helper (ALG) of a NAT or firewall, which makes the announcement longer or shorter: update it or switch it off.",
    shown_by: ("control-sequence-broken-client", "nat-helper-active-outside"),
    check,
};

const LONG: Duration = Duration::from_secs(1);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for (who, half) in [("client", s.from_client()), ("server", s.from_server())] {
        let Some(behind) = half.behind.as_deref() else { continue };
        let enough = behind.times >= 2 && behind.last.time.since(behind.first.time) >= LONG;
        if !enough || ctx.succeeded_after(behind.first).is_some() {
            continue;
        }
        let Some((what, said)) = announcement(ctx, who == "client", behind) else { continue };
        findings.add(diagnosis(ctx, who, behind, &what, said));
    }
}

/// What this side announced last before its numbers were wrong.
fn announcement(ctx: &Context<'_>, client: bool, behind: &Behind) -> Option<(String, Moment)> {
    let s = ctx.session;
    let named = |m: &crate::session::Message| match m.kind {
        MessageKind::Command(i) if client => {
            let verb = s.script.exchanges.get(i)?.verb;
            verb.is_active().then(|| verb.as_str().to_owned())
        }
        MessageKind::Reply(code @ 227..=229, _) if !client => Some(code.to_string()),
        _ => None,
    };
    let before = s.script.messages.iter().rev().filter(|m| m.at <= behind.first);
    before.filter_map(|m| Some((named(m)?, m.at))).next()
}

fn diagnosis(ctx: &Context<'_>, who: &str, behind: &Behind, what: &str, said: Moment) -> Diagnosis {
    let s = ctx.session;
    let (by, times) = (behind.by, behind.times);
    let peer = if who == "client" { "server" } else { "client" };
    let (own, other) =
        if who == "client" { (s.client.ip, s.server.ip) } else { (s.server.ip, s.client.ip) };
    let here = match (ctx.vantage(), who) {
        (VantagePoint::Client, "client") | (VantagePoint::Server, "server") => format!(
            "{what} as it left is in this capture; the {peer}'s {by} bytes more are what was added on the way."
        ),
        (VantagePoint::Client, _) | (VantagePoint::Server, _) => {
            format!("{what} is in this capture as it arrived, {by} bytes longer than it left.")
        }
        _ => "Where on the way it became longer, captures on both sides of each device tell."
            .to_owned(),
    };
    Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .summary(format!(
            "After {what} the {who}'s sequence numbers on the control connection {} → {} stay {by} bytes \
             before what the {peer} has acknowledged, in {times} packets over {}.",
            s.client,
            s.server,
            wording::duration(behind.last.time.since(behind.first.time))
        ))
        .reasoning(format!(
            "{}: a device between {own} and {other} made {what} {by} bytes longer, as FTP helpers do that \
             write a translated address, and doesn't shift the sequence numbers after it. The {who}'s TCP \
             discards packets that acknowledge what it hasn't sent, so no reply gets through any more. {here}",
            wording::vantage(ctx)
        ))
        .evidence(said, what)
        .evidence(behind.first, format!("the {who} goes on {by} bytes before what was acknowledged"))
        .evidence(behind.last, "and still does")
        .advice(
            Audience::Firewall,
            "Update the device that translates addresses in FTP. With nftables, a `ct helper` rule on a \
             kernel whose nft_ct doesn't prepare sequence adjustment does this (CVE-2025-68206).",
        )
        .advice_with(
            Audience::Firewall,
            "Or switch its FTP helper off, and let clients use passive mode with EPSV, which has nothing to \
             translate.",
            "nft list ruleset | grep 'ct helper'\niptables -t raw -S | grep 'helper ftp'\nmodprobe -r nf_nat_ftp nf_conntrack_ftp",
        )
        .advice(
            Audience::Client,
            "Encrypt the control connection (AUTH TLS): what a helper can't read it doesn't rewrite.",
        )
        .advise([advice::capture_elsewhere(ctx)])
}
