//! An RST ended the data connection.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-reset",
    title: "an RST is the first sign of the data connection's end",
    stage: Stage::DataTransfer,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: &["transfer-refused", "idle-closed"],
    proof: "An RST on an established data connection before any FIN of either side.",
    look_alikes: "an RST after that side's own FIN (late data after an abort); transfer-aborted; vsftpd's reset after 550.",
    change: "The side or the device that sent it: its TTL says which.",
    shown_by: ("data-reset-server", "user-abort"),
    check: Check::when(&[Sign::Reset], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    for channel in &s.channels {
        let Some(c) = channel.connection.as_deref().filter(|c| c.worked()) else { continue };
        let Some((by_initiator, reset)) = c.reset() else { continue };
        let fins = [c.from_initiator.fin, c.from_responder.fin];
        if fins.into_iter().flatten().any(|f| f < reset.at) || ctx.confirmed(channel) {
            continue;
        }
        let command = ctx.command_of(channel);
        // The server's no came first: what is thrown away then is not the cause.
        if command.and_then(|e| e.final_reply).is_some_and(|r| r.1 < reset.at) || command.is_none()
        {
            continue;
        }
        // After a long zero window or a long silence the reset is somebody giving up.
        let from = if by_initiator { c.initiator } else { c.responder };
        let silent =
            c.last_byte().is_some_and(|l| reset.at.time.since(l.time) > Duration::from_secs(10));
        if silent || c.to(from).unanswered.is_some_and(|u| u.times > 2) {
            continue;
        }
        let who = if from.ip == s.client.ip { "client" } else { "server" };
        let (confidence, ttl) = match ctx.host_ttl(from.ip) {
            Some(usual) if usual == reset.ttl => (
                Confidence::Certain,
                format!("its TTL {usual} is that of the {who}'s other packets"),
            ),
            Some(usual) if ctx.as_far_as_host(from.ip, reset.ttl) == Some(true) => (
                Confidence::Likely,
                format!(
                    "its TTL is {}, the {who}'s other packets have {usual}: as many routers away, \
                     so most likely the {who} itself sent it",
                    reset.ttl
                ),
            ),
            Some(usual) => (
                Confidence::Likely,
                format!(
                    "its TTL is {}, while the {who}'s other packets have {usual}: a device on the way sent \
                     it in the {who}'s name",
                    reset.ttl
                ),
            ),
            None => (Confidence::Likely, format!("its TTL is {}", reset.ttl)),
        };
        findings.add(
            Diagnosis::new(RULE.code, ctx.severity_after(reset.at, channel), RULE.stage)
                .channel(channel.id)
                .confidence(confidence)
                .summary(format!(
                    "The data connection {} → {} was reset in the {who}'s name after {} bytes.",
                    c.initiator,
                    c.responder,
                    c.bytes()
                ))
                .reasoning(format!("{}: no FIN came before the RST, and {ttl}.", wording::vantage(ctx)))
                .announced(channel)
                .evidence_if(c.last_byte(), "the last payload")
                .evidence(reset.at, format!("RST from {from}, TTL {}", reset.ttl))
                .answered(ctx, channel)
                .advice(
                    if who == "client" { Audience::Client } else { Audience::Server },
                    format!("See why the {who} gave up: its log at this time, a crash, a limit, a full disk."),
                )
                .advice(
                    Audience::Firewall,
                    "If the TTL isn't the host's: see which device inspects or limits these connections.",
                ),
        );
    }
}
