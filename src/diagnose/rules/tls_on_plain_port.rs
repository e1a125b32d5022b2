//! The client begins with TLS, the server with a greeting.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "tls-on-plain-port",
    title: "the client began with TLS at a port that greets in clear",
    stage: Stage::Tls,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &[
        "control-probe",
        "control-closed",
        "control-reset",
        "command-unanswered",
        "login-needs-tls",
        "login-refused",
        "idle-closed",
        "banner-missing",
        "not-ftp",
    ],
    proof: "The client's first bytes are a ClientHello, and the server answers in clear (220).",
    look_alikes: "AUTH TLS that was agreed; tls-handshake-failed (both sides speak TLS).",
    change: "The client: explicit FTPS, or port 990.",
    shown_by: ("tls-on-plain-port", "ftps-explicit-vsftpd-curl"),
    check: Check::when(&[Sign::Tls], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if s.hidden() || s.commands > 0 || ctx.quality.midstream || ctx.quality.one_direction {
        return;
    }
    let Some(tls) = s.tls.as_deref().filter(|t| t.server_hello.is_none()) else { return };
    let Some((_, hello)) = tls.client_hello.as_ref() else { return };
    // Whatever a server takes the hello for, it answers line by line.
    let answer = s.script.messages.iter().find(|m| matches!(m.kind, MessageKind::Reply(..)));
    let Some(answer) = answer else { return };
    let text = s.script.text(answer).unwrap_or_default();
    let (ip, port) = (s.server.ip, s.server.port);
    findings.add(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .summary(format!(
                "The client began a TLS handshake at {ip} port {port}, and the server there speaks in \
                 clear: {text}"
            ))
            .reasoning(format!(
                "{}: the client's first bytes are a ClientHello, so it takes this for implicit FTPS. The \
                 server greets in clear, as FTP does, where TLS begins after AUTH. To it the hello is a line \
                 that it doesn't understand; to the client the greeting is no TLS (\"wrong version number\").",
                wording::vantage(ctx)
            ))
            .evidence(*hello, "the client's ClientHello")
            .evidence(answer.at, format!("the server says in clear: {text}"))
            .advice_with(
                Audience::Client,
                format!("Use explicit FTPS at port {port} (AUTH TLS; in FileZilla \"Require explicit FTP over TLS\")."),
                format!("curl --ssl-reqd ftp://{ip}:{port}/   lftp: set ftp:ssl-force true, open ftp://{ip}:{port}"),
            )
            .advice_with(
                Audience::Client,
                "Or implicit FTPS at the port that serves it, usually 990.",
                format!("curl ftps://{ip}:990/"),
            ),
    );
}
