//! A transfer without PORT or PASV before it.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "no-data-announcement",
    title: "the client asked for a transfer without PORT or PASV before it",
    stage: Stage::Announcement,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "425 or 503 at once to a transfer command, and no accepted announcement before it.",
    look_alikes: "transfer-refused for another reason; capture-midstream (the announcement came before the capture).",
    change: "The client: PASV or PORT comes first.",
    shown_by: ("no-data-announcement", "transfer-refused-425"),
    check: Check::when(&[Sign::Refusal], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if q.midstream || q.control_loss || q.one_direction || s.control_gaps > 0 {
        return;
    }
    for t in &s.transfers {
        let Some(e) = s.script.exchanges.get(t.exchange) else { continue };
        let Some((code, at)) = e.final_reply.filter(|r| matches!(r.0, 425 | 503)) else { continue };
        let announced = s.channels.iter().any(|c| c.began().is_some_and(|b| b < e.at))
            || s.script.exchanges.iter().any(|x| x.verb.announces() && x.at < e.at);
        if announced || at.time.since(e.at.time) > Duration::from_secs(2) {
            continue;
        }
        findings.add(
            Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
                .summary(format!("{} came without PASV or PORT before it.", e.verb))
                .reasoning(
                    "The server has nowhere to send the data, and said so at once; the network is not at \
                     fault.",
                )
                .evidence(e.at, e.verb.to_string())
                .evidence(at, format!("answered with {code}"))
                .advice(Audience::Client, "Send PASV, EPSV, PORT or EPRT before each transfer."),
        );
    }
}
