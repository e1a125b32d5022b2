//! One side wants the data channel under TLS, the other in clear (RFC 4217, section 9).

use super::prelude::*;
use crate::diagnose::tls as texts;
use crate::session::TlsRecord;

pub(super) static RULE: Rule = Rule {
    code: "tls-protection-mismatch",
    title: "one side wants TLS on the data connection, the other doesn't",
    stage: Stage::Tls,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Failed,
    explains: &[
        "data-reset",
        "data-silent",
        "data-never-attempted",
        "transfer-aborted",
        "transfer-refused",
        "reply-missing",
        "announcement-unused",
        "tls-handshake-failed",
        "control-reset",
    ],
    proof: "PROT refused, or a transfer refused because its data connection isn't protected; or one side's ClientHello meets clear data; or the client sends nothing for 3 s and closes, and the server answers with a TLS alert.",
    look_alikes: "tls-handshake-failed (both speak TLS); a transfer in clear that both agreed on (PROT C).",
    change: "PBSZ 0, PROT P.",
    shown_by: ("tls-protection-mismatch", "tls-data-in-clear"),
    check: Check::when(&[Sign::Refusal, Sign::Tls], check),
};

/// What servers say when it is missing: software, the client's command, the refusal.
const REFUSALS: &[(&str, Option<&str>, &str)] = &[
    ("vsftpd", None, "522 Data connections must be encrypted.\r\n"),
    ("proftpd", Some("PROT C\r\n"), "534 Unwilling to accept security parameters\r\n"),
    ("proftpd", None, "522 SSL/TLS required on the data channel\r\n"),
];

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    if ctx.quality.one_direction {
        return;
    }
    let refused = read(ctx).or_else(|| by_length(ctx));
    let by_server = refused.is_some();
    let Some(d) = refused.or_else(|| mixed(ctx)).or_else(|| never_begun(ctx)) else { return };
    let ip = ctx.session.server.ip;
    let mut d = d.advice_with(
        Audience::Client,
        "Let the client protect the data channel: PBSZ 0, then PROT P, before the first transfer.",
        format!("curl --ssl-reqd ftp://{ip}/   lftp: set ftp:ssl-protect-data true   ftplib: ftp.prot_p()"),
    );
    if by_server {
        d = d.advise_server(ctx, "Or let the server do without TLS on data connections, if the files may be read on the way.", advice::server::CLEAR_DATA);
    }
    findings.add(d);
}

/// PROT, or a transfer for want of it, was refused in readable words.
fn read(ctx: &Context<'_>) -> Option<Diagnosis> {
    let exchanges = &ctx.session.script.exchanges;
    let e = exchanges.iter().find(|e| {
        if !matches!(e.final_code(), Some(504 | 521 | 522 | 534 | 536)) {
            return false;
        }
        let text = ctx.reply_text(e).to_ascii_lowercase();
        let protected = ["encrypt", "ssl", "tls", "prot "].iter().any(|w| text.contains(w));
        let about_data = text.contains("data") && (e.verb.is_transfer() || e.verb.announces());
        matches!(e.final_code(), Some(521 | 522)) && protected && about_data
            || e.verb == Verb::PROT && matches!(e.final_code(), Some(504 | 534 | 536))
    })?;
    let (code, at) = e.final_reply?;
    let said = format!("{} {}", e.verb, ctx.argument(e));
    Some(
        Diagnosis::new(RULE.code, ctx.severity_of_no(at), RULE.stage)
            .summary(format!("{} was refused: {}", said.trim_end(), ctx.reply_text(e)))
            .reasoning(format!(
                "{}: the server's own words are about the protection of data connections, not about the file.",
                wording::vantage(ctx)
            ))
            .evidence(e.at, said.trim_end().to_owned())
            .evidence(at, format!("answered with {code}")),
    )
}

/// On one data connection one side began with TLS, the other sent clear bytes.
fn mixed(ctx: &Context<'_>) -> Option<Diagnosis> {
    let s = ctx.session;
    let (channel, tls) = s.channels.iter().find_map(|c| {
        let tls = c.tls.as_deref().filter(|t| !t.hole)?;
        let (client, server) = (tls.client.first?, tls.server.first?);
        (client.1 != server.1 && tls.client_hello.is_some()).then_some((c, tls))
    })?;
    let (client, server) = (tls.client.first?, tls.server.first?);
    let (tls_side, clear_side) = if client.1 { ("client", "server") } else { ("server", "client") };
    let worked_later = s.channels.iter().any(|c| {
        let mixed = c
            .tls
            .as_ref()
            .is_some_and(|t| t.client.first.zip(t.server.first).is_some_and(|(a, b)| a.1 != b.1));
        c.began() > channel.began()
            && !mixed
            && c.connection.as_deref().is_some_and(|d| d.state() == ConnectionState::Closed)
    });
    let severity = if worked_later { Severity::Warning } else { Severity::Critical };
    let to = channel.listening().map_or("the data port".to_owned(), |e| e.to_string());
    Some(
        Diagnosis::new(RULE.code, severity, RULE.stage)
            .channel(channel.id)
            .summary(format!(
                "On the data connection to {to} the {tls_side} began with TLS, while the {clear_side} spoke in \
                 clear."
            ))
            .reasoning(format!(
                "{}: the first bytes of both sides are here, and only those of the {tls_side} are a TLS record. \
                 The two don't agree on PROT: the {clear_side} holds it for C (clear), the {tls_side} for P.",
                wording::vantage(ctx)
            ))
            .evidence(if client.1 { client.0 } else { server.0 }, format!("the {tls_side} begins with TLS"))
            .evidence(if client.1 { server.0 } else { client.0 }, format!("the {clear_side} sends clear bytes")),
    )
}

/// Nobody spoke; when the client gave up, the server broke off a TLS handshake that had never begun.
fn never_begun(ctx: &Context<'_>) -> Option<Diagnosis> {
    let (channel, dial, alert) = ctx.session.channels.iter().find_map(|c| {
        let tls = c.tls.as_deref().filter(|t| !t.hole && t.client.first.is_none())?;
        let alert = tls.alert.filter(|a| !a.from_client && tls.client_hello.is_none())?;
        let dial = c.connection.as_deref()?;
        let theirs =
            if c.mode == Mode::Active { &dial.from_responder } else { &dial.from_initiator };
        let left = theirs.fin.or(theirs.rst.map(|r| r.at))?;
        let waited = left.time.since(dial.established.unwrap_or(dial.first).time);
        (waited >= WAITED && left < alert.at && !theirs.acked_unseen()).then_some((c, dial, alert))
    })?;
    let opened = dial.established.unwrap_or(dial.first);
    let waited = alert.at.time.since(opened.time);
    let later = ctx.succeeded_after(alert.at).is_some();
    let severity = if later { Severity::Warning } else { Severity::Critical };
    Some(
        Diagnosis::new(RULE.code, severity, RULE.stage)
            .channel(channel.id)
            .means(Means::Stalled)
            .summary(format!(
                "On the data connection {} → {} the client never began with TLS, which the server waited for: \
                 nobody spoke for {}.",
                dial.initiator,
                dial.responder,
                wording::duration(waited)
            ))
            .reasoning(format!(
                "{}: the client sent nothing, not even a ClientHello, and closed it; the server answered that \
                 with a TLS alert, so it holds the channel for one under TLS (PROT P). The client waited for \
                 clear data (PROT C), or for the server to begin, which is the client's part whoever dials \
                 (RFC 4217). Not a server without data: it can't send any before the handshake.",
                wording::vantage(ctx)
            ))
            .evidence(opened, "the data connection is open")
            .evidence(alert.at, "the server's first bytes: a TLS alert"),
    )
}

/// Longer than any handshake takes to begin.
const WAITED: Duration = Duration::from_secs(3);

/// Hidden, but as long as the refusal of this very server, and nothing was transferred.
fn by_length(ctx: &Context<'_>) -> Option<Diagnosis> {
    let s = ctx.session;
    let control = s.tls.as_deref().filter(|t| !t.hole && t.established())?;
    if s.channels.iter().any(|c| c.connection.as_deref().is_some_and(|d| d.bytes() > 0)) {
        return None;
    }
    // The refusal of a transfer leaves a data connection without a byte; that of PROT, none at all.
    let unused = s.channels.iter().find(|c| ctx.worked(c));
    let opened = unused.and_then(|c| c.connection.as_deref()?.established);
    let transfer = opened.is_some();
    let software = texts::software(ctx);
    let mut known = REFUSALS.iter().filter(|r| software.contains(r.0) && r.1.is_none() == transfer);
    let (refusal, reply, asked) = known.find_map(|r| {
        let fits = |x: &&TlsRecord| texts::as_long_as(control, x.length, r.2);
        let mut answers = control.server.said_since(opened.unwrap_or(s.first));
        let reply = if transfer { answers.next().filter(fits) } else { answers.find(fits) }?;
        let asked = control.client.said_since(s.first).filter(|x| x.at < reply.at).last()?;
        // One answer, and no other before the client speaks again.
        let next = control.server.said_after(reply.at).map(|x| x.at);
        let again = control.client.said_after(reply.at).map(|x| x.at);
        let alone = next.is_none_or(|n| again.is_some_and(|a| a < n));
        let same = r.1.is_none_or(|c| texts::as_long_as(control, asked.length, c));
        (alone && same).then_some((r.2, reply, asked))
    })?;
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage).confidence(Confidence::Likely).summary(format!(
        "The server most likely refused a data connection in clear: its answer is as long as \"{}\".",
        refusal.trim_end()
    ));
    if let Some(channel) = unused {
        d = d.channel(channel.id);
    }
    let seen = if transfer {
        "a data connection was opened, and not a byte went over it, while the server's answer came at once"
    } else {
        "the client's command is as long as PROT C, and no data connection followed"
    };
    Some(
        d.reasoning(format!(
            "{}: the dialogue can't be read, but records show how long commands and replies are. This one has \
             the length of that refusal of this server's software, and {seen}.",
            wording::vantage(ctx)
        ))
        .evidence(asked.at, format!("a command in a record of {} bytes", asked.length))
        .evidence(reply.at, format!("its answer in a record of {} bytes", reply.length)),
    )
}
