//! EPSV's port is blocked, PASV's works.

use super::prelude::*;
use crate::session::AnnouncementKind;

pub(super) static RULE: Rule = Rule {
    code: "epsv-blocked-pasv-works",
    title: "ports announced by EPSV are blocked, those announced by PASV work",
    stage: Stage::Announcement,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &["announcement-unused", "data-never-attempted"],
    proof: "Dials of ports from EPSV's 229 fail (at the server: none arrives), then PASV works in the same session: on the same port, or with several EPSV ports blocked on both sides of PASV's.",
    look_alikes: "One failed port beside another that works: a range that is open in part looks the same.",
    change: "The firewall opens what it reads in a 227 and doesn't know 229 (RFC 2428): open the passive range statically, or use PASV.",
    shown_by: ("epsv-blocked-pasv-works", "passive-range-dropped-ncftp"),
    check: Check::when(&[Sign::Undialled, Sign::DialFailed], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction || ctx.quality.loss {
        return;
    }
    let of = |kind: AnnouncementKind| {
        let all = ctx.session.channels.iter();
        all.filter(move |c| c.announcement.as_ref().is_some_and(|a| a.kind == kind))
    };
    let blocked: Vec<_> = of(AnnouncementKind::Epsv).filter(|c| blocked(ctx, c)).collect();
    if blocked.is_empty() {
        return;
    }
    let worked: Vec<_> = of(AnnouncementKind::Pasv).filter(|c| ctx.worked(c)).collect();
    let (Some(pasv), Some(epsv)) = (worked.first(), blocked.first()) else { return };
    // Neither may have done both, and PASV must come after it: then nothing else changed.
    let mixed = of(AnnouncementKind::Epsv).any(|c| ctx.worked(c))
        || of(AnnouncementKind::Pasv).any(|c| ctx.dials(c).any(|d| ctx.failed(d)));
    if mixed || pasv.id < epsv.id {
        return;
    }
    let same =
        blocked.iter().find_map(|e| Some((*e, *worked.iter().find(|p| port(p) == port(e))?)));
    if let Some((epsv, pasv)) = same {
        findings.add(diagnosis(ctx, epsv, pasv, Confidence::Certain));
    } else if let Some(pasv) = worked.iter().find(|p| {
        blocked.iter().any(|e| port(e) < port(p)) && blocked.iter().any(|e| port(e) > port(p))
    }) {
        findings.add(diagnosis(ctx, epsv, pasv, Confidence::Likely));
    }
}

fn port(channel: &Channel) -> u16 {
    channel.listening().map_or(0, |e| e.port)
}

/// Every dial of it failed, or none was seen although somebody waited long enough for one.
fn blocked(ctx: &Context<'_>, channel: &Channel) -> bool {
    let Some(a) = channel.announcement.as_ref().filter(|a| a.accepted == Some(true)) else {
        return false;
    };
    if channel.connection.is_some() {
        return ctx.dials(channel).all(|d| ctx.failed(d));
    }
    !ctx.quality.control_only && ctx.until_given_up(channel, a.at) >= Duration::from_secs(3)
}

fn diagnosis(ctx: &Context<'_>, epsv: &Channel, pasv: &Channel, sure: Confidence) -> Diagnosis {
    let s = ctx.session;
    let (from, to) = (port(epsv), port(pasv));
    let sure = if epsv.connection.is_some() { sure } else { Confidence::Likely };
    let seen = if epsv.connection.is_some() { "failed" } else { "saw no dial arrive" };
    let compared = if from == to {
        "both announced the same port, so the announcement makes the difference."
    } else {
        "ports below and above the one that works are blocked, so it isn't the end of a range."
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .channel(epsv.id)
        .confidence(sure)
        .summary(format!(
            "Port {from} of {}, announced by EPSV, {seen}; port {to}, announced by PASV, works.",
            s.server.ip
        ))
        .reasoning(format!(
            "{}: {compared} A firewall that reads the control channel opens the port it finds there; \
             this one finds it in a 227 (PASV) and not in a 229 (EPSV, RFC 2428).",
            wording::vantage(ctx)
        ))
        .announced(epsv);
    for dial in ctx.dials(epsv) {
        d = d.dialled(dial);
    }
    d = d.announced(pasv).evidence_if(
        pasv.connection.as_deref().and_then(|c| c.established),
        "the connection to the port from PASV is established",
    );
    if let Some(listening) = epsv.listening() {
        d = d.advise(advice::open_passive_range(ctx, listening));
    }
    d.advice_with(
        Audience::Client,
        "Until then use PASV with this server.",
        "curl: --disable-epsv   lftp: set ftp:prefer-epsv no   tnftp: epsv4",
    )
}
