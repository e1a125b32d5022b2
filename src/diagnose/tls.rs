//! What alerts mean, and what servers say and can be told about TLS.

use std::net::IpAddr;

use super::Context;
use crate::capture::Moment;
use crate::session::{Connection, Tls, TlsAlert};

/// Lengths of the refusals' texts: records of TLS show how long a reply is.
const REFUSALS: &[(&str, &[&str])] = &[
    (
        "vsftpd",
        &[
            "522 SSL connection failed: session reuse required\r\n",
            "522 SSL connection failed; session reuse required: see require_ssl_reuse option in vsftpd.conf man page\r\n",
        ],
    ),
    ("proftpd", &["425 Unable to build data connection: Operation not permitted\r\n"]),
    (
        "filezilla",
        &["425 Unable to build data connection: TLS session of data connection not resumed.\r\n"],
    ),
];

/// close_notify, user_canceled, no_renegotiation, unrecognized_name: handshakes go on after them.
const WARNINGS: [u8; 4] = [0, 90, 100, 112];

/// How it broke off.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// An alert in clear.
    Alert(TlsAlert),
    /// A protected alert instead of the Finished of the side that said hello.
    Hidden { from_client: bool, at: Moment },
    /// FIN or RST.
    Closed { from_client: bool, reset: bool, at: Moment },
}

/// TLS 1.3: the client was done, and the first thing that the server sends is an alert and its last.
pub fn late_alert(ctx: &Context<'_>, tls: &Tls) -> Option<End> {
    let first = tls.server_after_handshake().first()?;
    let rest = tls.server.said_after(first.at);
    // A client that leaves at once is answered with a close_notify.
    let s = ctx.session;
    let half = s.from_client();
    let before = |at: Option<Moment>| at.is_some_and(|at| at < first.at);
    let alert = tls.client.recent.iter().find(|r| r.alert_sized()).map(|r| r.at);
    if before(half.fin) || before(half.rst.map(|r| r.at)) || before(alert) {
        return None;
    }
    let ended = s.from_server().fin.is_some() || s.from_server().rst.is_some();
    let last = tls.is_1_3() && first.alert_sized() && rest.is_none() && ended && !tls.hole;
    last.then_some(End::Hidden { from_client: false, at: first.at })
}

/// How a handshake that broke off came to its end.
pub fn end_of(c: &Connection, client: IpAddr, tls: &Tls, control: bool) -> Option<End> {
    if let Some(alert) = tls.alert.filter(|a| a.level == 2 || !WARNINGS.contains(&a.description)) {
        return Some(End::Alert(alert));
    }
    let hello = tls.client_hello.as_ref()?.1;
    let from_client = tls.client_says_hello;
    let side = if from_client { &tls.client } else { &tls.server };
    if let Some(first) = side.protected.first().filter(|r| r.alert_sized()) {
        return Some(End::Hidden { from_client, at: first.at });
    }
    // A data connection closed before the server spoke TLS: its command may have been refused.
    if !control && tls.server_hello.is_none() {
        return None;
    }
    let ends = [c.initiator, c.responder].into_iter().flat_map(|end| {
        let half = c.from(end);
        let by_client = end.ip == client;
        [half.fin.map(|at| (at, by_client, false)), half.rst.map(|r| (r.at, by_client, true))]
    });
    let (at, from_client, reset) = ends.flatten().filter(|e| e.0 > hello).min_by_key(|e| e.0)?;
    Some(End::Closed { from_client, reset, at })
}

/// What an alert means for who reads it; `finished`: the client had done its part.
pub fn meaning(a: &TlsAlert, offered: &str, finished: bool) -> String {
    match (a.description, a.from_client) {
        (70, false) => {
            format!("it speaks none of the versions that the client offers (up to {offered})")
        }
        (70, true) => "the server chose a version that it doesn't want".to_owned(),
        (40, false) if finished => {
            "versions and ciphers were agreed on and the client was done, so it is most likely a \
             certificate of the client that it misses"
                .to_owned()
        }
        (40 | 71, false) => {
            format!(
                "nothing of what the client offers (up to {offered}, its ciphers) is acceptable"
            )
        }
        (48, true) => "it doesn't know who signed the server's certificate".to_owned(),
        (45, true) => "the server's certificate has expired".to_owned(),
        (42 | 43 | 44 | 46, true) => "it doesn't accept the server's certificate".to_owned(),
        (42..=46 | 48 | 116, false) => {
            "it wants a certificate of the client, and got none that it accepts".to_owned()
        }
        (112, _) => "it serves no host of the name that was asked for".to_owned(),
        _ => "see its log for the reason".to_owned(),
    }
}

/// The refusal whose length a record has.
pub fn refusal(ctx: &Context<'_>, control: &Tls, length: u16) -> Option<&'static str> {
    let texts = REFUSALS.iter().filter(|(name, _)| software(ctx).contains(name));
    texts.flat_map(|(_, texts)| *texts).find(|text| as_long_as(control, length, text)).copied()
}

/// The server's software in lower case.
pub fn software(ctx: &Context<'_>) -> String {
    ctx.session.software.as_deref().unwrap_or_default().to_lowercase()
}

/// A protected record of this length may hold this line. AEAD ciphers add 16 bytes and in TLS 1.2
/// mostly 8 more, TLS 1.3 one for the content type.
pub fn as_long_as(control: &Tls, length: u16, line: &str) -> bool {
    let added: &[usize] = if control.is_1_3() { &[17] } else { &[24, 16] };
    added.iter().any(|a| line.len() + a == usize::from(length))
}
