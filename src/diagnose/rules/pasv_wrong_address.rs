//! A 227 with an address that is not the server's.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "pasv-wrong-address",
    title: "the passive reply announces an address that is not the server's, and it can't be reached",
    stage: Stage::Announcement,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: super::AFTER_A_WRONG_ADDRESS,
    proof: "227 names another public address, 0.0.0.0 or a loopback one, and the connection fails.",
    look_alikes: "servers with several addresses, where it works; pasv-private-address; a server behind NAT, captured next to it, whose outer address is right.",
    change: "Correct the external address that the server is told to announce.",
    shown_by: ("pasv-wrong-address", "passive-range-dropped-client"),
    check: Check::when(&[Sign::OtherAddress], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for channel in ctx.unreached_passive() {
        let Some(a) = &channel.announcement else { continue };
        let Some(advertised) = a.advertised else { continue };
        let class = Class::of(advertised.ip);
        let server = Class::of(s.server.ip);
        let wrong = match class {
            Class::Unusable => true,
            Class::Loopback => server != Class::Loopback && server.is_internal(),
            // Behind NAT, the server's own address is private and its announced one is not.
            Class::Public => !server.is_internal() || ctx.vantage() == VantagePoint::Client,
            _ => false,
        };
        if !wrong {
            continue;
        }
        findings.add(super::wrong_address(
            &RULE,
            ctx,
            channel,
            format!(
                "The passive reply sends the client to {advertised}, which is not the server's address \
                 {}.",
                s.server.ip
            ),
            format!(
                "{}: the control connection goes to {}, the data connection was to go to another \
                 host, and never came about.",
                wording::vantage(ctx),
                s.server
            ),
        ));
    }
}
