//! The client was wiser than the passive reply.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "pasv-address-overridden",
    title: "the passive reply's address is unusable; this client dialled the server's instead",
    stage: Stage::Announcement,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "227 names an address that can't be routed, the client dialled the control peer's address with the announced port, and it worked.",
    look_alikes: "pasv-private-address (the client obeyed, and failed).",
    change: "Configure the external address anyway: other clients will fail.",
    shown_by: ("pasv-address-overridden", "pasv-private-address-client"),
    check: Check::when(&[Sign::OtherAddress], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for channel in &s.channels {
        let Some(a) = channel.announcement.as_ref().filter(|_| channel.mode == Mode::Passive)
        else {
            continue;
        };
        let (Some(advertised), Some(connection)) = (a.advertised, &channel.connection) else {
            continue;
        };
        let overridden = a.address_given
            && advertised.ip != s.server.ip
            && connection.responder.ip == s.server.ip
            && connection.worked();
        // Behind destination NAT every client arrives at the server's inner address, whatever was
        // announced.
        let inside = Class::of(s.server.ip).is_internal()
            && Class::of(advertised.ip).is_internal()
            && ctx.vantage() != VantagePoint::Client;
        let routable = Class::of(advertised.ip) == Class::Public || inside;
        if !overridden || routable {
            continue;
        }
        findings.add(
            Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
                .channel(channel.id)
                .summary(format!(
                    "The passive reply names {advertised}; the client dialled {} instead, and it worked.",
                    connection.responder
                ))
                .reasoning(
                    "Many clients ignore an address that can't be right (curl, lftp, FileZilla); \
                     others obey it and hang.",
                )
                .announced(channel)
                .dialled(connection)
                .advise([advice::external_address(ctx)]),
        );
    }
}
