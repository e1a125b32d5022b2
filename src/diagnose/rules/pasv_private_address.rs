//! A 227 with an address that only works inside the server's own network.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "pasv-private-address",
    title: "the passive reply announces a private address, and the client can't reach it",
    stage: Stage::Announcement,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: super::AFTER_A_WRONG_ADDRESS,
    proof: "227 names a private, shared, link-local or loopback address while the control connection reached the server at another one, and the transfer failed.",
    look_alikes: "pasv-address-overridden (the client dialled the control peer instead, and it worked); private networks that are routed; at a server behind NAT a foreign address is right.",
    change: "vsftpd pasv_address, proftpd MasqueradeAddress, pure-ftpd -P, IIS external IP, FileZilla Server public IP.",
    shown_by: ("pasv-private-address-client", "pasv-address-overridden"),
    check: Check::when(&[Sign::OtherAddress], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for channel in ctx.unreached_passive() {
        let Some(a) = &channel.announcement else { continue };
        let Some(advertised) = a.advertised else { continue };
        let class = Class::of(advertised.ip);
        // Both private: perhaps routed, perhaps not; what became of the SYN says more.
        if !class.is_internal() || Class::of(s.server.ip).is_internal() {
            continue;
        }
        findings.add(super::wrong_address(
            &RULE,
            ctx,
            channel,
            format!(
                "The passive reply sends the client to {advertised}, {}, although it reached the \
                 server at {}.",
                class.name(),
                s.server.ip
            ),
            format!(
                "{}: the client's control connection goes to {}, so NAT stands in front of the server, \
                 and neither the server nor a helper has put the outer address into the reply.",
                wording::vantage(ctx),
                s.server
            ),
        ));
    }
}
