//! TLS hides the dialogue.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "control-hidden",
    title: "the control connection is encrypted: announcements can't be read",
    stage: Stage::Tls,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "TLS records after AUTH's 234, or from the first byte.",
    look_alikes: "a ClientHello to a server that answers in clear.",
    change: "A key log, or the server's log, tells what was said.",
    shown_by: ("ftps-explicit-vsftpd-curl", "passive-vsftpd-curl"),
    check: Check::when(&[Sign::Tls], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    // A handshake that broke off hides nothing.
    let broke_off = s.tls.as_ref().is_some_and(|t| t.broke_off());
    let Some(since) = s.tls_since.filter(|_| !broke_off) else { return };
    let inferred =
        s.channels.iter().filter(|c| matches!(c.association, Association::Inferred { .. })).count();
    let d = Diagnosis::new(RULE.code, Severity::Info, RULE.stage);
    let d = if let Some(until) = s.tls_until {
        d.summary("The control connection is encrypted for a while (CCC).")
            .reasoning(
                "Commands and replies in between can't be read, the login among them. With CCC the client \
                 asked for clear text again, which lets firewalls read the announcements that follow, and \
                 anybody else on the way.",
            )
            .evidence(since, "the first TLS record")
            .evidence(until, "clear text again")
    } else {
        d.summary("The control connection is encrypted from here on.")
            .reasoning(format!(
                "Commands, replies and announcements can't be read. {} of this session {} inferred from \
                 the two hosts and the time.",
                wording::count(inferred as u64, "data connection"),
                if inferred == 1 { "is" } else { "are" }
            ))
            .evidence(since, "the first TLS record")
    };
    findings.add(d.advice(
        Audience::Capture,
        "The server's log tells what was said; a key log of the client lets Wireshark decrypt it.",
    ));
}
