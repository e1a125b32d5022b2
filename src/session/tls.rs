//! What a TLS connection shows to somebody without its keys (RFC 5246, RFC 8446): hellos, alerts in
//! clear, and how long its records are.

use std::collections::VecDeque;

use crate::capture::Moment;
use crate::ftp::tls::{ClientHello, ServerHello, TlsEvent};

/// Protected records remembered of each side, the first ones.
const MAX_RECORDS: usize = 16;
/// And the latest.
const MAX_RECENT: usize = 64;
/// Length of a TLS 1.3 record that carries an alert and nothing else (RFC 8446, section 5.2: two
/// bytes, the content type, the tag).
const ALERT_13: u16 = 19;
/// Lengths of an encrypted alert up to TLS 1.2: the tag, an explicit nonce or vector, padding.
pub(super) const ALERTS_12: [u16; 7] = [18, 26, 32, 48, 52, 64, 80];

const TLS_1_3: u16 = 0x0304;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;

/// A record's header, and the packet that carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsRecord {
    /// ContentType: 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data.
    pub content_type: u8,
    /// Length without the header.
    pub length: u16,
    /// The packet.
    pub at: Moment,
}

impl TlsRecord {
    /// As long as a protected alert: a close_notify, or a fatal one. In TLS 1.3 two bytes of data
    /// are as long.
    pub fn alert_sized(&self) -> bool {
        match self.content_type {
            ALERT => ALERTS_12.contains(&self.length),
            APPLICATION_DATA => self.length == ALERT_13,
            _ => false,
        }
    }
}

/// An alert in clear (RFC 8446, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsAlert {
    /// The FTP client sent it.
    pub from_client: bool,
    /// 2: fatal.
    pub level: u8,
    /// AlertDescription.
    pub description: u8,
    /// The packet.
    pub at: Moment,
}

/// What one side showed.
#[derive(Clone, Debug, Default)]
pub struct TlsSide {
    /// The packet with its first payload, and whether a record begins there.
    pub first: Option<(Moment, bool)>,
    /// Its change_cipher_spec: up to TLS 1.2 everything after it is protected.
    pub change_cipher_spec: Option<Moment>,
    /// Its first protected records.
    pub protected: Vec<TlsRecord>,
    /// The latest of its protected records that were looked at.
    pub recent: VecDeque<TlsRecord>,
    /// Its latest payload ends with a record as long as a close_notify: the packet.
    pub farewell: Option<Moment>,
}

impl TlsSide {
    /// Its first record after `since` that says something: no alert.
    pub fn said_after(&self, since: Moment) -> Option<&TlsRecord> {
        self.said_since(since).next()
    }

    /// Its records after `since` that say something.
    pub fn said_since(&self, since: Moment) -> impl Iterator<Item = &TlsRecord> {
        self.recent.iter().filter(move |r| r.at > since && !r.alert_sized())
    }
}

/// What a TLS connection shows without its keys.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The latest ClientHello: the second one after a HelloRetryRequest.
    pub client_hello: Option<(ClientHello, Moment)>,
    /// The FTP client sent it, as RFC 4217 has it whoever dials.
    pub client_says_hello: bool,
    /// A HelloRetryRequest, which asks for another ClientHello.
    pub retry: Option<Moment>,
    /// The ServerHello that counts.
    pub server_hello: Option<(ServerHello, Moment)>,
    /// A certificate in clear: not resumed.
    pub certificate: Option<Moment>,
    /// The first fatal alert in clear; else the first other one.
    pub alert: Option<TlsAlert>,
    /// What the FTP client sent.
    pub client: TlsSide,
    /// What the FTP server sent.
    pub server: TlsSide,
    /// Some of the records that should have been looked at weren't captured, or were cut.
    pub hole: bool,
}

impl Tls {
    /// Takes what a side's records show.
    pub(super) fn event(&mut self, from_client: bool, event: TlsEvent<'_>, at: Moment) {
        match event {
            TlsEvent::ClientHello(hello) => {
                self.client_hello = Some((hello, at));
                self.client_says_hello = from_client;
            }
            TlsEvent::ServerHello(hello) if hello.retry => self.retry = Some(at),
            TlsEvent::ServerHello(hello) => self.server_hello = Some((hello, at)),
            TlsEvent::Certificate => {
                self.certificate.get_or_insert(at);
            }
            TlsEvent::Alert { level, description, at } => {
                let fatal = level == 2 && self.alert.is_none_or(|a| a.level != 2);
                if fatal || self.alert.is_none() {
                    self.alert = Some(TlsAlert { from_client, level, description, at });
                }
            }
            TlsEvent::Record { content_type, length, at } => {
                self.record(from_client, TlsRecord { content_type, length, at });
            }
            TlsEvent::BackToClear(_) => {}
        }
    }

    fn record(&mut self, from_client: bool, record: TlsRecord) {
        let side = if from_client { &mut self.client } else { &mut self.server };
        if record.content_type == CHANGE_CIPHER_SPEC {
            side.change_cipher_spec.get_or_insert(record.at);
            return;
        }
        // Two bytes are an alert in clear, whatever came before it.
        let in_clear = record.content_type == ALERT && record.length == 2;
        let protected = record.content_type == APPLICATION_DATA
            || side.change_cipher_spec.is_some() && self.retry.is_none() && !in_clear;
        if !protected {
            return;
        }
        if side.protected.len() < MAX_RECORDS {
            side.protected.push(record);
        }
        if side.recent.len() >= MAX_RECENT {
            side.recent.pop_front();
        }
        side.recent.push_back(record);
    }

    /// TLS 1.3 was chosen.
    pub fn is_1_3(&self) -> bool {
        self.server_hello.as_ref().is_some_and(|(h, _)| h.version >= TLS_1_3)
    }

    /// The client offered to resume a session: a pre-shared key, or where TLS 1.2 was chosen a
    /// session ID or ticket. TLS 1.3 clients send a session ID that means nothing. `None`: no
    /// ClientHello was captured, or it can't be told before the version is known.
    pub fn offered_resumption(&self) -> Option<bool> {
        let (hello, _) = self.client_hello.as_ref()?;
        if hello.pre_shared_key || hello.ticket {
            return Some(true);
        }
        let legacy = hello.version < TLS_1_3;
        match &self.server_hello {
            _ if legacy || !hello.session_id => Some(hello.session_id),
            Some((s, _)) if s.version >= TLS_1_3 => Some(false),
            _ => None,
        }
    }

    /// It was resumed; `None` when the capture doesn't show it.
    pub fn resumed(&self) -> Option<bool> {
        let (hello, _) = self.server_hello.as_ref()?;
        if hello.version >= TLS_1_3 {
            return Some(hello.pre_shared_key);
        }
        if self.certificate.is_some() {
            return Some(false);
        }
        self.server.change_cipher_spec.filter(|_| !self.hole).map(|_| true)
    }

    /// When the side that said hello had done its part of the handshake: its Finished, by its
    /// length in TLS 1.3.
    pub fn client_finished(&self) -> Option<Moment> {
        let side = if self.client_says_hello { &self.client } else { &self.server };
        let first = side.protected.first()?;
        (!first.alert_sized()).then_some(first.at)
    }

    /// The handshake came to its end.
    pub fn established(&self) -> bool {
        if self.client_hello.is_none() && self.server_hello.is_none() {
            // It began before the capture.
            return !self.client.protected.is_empty() || !self.server.protected.is_empty();
        }
        let (asks, answers) = if self.client_says_hello {
            (&self.client, &self.server)
        } else {
            (&self.server, &self.client)
        };
        let answered = if self.is_1_3() {
            !answers.protected.is_empty()
        } else {
            answers.change_cipher_spec.is_some()
        };
        answered && asks.protected.first().is_some_and(|r| !r.alert_sized())
    }

    /// A handshake began and never came to its end.
    pub fn broke_off(&self) -> bool {
        self.client_hello.is_some() && !self.hole && !self.established()
    }

    /// The server's protected records after the client's part of the handshake was done: session
    /// tickets, then data.
    pub fn server_after_handshake(&self) -> &[TlsRecord] {
        let Some(done) = self.client_finished() else { return &[] };
        let from = self.server.protected.partition_point(|r| r.at <= done);
        self.server.protected.get(from..).unwrap_or_default()
    }
}

/// "TLS 1.2".
pub fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301..=TLS_1_3 => format!("TLS 1.{}", version - 0x0301),
        _ => format!("version {version:#06x}"),
    }
}

/// The name of an AlertDescription (RFC 8446, appendix B.2).
pub fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "an alert without a name",
    }
}
