//! The client waits for a greeting where the server waits for a ClientHello.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "plain-on-tls-port",
    title: "the client didn't begin with TLS at a port that wants it from the first byte",
    stage: Stage::Tls,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: &[
        "banner-missing",
        "banner-late",
        "control-probe",
        "control-closed",
        "control-reset",
        "command-unanswered",
        "login-needs-tls",
        "login-refused",
    ],
    proof: "Handshake on port 990, neither side speaks, the client leaves after 5 s or more; or clear text is answered by a TLS alert.",
    look_alikes: "banner-missing (a port that greets in clear); control-probe (the client left at once).",
    change: "The client: implicit FTPS, or port 21.",
    shown_by: ("plain-on-tls-port", "banner-missing"),
    check: Check::when(&[Sign::Unwelcome, Sign::Implicit], check),
};

/// The port for implicit FTPS.
const IMPLICIT: u16 = 990;
/// A client that waited this long and left has given up.
const GAVE_UP: Duration = Duration::from_secs(5);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    let hello = s.tls.as_ref().is_some_and(|t| t.client_hello.is_some());
    if s.opening != Opening::Complete || q.one_direction || q.control_loss || s.hidden() || hello {
        return;
    }
    let alert = s.tls.as_ref().and_then(|t| t.alert).filter(|a| !a.from_client);
    let Some(d) = refused(ctx, alert.map(|a| a.at)).or_else(|| silent(ctx, alert.map(|a| a.at)))
    else {
        return;
    };
    let ip = s.server.ip;
    findings.add(
        d.advice_with(
            Audience::Client,
            format!("Use implicit FTPS at port {}: TLS from the first byte.", s.server.port),
            format!(
                "curl ftps://{ip}:{}/   lftp: open ftps://{ip}:{}",
                s.server.port, s.server.port
            ),
        )
        .advice_with(
            Audience::Client,
            "Or FTP, or explicit FTPS, at the port that greets in clear, usually 21.",
            format!("curl --ssl-reqd ftp://{ip}:21/"),
        ),
    );
}

/// The client spoke in clear, and the server takes it for bad TLS.
fn refused(ctx: &Context<'_>, alert: Option<Moment>) -> Option<Diagnosis> {
    let s = ctx.session;
    let first = s.script.exchanges.first().filter(|_| s.banner().is_none())?;
    let answer = alert.filter(|at| *at > first.at).map(|at| (at, "a TLS alert".to_owned()));
    let said = s.script.messages.iter().find_map(|m| {
        let text = s.script.text(m)?;
        let tls = ["wrong version number", "unknown protocol", "http request"];
        let library = text.contains("SSL routines") && tls.iter().any(|t| text.contains(t));
        (!m.from_client() && library).then(|| (m.at, format!("\"{text}\"")))
    });
    let (at, answer) = answer.or(said)?;
    Some(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .means(Means::Failed)
            .summary(format!(
                "The client spoke FTP in clear ({}) to {}, which wants TLS from the first byte and answered \
                 with {answer}.",
                first.verb, s.server
            ))
            .reasoning(format!(
                "{}: no greeting came before the client spoke, and the server's answer shows that it read the \
                 client's line as a TLS record.",
                wording::vantage(ctx)
            ))
            .evidence(first.at, format!("{} in clear", first.verb))
            .evidence(at, "the server's answer"),
    )
}

/// Both sides waited for the other.
fn silent(ctx: &Context<'_>, alert: Option<Moment>) -> Option<Diagnosis> {
    let s = ctx.session;
    let opened = s.control.established.filter(|_| s.server.port == IMPLICIT)?;
    let left = ctx.control_closed()?;
    let spoke = s.control.first_byte().is_some_and(|b| b < left);
    let waited = left.time.since(opened.time);
    if spoke || waited < GAVE_UP {
        return None;
    }
    let gave_up = [s.from_client().fin, s.from_client().rst.map(|r| r.at)].contains(&Some(left));
    let who = if gave_up { "client" } else { "server" };
    let proven = alert.filter(|at| *at > left);
    Some(
        Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
            .confidence(if proven.is_some() { Confidence::Certain } else { Confidence::Likely })
            .summary(format!(
                "On {}, the port for implicit FTPS, neither side said a word for {}; then the {who} left.",
                s.server,
                wording::duration(waited)
            ))
            .reasoning(format!(
                "{}: at this port TLS begins at once, with the client's ClientHello. A client that waits for a \
                 greeting and a server that waits for the hello wait for each other. {}",
                wording::vantage(ctx),
                if proven.is_some() {
                    "The server's TLS alert, when the client had left, shows what it waited for."
                } else {
                    "A server that hangs, or greets in clear and is slow, would look like this too."
                }
            ))
            .evidence(opened, "the handshake is complete")
            .evidence(left, format!("the {who} gives up"))
            .evidence_if(proven, "the server's TLS alert"),
    )
}
