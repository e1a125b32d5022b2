//! The server closed an idle session.

use super::prelude::*;

/// A 421 sooner has another reason.
const SILENCE: Duration = Duration::from_secs(5);

pub(super) static RULE: Rule = Rule {
    code: "idle-closed",
    title: "the server closed the session after a silence",
    stage: Stage::Command,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "421 after a silence on both channels.",
    look_alikes: "too-many-connections; a 421 to a data timeout, which belongs to data-zero-window or data-silent.",
    change: "Keep-alive (NOOP) on the client, or the server's timer.",
    shown_by: ("idle-closed", "too-many-connections"),
    check: Check::when(&[Sign::Refusal], check),
};

/// Whose timer a silence of this many seconds is.
fn timer(silence: Duration) -> &'static str {
    match silence.as_secs() {
        298..=303 => "300 s is vsftpd's idle_session_timeout or proftpd's TimeoutNoTransfer",
        597..=604 => "600 s is proftpd's TimeoutIdle",
        895..=905 => "15 min is pure-ftpd's idle time",
        118..=122 => "120 s is the timer of IIS and of older servers",
        _ => "the server's idle timer is set to about that",
    }
}

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let messages = &s.script.messages;
    let found = messages
        .iter()
        .enumerate()
        .rev()
        .find(|(_, m)| matches!(m.kind, MessageKind::Reply(421, _)));
    let Some((index, message)) = found else { return };
    let before = messages.get(..index).and_then(<[_]>::last).map(|m| m.at);
    let data =
        s.channels.iter().filter_map(|c| c.connection.as_deref()).filter(|c| c.first < message.at);
    // A transfer that runs or hangs is not idleness.
    let running = data.clone().any(|c| !c.ended() || c.last > message.at);
    let last = data.map(|c| c.last).chain(before).filter(|m| *m < message.at).max();
    let Some(last) = last.filter(|_| !running) else { return };
    let silence = message.at.time.since(last.time);
    let outstanding = s
        .script
        .exchanges
        .iter()
        .any(|e| e.verb.is_transfer() && e.final_reply.is_none_or(|r| r.1 >= message.at));
    if silence < SILENCE || outstanding {
        return;
    }
    findings.add(
        Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
            .summary(format!("The server closed the session after {} of silence.", wording::duration(silence)))
            .reasoning(format!(
                "Nothing was said on either channel before the 421, and nothing was being asked for: {}.",
                timer(silence)
            ))
            .evidence(last, "the last packet before the silence")
            .evidence(message.at, s.script.text(message).unwrap_or("421").to_owned())
            .advice(Audience::Client, "Send NOOP while idle, or connect again when there is work.")
            .advise_server(
                ctx,
                "Or let sessions idle for longer.",
                advice::server::LONGER_IDLE,
            ),
    );
}
