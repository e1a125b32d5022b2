//! The server refused PORT or EPRT.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "port-refused",
    title: "the server refused PORT or EPRT",
    stage: Stage::Announcement,
    severities: &[Severity::Critical, Severity::Info],
    means: Means::Failed,
    explains: &["announcement-unused", "no-data-announcement", "transfer-refused"],
    proof: "4xx or 5xx to PORT or EPRT itself.",
    look_alikes: "a SYN from the server to that endpoint was seen (pyftpdlib dials at PORT): then that is the cause; bounce-attempt; port-private-address.",
    change: "Passive mode. Let the server accept foreign addresses only knowingly (AllowForeignAddress, port_promiscuous).",
    shown_by: ("port-private-address-refused-client", "active-vsftpd-ftplib"),
    check: Check::when(&[Sign::Active], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for channel in s.channels.iter().filter(|c| c.mode == Mode::Active && c.connection.is_none()) {
        let Some(a) = &channel.announcement else { continue };
        let Some((code, at)) = ctx.reply_to_announcement(channel).filter(|r| r.0 >= 400) else {
            continue;
        };
        // 530: not logged in. 421: the server is leaving. Neither is about active mode.
        if matches!(code, 421 | 530) {
            continue;
        }
        let text = ctx.reply_text_to_announcement(channel);
        let overcome = ctx.worked_later(a.at);
        let severity = if overcome { Severity::Info } else { Severity::Critical };
        let foreign = a.advertised.filter(|e| e.ip != s.client.ip);
        let why = match foreign {
            _ if ctx.failed_at_port(channel).is_some() => {
                "The server took the address and dialled it at \
                 once, in vain; its dial isn't in this capture."
                    .to_owned()
            }
            Some(e) if channel.partner.is_some() => format!(
                "It names {e}, where another server listens for this client: a transfer between two \
                 servers (FXP), which servers allow only when told to (RFC 2577)."
            ),
            Some(e) => format!(
                "It names {}, while the client's packets come from {}: servers refuse to connect to \
                 a third host (RFC 2577).",
                e.ip, s.client.ip
            ),
            None => {
                "The address is the client's own, so active mode itself is refused: switched off, \
                     or a port the server won't dial."
                    .to_owned()
            }
        };
        findings.add(
            Diagnosis::new(RULE.code, severity, RULE.stage)
                .channel(channel.id)
                .summary(format!("The server refused {}: {text}", a.kind.name()))
                .reasoning(format!("{}. {why}", wording::vantage(ctx)))
                .announced(channel)
                .evidence(at, format!("{} is answered with {code}", a.kind.name()))
                .advise([advised(ctx, channel)]),
        );
    }
}

fn advised(ctx: &Context<'_>, channel: &Channel) -> crate::diagnose::Advice {
    if channel.partner.is_none() {
        return advice::use_passive_mode();
    }
    crate::diagnose::Advice {
        audience: Audience::Server,
        text: "Copy the file by way of the client (lftp: set ftp:use-fxp off). Let the server connect \
               to third hosts only knowingly: it then does so for everybody who may log in."
            .to_owned(),
        example: advice::settings(ctx, advice::server::OTHER_ADDRESSES),
    }
}
