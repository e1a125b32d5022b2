//! The server hung up in the middle of a command.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "control-closed",
    title: "the server closed the control connection while a command had no final reply",
    stage: Stage::Command,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &["command-unanswered", "data-reset", "data-silent"],
    proof: "The server's FIN on control while a command has no final reply, and no 421 came before.",
    look_alikes: "QUIT; idle-closed; the client's FIN came first; control-reset.",
    change: "The server's log: a crash, a kill, a restart.",
    shown_by: ("control-closed", "idle-closed"),
    check: Check::when(&[Sign::Open], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if s.control_gaps > 0 || q.one_direction || q.control_loss || q.cut || s.hidden_to_the_end() {
        return;
    }
    let Some(fin) = s.from_server().fin.filter(|f| Some(*f) == ctx.control_closed()) else {
        return;
    };
    let open = s.script.exchanges.iter().rev().find(|e| e.final_reply.is_none() && e.at < fin);
    let Some(e) = open.filter(|e| !matches!(e.verb, Verb::QUIT | Verb::ABOR)) else { return };
    let announced_end =
        s.script.messages.iter().any(|m| matches!(m.kind, MessageKind::Reply(421 | 221, _)));
    if announced_end {
        return;
    }
    let channel = s
        .channels
        .iter()
        .find(|c| c.command.and_then(|i| s.script.exchanges.get(i)).is_some_and(|x| x.at == e.at));
    let said = format!("{} {}", e.verb, ctx.argument(e));
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .summary(format!(
            "The server closed the control connection {} after {}, without a final reply.",
            wording::duration(fin.time.since(e.at.time)),
            said.trim_end()
        ))
        .reasoning(format!(
            "{}: the server's FIN came first, and no 421 announced it. A process that ends in order says \
             221 or 421; one that crashes or is killed leaves the closing to its kernel, which looks like \
             this.",
            wording::vantage(ctx)
        ))
        .evidence(e.at, said.trim_end().to_owned())
        .evidence(fin, "the server's FIN on the control connection")
        .advice_with(
            Audience::Server,
            "See the server's log and the kernel's at this time: a crash, a kill, a restart, a limit.",
            "journalctl --since '5 min ago' | grep -iE 'ftp|segfault|oom'",
        );
    if let Some(c) = channel {
        d = d.channel(c.id);
    }
    findings.add(d);
}
