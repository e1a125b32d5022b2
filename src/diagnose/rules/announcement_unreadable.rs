//! An announcement without an endpoint that can be read.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "announcement-unreadable",
    title: "an announcement holds no endpoint that can be read",
    stage: Stage::Announcement,
    severities: &[Severity::Critical, Severity::Info],
    means: Means::Failed,
    explains: &["announcement-unused", "transfer-refused", "port-refused"],
    proof: "227, 228, 229, PORT, EPRT or LPRT whose text can't be parsed in any form that is in use.",
    look_alikes: "unusual forms, which are read; lines cut by the snap length (capture-snaplen).",
    change: "The server, the client, or a device that rewrites the line.",
    shown_by: ("announcement-unreadable", "passive-unavailable"),
    check: Check::when(&[Sign::Unreadable], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if ctx.quality.cut || ctx.quality.one_direction || s.control_gaps > 0 {
        return;
    }
    for channel in &s.channels {
        let Some(a) = channel.announcement.as_ref().filter(|a| a.advertised.is_none()) else {
            continue;
        };
        let overcome = ctx.worked_later(a.at) || channel.connection.is_some();
        let severity = if overcome { Severity::Info } else { Severity::Critical };
        let (who, audience) = match channel.mode {
            Mode::Active => ("client", Audience::Client),
            _ => ("server", Audience::Server),
        };
        findings.add(
            Diagnosis::new(RULE.code, severity, RULE.stage)
                .channel(channel.id)
                .summary(format!("The {who}'s announcement can't be read: {:?}", a.text))
                .reasoning(format!(
                    "{}: the line is complete, and no six numbers of 0 to 255 (PORT, 227), no \
                     |protocol|address|port| (EPRT, 229) are in it.",
                    wording::vantage(ctx)
                ))
                .evidence(a.at, a.text.clone())
                .advice(audience, format!("Look at what the {who} sends, and upgrade it."))
                .advice(
                    Audience::Firewall,
                    format!("If the {who} sends something else: a device on the way rewrites it, and gets it wrong."),
                ),
        );
    }
}
