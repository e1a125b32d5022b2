//! A PORT with an address from behind the client's NAT.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "port-private-address",
    title: "PORT names a private address from behind the client's NAT, and the transfer failed",
    stage: Stage::Announcement,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: super::AFTER_A_WRONG_ADDRESS,
    proof: "PORT or EPRT names a private, shared, link-local or loopback address that is not the packet's source, and the transfer failed.",
    look_alikes: "private networks that are routed, which work; bounce-attempt (a third host, or at the client's own host any foreign address).",
    change: "Passive mode, or a NAT helper on the client's router.",
    shown_by: ("port-private-address-dialled-server", "active-vsftpd-ftplib"),
    check: Check::when(&[Sign::Active], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    // At the client's own host NAT hasn't happened yet: a foreign address there is another matter.
    if ctx.vantage() == VantagePoint::Client || several_hosts(ctx) {
        return;
    }
    for channel in s.channels.iter().filter(|c| c.mode == Mode::Active) {
        let Some(a) = &channel.announcement else { continue };
        let Some(advertised) = a.advertised else { continue };
        let class = Class::of(advertised.ip);
        if !class.is_internal() || advertised.ip == s.client.ip || ctx.worked(channel) {
            continue;
        }
        // The client knows very well what it names: where another server listens (FXP).
        if channel.partner.is_some() {
            continue;
        }
        // No client listens there: somebody tries where the server would connect to (RFC 2577).
        if advertised.port < 1024 || advertised.ip == s.server.ip {
            continue;
        }
        let refused = a.accepted == Some(false);
        let failed = channel.connection.is_some()
            || ctx.never_attempted().any(|c| c.id == channel.id)
            || ctx.command_of(channel).is_some_and(Exchange::refused);
        if !refused && !failed || ctx.succeeded_after(a.at).is_some() {
            continue;
        }
        let outcome =
            if refused { "the server refused it" } else { "the server could not connect to it" };
        let refusal = ctx.reply_to_announcement(channel).filter(|_| refused);
        let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .channel(channel.id)
            .means(if refused { Means::Failed } else { Means::Stalled })
            .summary(format!(
                "{} names {advertised}, {}, while the client's packets come from {}: {outcome}.",
                a.kind.name(),
                class.name(),
                s.client.ip
            ))
            .reasoning(format!(
                "{}: NAT on the client's side changed the address of the packets but not the one \
                 written in {}, so no helper for FTP was at work there (or it can't read the control \
                 channel).",
                wording::vantage(ctx),
                a.kind.name()
            ))
            .announced(channel);
        if let Some((code, at)) = refusal {
            d = d.evidence(at, format!("{} is answered with {code}", a.kind.name()));
        }
        for dial in ctx.dials(channel) {
            d = d.dialled(dial);
        }
        findings.add(
            d.answered(ctx, channel)
                .advise([advice::use_passive_mode(), advice::tracking_helper(ctx)]),
        );
    }
}

/// PORTs that name several foreign hosts: no NAT does that.
fn several_hosts(ctx: &Context<'_>) -> bool {
    let s = ctx.session;
    let active = s.channels.iter().filter(|c| c.mode == Mode::Active);
    let mut foreign = active
        .filter_map(|c| Some(c.announcement.as_ref()?.advertised?.ip))
        .filter(|ip| *ip != s.client.ip);
    let first = foreign.next();
    foreign.any(|ip| Some(ip) != first)
}
