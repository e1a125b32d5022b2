//! An announcement that led to nothing, and to no harm.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "announcement-unused",
    title: "an announcement that no command or connection followed",
    stage: Stage::Announcement,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "An accepted announcement without a connection and without a transfer command, while the session went on.",
    look_alikes: "data-never-attempted (a side waited for it).",
    change: "Nothing; some clients ask for a port and change their mind.",
    shown_by: ("announcement-unused", "passive-range-dropped-server"),
    check: Check::when(&[Sign::Undialled], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let blind = ctx.quality.control_only || ctx.quality.loss || ctx.quality.one_direction;
    for channel in &ctx.session.channels {
        let Some(a) = channel.announcement.as_ref().filter(|_| !blind) else { continue };
        if a.accepted != Some(true) || channel.connection.is_some() || channel.command.is_some() {
            continue;
        }
        let waited_for = ctx.never_attempted().any(|c| c.id == channel.id);
        let young = ctx.waited(a.at) < Duration::from_secs(3);
        if waited_for || young && ctx.control_closed().is_none() {
            continue;
        }
        findings.add(
            Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
                .channel(channel.id)
                .summary(format!("Nothing used the port announced by {}.", a.kind.name()))
                .reasoning("Neither a connection nor a transfer command followed, and nobody waited for one.")
                .announced(channel),
        );
    }
}
