//! A command that reached the server, and no reply.

use super::prelude::*;

/// Longer than servers need for anything but a transfer.
const LONG: Duration = Duration::from_secs(10);

pub(super) static RULE: Rule = Rule {
    code: "command-unanswered",
    title: "a command was acknowledged by TCP and never answered",
    stage: Stage::Command,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: &["idle-closed"],
    proof: "A command acknowledged by TCP with no reply of any kind for over 10 s.",
    look_alikes: "command-unacknowledged (TCP doesn't acknowledge it either); a transfer in progress; a data connection that can't be opened, which the server waits for in silence.",
    change: "The server hangs on it: disk, directory service, DNS; or it dials the client's data port, and its SYNs don't get here.",
    shown_by: ("command-unanswered", "active-blocked-pyftpdlib"),
    check: Check::when(&[Sign::Open], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if s.control_gaps > 0 || q.one_direction || q.control_loss || q.cut || s.hidden_to_the_end() {
        return;
    }
    let open = s.script.exchanges.iter().enumerate().find(|(_, e)| e.first_reply.is_none());
    let Some((index, e)) = open.filter(|(_, e)| !matches!(e.verb, Verb::QUIT | Verb::ABOR)) else {
        return;
    };
    let waited = ctx.waited_in_session(e.at);
    let acknowledged = s.from_client().acked.is_some_and(|a| a >= e.end_offset);
    if waited <= LONG || !acknowledged {
        return;
    }
    // While data flows the command is being obeyed.
    let channel =
        s.channels.iter().find(|c| c.command == Some(index) || c.announcing == Some(index));
    if channel.and_then(|c| c.connection.as_deref()).is_some_and(|c| c.last > e.at && c.bytes() > 0)
    {
        return;
    }
    let active = channel.is_some_and(|c| c.mode == Mode::Active)
        && (ctx.vantage() != VantagePoint::Server || !s.other_traffic);
    let maybe = if active {
        " In active mode the server may just as well be dialling the client's data port while its SYNs \
         are dropped before they get here: a capture on the server tells the two apart."
    } else {
        ""
    };
    let partner = channel.and_then(|c| c.partner).map(|p| p.server);
    let maybe = match partner {
        Some(other) => format!(
            " But its data connection is to be one with {other} (FXP), which need not come by here: as \
             likely the server waits for that one. The session with {other} tells more."
        ),
        None => maybe.to_owned(),
    };
    let said = format!("{} {}", e.verb, ctx.argument(e));
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .confidence(if active || partner.is_some() { Confidence::Possible } else { Confidence::Certain })
        .summary(format!("The server never answered {} within {}.", said.trim_end(), wording::duration(waited)))
        .reasoning(format!(
            "{}: the server's TCP acknowledged the command, so it arrived; the server's process said \
             nothing, not even a preliminary reply.{maybe}",
            wording::vantage(ctx)
        ))
        .evidence(e.at, said.trim_end().to_owned())
        .evidence_if(s.from_client().acked_at, "the server's TCP acknowledges it")
        .evidence_if(ctx.control_closed(), "the control connection is given up")
        .advice(
            Audience::Server,
            format!(
                "See what the process that serves {} waits for: a disk or network file system, LDAP or \
                 PAM, DNS.",
                s.client
            ),
        )
        .advise([advice::capture_elsewhere(ctx)]);
    if let Some(c) = channel {
        d = d.channel(c.id);
    }
    findings.add(d);
}
