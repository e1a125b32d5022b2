//! The data connection's TLS doesn't resume the control connection's, and the server wants that.

use super::prelude::*;
use crate::diagnose::tls as texts;
use crate::session::{Tls, TlsRecord};

pub(super) static RULE: Rule = Rule {
    code: "tls-session-not-reused",
    title: "the data connection didn't resume the control connection's TLS session, and the server ended it",
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
    ],
    proof: "The data connection's handshake was completed and resumed nothing (TLS 1.2: session ID or ticket; TLS 1.3: pre_shared_key), then the server sent its tickets and a record as long as a close_notify, no data, and a refusal on control.",
    look_alikes: "tls-handshake-failed (the handshake never ended); an empty file or listing of a server that doesn't ask for it; vsftpd's text alone, which it prints for any TLS failure.",
    change: "The client must resume; or require_ssl_reuse=NO, NoSessionReuseRequired.",
    shown_by: ("tls-session-not-reused", "tls-new-session-fine"),
    check: Check::when(&[Sign::Tls], check),
};

/// A data connection that the server ended for it.
struct Rejected<'a> {
    /// The record that ended it.
    close: TlsRecord,
    /// What the server said on control then.
    reply: TlsRecord,
    /// Why that is a refusal.
    because: &'a str,
}

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let Some(control) = s.tls.as_deref().filter(|_| !ctx.quality.one_direction) else { return };
    let rejected: Vec<(&Channel, &Tls, Rejected<'_>)> = s
        .channels
        .iter()
        .filter_map(|c| Some((c, c.tls.as_deref()?)))
        .filter_map(|(c, tls)| Some((c, tls, rejected(ctx, control, c, tls)?)))
        .collect();
    for (channel, tls, no) in &rejected {
        let worked_later = s.channels.iter().any(|c| {
            let later = c.connection.as_deref().is_some_and(|d| d.first > no.close.at);
            let ended =
                c.connection.as_deref().is_some_and(|d| d.state() == ConnectionState::Closed);
            later && ended && !rejected.iter().any(|(r, ..)| r.id == c.id)
        });
        let severity = if worked_later { Severity::Warning } else { Severity::Critical };
        findings.add(diagnosis(ctx, channel, tls, no, severity));
    }
}

fn rejected(
    ctx: &Context<'_>,
    control: &Tls,
    channel: &Channel,
    tls: &Tls,
) -> Option<Rejected<'static>> {
    let c = channel.connection.as_deref()?;
    if tls.hole || control.hole || !tls.established() || tls.resumed() != Some(false) {
        return None;
    }
    let done = tls.client_finished()?;
    // After its part of the handshake the server sends tickets and ends it: no data.
    let after = tls.server_after_handshake();
    let (close, tickets) = after.split_last().filter(|(last, _)| last.alert_sized())?;
    let usual: Vec<u16> = control.server_after_handshake().iter().map(|r| r.length).collect();
    let data =
        |r: &&TlsRecord| r.content_type == 23 && (!usual.contains(&r.length) || r.length < 100);
    if tickets.iter().any(|r| data(&r)) || tickets.len() > 6 {
        return None;
    }
    // The server ends it, not the client.
    let (client, server) =
        (c.from(channel_client(ctx, channel)?), c.to(channel_client(ctx, channel)?));
    let before = |at: Option<Moment>| at.is_some_and(|at| at < close.at);
    if before(client.fin) || before(client.rst.map(|r| r.at)) || before(tls.client.farewell) {
        return None;
    }
    let uploaded = tls.client.protected.iter().filter(|r| r.at > done).any(|r| !r.alert_sized());
    // Then it says so on control, unasked.
    let reply = *control.server.said_after(close.at)?;
    if control.client.said_after(close.at).is_some_and(|r| r.at < reply.at) {
        return None;
    }
    let s = ctx.session;
    let fin = s.from_server().fin.filter(|f| ctx.control_closed() == Some(*f));
    let nothing_else = control.server.said_since(close.at).count() == 1;
    let because = if texts::refusal(ctx, control, reply.length).is_some() {
        "that record is as long as its refusal"
    } else if fin.is_some() && nothing_else {
        "after that record the server closed the control connection"
    } else if uploaded && server.fin.is_some() {
        "the client was still sending"
    } else {
        return None;
    };
    Some(Rejected { close: *close, reply, because })
}

/// The client's end of the channel's connection.
fn channel_client(ctx: &Context<'_>, channel: &Channel) -> Option<crate::decode::Endpoint> {
    let c = channel.connection.as_deref()?;
    let ends = [c.initiator, c.responder];
    ends.into_iter().find(|e| e.ip == ctx.session.client.ip)
}

fn diagnosis(
    ctx: &Context<'_>,
    channel: &Channel,
    tls: &Tls,
    no: &Rejected<'_>,
    severity: Severity,
) -> Diagnosis {
    let s = ctx.session;
    let offered = tls.offered_resumption() == Some(true);
    let how = match (tls.is_1_3(), offered) {
        (true, false) => {
            "Its ClientHello offers no pre_shared_key, which is the only way to resume in TLS 1.3"
        }
        (false, false) => "Its ClientHello offers neither a session ID nor a ticket",
        (_, true) => {
            "Its ClientHello offers a session, but not one that the server still knows: the ServerHello \
             begins a new one"
        }
    };
    let to = channel.listening().map_or("the server".to_owned(), |e| e.to_string());
    let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .channel(channel.id)
        .confidence(if no.because.starts_with("that record") { Confidence::Certain } else { Confidence::Likely })
        .summary(format!(
            "The TLS handshake on the data connection to {to} began a new session instead of resuming the \
             control connection's, and the server ended it without a byte of data."
        ))
        .reasoning(format!(
            "{}: the handshake was completed, so it is no matter of versions, ciphers or certificates. \
             {how}. Right after it the server sent a record as long as a close_notify, then one of {} bytes \
             on control; {}.",
            wording::vantage(ctx),
            no.reply.length,
            no.because
        ))
        .evidence_if(
            tls.client_hello.as_ref().map(|h| h.1),
            if offered { "ClientHello that offers a session" } else { "ClientHello that offers no session" },
        )
        .evidence_if(tls.server_hello.as_ref().map(|h| h.1), "ServerHello of a new session")
        .evidence(no.close.at, format!("the server ends it: a record of {} bytes", no.close.length))
        .evidence(no.reply.at, "what the server says about it on control")
        .evidence_if(s.from_server().fin.filter(|f| *f > no.close.at), "the server's FIN on control");
    d = if offered {
        d.advice(
            Audience::Server,
            "Let the server remember sessions for longer than clients stay (proftpd's cache: TLSSessionCache, \
             1800 s or less), and share them between its processes.",
        )
    } else {
        d.advice_with(
            Audience::Client,
            "Let the client resume the control connection's TLS session on data connections (it proves that \
             both have the same client). curl, lftp, FileZilla and WinSCP do; Python's ftplib must be told.",
            "class FTPS(ftplib.FTP_TLS):\n    def ntransfercmd(self, cmd, rest=None):\n        conn, size = \
             ftplib.FTP.ntransfercmd(self, cmd, rest)\n        return self.context.wrap_socket(conn, \
             server_hostname=self.host, session=self.sock.session), size",
        )
    };
    d.advise_server(ctx, "Or let the server do without it: then another host could take a data connection that it guesses.", advice::server::NO_SESSION_REUSE)
}
