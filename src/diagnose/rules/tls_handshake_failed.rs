//! An alert or a close in the middle of a TLS handshake.

use super::prelude::*;
use crate::diagnose::tls::{self as texts, End, end_of, late_alert};
use crate::session::{Tls, TlsAlert, alert_name, version_name};

pub(super) static RULE: Rule = Rule {
    code: "tls-handshake-failed",
    title: "the TLS handshake broke off",
    stage: Stage::Tls,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: &[
        "data-reset",
        "data-silent",
        "transfer-aborted",
        "transfer-refused",
        "reply-missing",
        "control-closed",
        "control-reset",
        "idle-closed",
        "command-unanswered",
    ],
    proof: "An alert, or a close after the ClientHello, inside the handshake of the control or a data connection.",
    look_alikes: "tls-session-not-reused (the handshake was completed); tls-on-plain-port (no server ever spoke TLS); a data connection closed before the server spoke (550 to its command).",
    change: "Versions, ciphers, certificate: as the alert says.",
    shown_by: ("tls-handshake-failed", "tls-session-not-reused"),
    check: Check::when(&[Sign::Tls], check),
};

/// A side that closes after this long has given up.
const GIVEN_UP: Duration = Duration::from_secs(5);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    if ctx.quality.one_direction {
        return;
    }
    if let Some(tls) = s.tls.as_deref().filter(|_| agreed(ctx)) {
        let broke_off = || end_of(&s.control, s.client.ip, tls, true).filter(|_| tls.broke_off());
        if let Some(end) = broke_off().or_else(|| late_alert(ctx, tls)) {
            findings.add(diagnosis(ctx, None, tls, &end, Severity::Critical));
        }
    }
    for channel in &s.channels {
        let (Some(tls), Some(c)) = (channel.tls.as_deref(), &channel.connection) else { continue };
        let Some(end) = Some(tls).filter(|t| t.broke_off()) else { continue };
        let Some(end) = end_of(c, s.client.ip, end, false) else { continue };
        let worked_later = s.channels.iter().any(|other| {
            let later = other.connection.as_deref().is_some_and(|d| d.first > c.first);
            later && other.tls.as_ref().is_some_and(|t| t.established())
        });
        let severity = if worked_later { Severity::Warning } else { Severity::Critical };
        findings.add(diagnosis(ctx, Some(channel), tls, &end, severity));
    }
}

/// Both sides meant to speak TLS here: the server agreed to AUTH, answered in TLS, or serves it from
/// the first byte.
fn agreed(ctx: &Context<'_>) -> bool {
    let s = ctx.session;
    s.hidden() || s.server.port == 990 && s.replies == 0
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: Option<&Channel>,
    tls: &Tls,
    end: &End,
    severity: Severity,
) -> Diagnosis {
    let s = ctx.session;
    let side = |client: bool| if client { "client" } else { "server" };
    let place = match channel.and_then(Channel::listening) {
        Some(e) => format!("the data connection to {e}"),
        None => format!("the control connection with {}", s.server),
    };
    let hello = tls.client_hello.as_ref();
    let offered = hello.map(|h| version_name(h.0.version)).unwrap_or_default();
    let (what, why, at, confidence) = match end {
        End::Alert(a) => {
            let (who, name) = (side(a.from_client), alert_name(a.description));
            let what = format!("the {who} broke it off with the alert {name} ({})", a.description);
            let why = format!(
                "an alert in clear is the {who}'s own word: {}",
                texts::meaning(a, &offered, tls.client_finished().is_some())
            );
            (what, why, a.at, Confidence::Certain)
        }
        End::Hidden { from_client, at } => {
            let who = side(*from_client);
            let what = format!("the {who} broke it off with an encrypted alert");
            let instead = if *from_client { "its Finished" } else { "anything else" };
            let whose = if *from_client { "server's" } else { "client's" };
            let why = format!(
                "instead of {instead} the {who} sent a record that is as long as an alert. What it says can't \
                 be read; at this point it is mostly the {whose} certificate, missing or not accepted"
            );
            (what, why, *at, Confidence::Likely)
        }
        End::Closed { from_client, reset, at } => {
            let who = side(*from_client);
            let how = if *reset { "an RST in its name" } else { "its FIN" };
            let what = format!("the {who} ended it with {how} and no alert");
            let why = format!(
                "after the ClientHello {} nobody said why. A {who} that crashes or knows no better does that, \
                 and so does a device on the way that doesn't let this TLS pass{}",
                if tls.server_hello.is_some() {
                    "and the ServerHello"
                } else {
                    "no ServerHello came, and"
                },
                if *reset { "; the RST's TTL tells whose it is" } else { "" }
            );
            (what, why, *at, Confidence::Likely)
        }
    };
    let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .confidence(confidence)
        .summary(format!("The TLS handshake on {place} never came to its end: {what}."))
        .reasoning(format!("{}: {why}.", wording::vantage(ctx)))
        .evidence_if(hello.map(|h| h.1), &format!("ClientHello, offers up to {offered}"))
        .evidence_if(
            tls.server_hello.as_ref().map(|h| h.1),
            &format!(
                "ServerHello, chooses {}",
                tls.server_hello.as_ref().map(|h| version_name(h.0.version)).unwrap_or_default()
            ),
        )
        .evidence(at, what);
    // Some servers go on in clear.
    let said = s.script.messages.iter().filter(|m| m.at > at && channel.is_none());
    let said = said.clone().find(|m| matches!(m.kind, MessageKind::Reply(..)));
    if let Some((m, text)) = said.and_then(|m| Some((m, s.script.text(m)?))) {
        d = d.evidence(m.at, format!("the server says in clear: {text}"));
    }
    if let Some(channel) = channel {
        d = d.channel(channel.id);
    }
    // Nobody answered the ClientHello for long: then the close is only how somebody gave up.
    if let (End::Closed { at, .. }, Some((_, hello))) = (end, hello)
        && at.time.since(hello.time) >= GIVEN_UP
    {
        d = d.means(Means::Stalled);
    }
    advise(ctx, d, end, &offered, tls.client_finished().is_some())
}

fn advise(ctx: &Context<'_>, d: Diagnosis, end: &End, offered: &str, finished: bool) -> Diagnosis {
    let s = ctx.session;
    let (ip, port) = (s.server.ip, s.server.port);
    let starttls = if port == 990 { "" } else { " -starttls ftp" };
    let look = format!("openssl s_client{starttls} -connect {ip}:{port}");
    match end {
        End::Alert(TlsAlert { description: 42..=46 | 48, from_client: true, .. })
        | End::Hidden { from_client: true, .. } => d
            .advice_with(
                Audience::Server,
                "Give the server a certificate that its clients trust and that isn't expired, with the whole \
                 chain in the file.",
                format!("{look} -showcerts"),
            )
            .advice_with(
                Audience::Client,
                "Or let the client trust the authority that signed it.",
                format!("curl --ssl-reqd --cacert ca.pem ftp://{ip}/   lftp: set ssl:ca-file ca.pem"),
            ),
        End::Alert(TlsAlert { description: 42..=46 | 48 | 116, from_client: false, .. })
        | End::Hidden { from_client: false, .. } => d.advice_with(
            Audience::Client,
            "Give the client a certificate that the server accepts.",
            format!("curl --ssl-reqd --cert client.pem ftp://{ip}/"),
        ),
        End::Alert(TlsAlert { description: 40, from_client: false, .. }) if finished => d.advice_with(
            Audience::Client,
            "Give the client a certificate that the server accepts.",
            format!("curl --ssl-reqd --cert client.pem ftp://{ip}/"),
        ),
        End::Alert(TlsAlert { description: 40 | 70 | 71, .. }) => d
            .advise_server(
                ctx,
                format!("Let server and client have a TLS version and ciphers in common; the client offers up to {offered}."),
                advice::server::TLS_VERSIONS,
            )
            .advice_with(Audience::Client, "See which versions the server accepts.", format!("{look} -tls1_2")),
        End::Closed { .. } => d
            .advice(
                Audience::Firewall,
                "See whether a device on the way inspects TLS and doesn't let this handshake pass.",
            )
            .advice_with(Audience::Server, "See the server's log at this time.", look)
            .advise([advice::capture_elsewhere(ctx)]),
        _ => d.advice_with(Audience::Server, "See the log of both sides at this time.", look),
    }
}
