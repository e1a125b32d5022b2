//! TLS on control and data channels (RFC 4217; RFC 8446, section 5.1): records, hellos, alerts.

use tls_parser::{TlsExtension, TlsMessage, TlsMessageHandshake, parse_tls_plaintext};

use crate::capture::Moment;

/// Bytes of a record header.
const HEADER: usize = 5;
/// Records longer than this are none (2^14 and what encryption may add).
const MAX_RECORD: usize = (1 << 14) + 2048;

/// What a stream of records shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsEvent<'a> {
    /// The client's first handshake message.
    ClientHello(ClientHello),
    /// The server's.
    ServerHello(ServerHello),
    /// A certificate in clear: no resumption (TLS 1.3 encrypts it).
    Certificate,
    /// An alert in clear: level and description (RFC 8446, section 6).
    Alert {
        /// 1 warning, 2 fatal.
        level: u8,
        /// AlertDescription.
        description: u8,
        /// The packet that carried its last byte.
        at: Moment,
    },
    /// Any record: its content type and length in bytes.
    Record {
        /// ContentType: 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data.
        content_type: u8,
        /// Length without the header.
        length: u16,
        /// The packet that carried its header.
        at: Moment,
    },
    /// After CCC the stream is in clear again; these bytes are.
    BackToClear(&'a [u8]),
}

/// What matters of a ClientHello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// Highest version offered (0x0303: TLS 1.2, 0x0304: TLS 1.3).
    pub version: u16,
    /// Name asked for (SNI).
    pub server_name: Option<String>,
    /// It offers a session ID.
    pub session_id: bool,
    /// It offers a session ticket that isn't empty.
    pub ticket: bool,
    /// It offers a pre-shared key: TLS 1.3's only way to resume.
    pub pre_shared_key: bool,
}

/// What matters of a ServerHello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// Version chosen.
    pub version: u16,
    /// It asks for another ClientHello.
    pub retry: bool,
    /// It resumes with the pre-shared key.
    pub pre_shared_key: bool,
}

/// Bytes that begin with a TLS record header.
pub fn looks_like_record(bytes: &[u8]) -> bool {
    match bytes {
        [20..=23, 3, 0..=4, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            length > 0 && length <= MAX_RECORD
        }
        _ => false,
    }
}

/// Reads one direction's records.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The record being collected, handshake and alert records only.
    partial: Vec<u8>,
    /// Bytes of the current record still to come and not kept.
    skip: usize,
    /// After a hole, the next record's start is not known.
    lost: bool,
}

impl Records {
    /// Takes bytes of one packet.
    pub fn feed(&mut self, bytes: &[u8], at: Moment, sink: &mut impl FnMut(TlsEvent<'_>)) {
        let mut rest = bytes;
        if self.lost {
            if !looks_like_record(rest) {
                return;
            }
            self.lost = false;
        }
        while !rest.is_empty() {
            if self.skip > 0 {
                let n = self.skip.min(rest.len());
                self.skip -= n;
                rest = rest.get(n..).unwrap_or_default();
                continue;
            }
            if self.partial.is_empty() && !matches!(rest, [20..=23, ..]) {
                // At a record's start stands no record: CCC, or damage.
                let clear = rest.first().is_some_and(|b| b.is_ascii_alphanumeric());
                if clear {
                    sink(TlsEvent::BackToClear(rest));
                } else {
                    self.lost = true;
                }
                return;
            }
            rest = self.collect(rest, at, sink);
        }
    }

    /// Collects a record's header, and its body if that is worth it.
    fn collect<'a>(
        &mut self,
        bytes: &'a [u8],
        at: Moment,
        sink: &mut impl FnMut(TlsEvent<'_>),
    ) -> &'a [u8] {
        let mut rest = bytes;
        let had_header = self.partial.len() >= HEADER;
        let mut take = |partial: &mut Vec<u8>, wanted: usize| {
            let n = wanted.saturating_sub(partial.len()).min(rest.len());
            partial.extend_from_slice(rest.get(..n).unwrap_or_default());
            rest = rest.get(n..).unwrap_or_default();
        };
        take(&mut self.partial, HEADER);
        let &[content_type, major, _, high, low, ..] = self.partial.as_slice() else { return rest };
        let length = u16::from_be_bytes([high, low]);
        if !had_header {
            if major != 3 || usize::from(length) > MAX_RECORD {
                self.partial.clear();
                self.lost = true;
                return &[];
            }
            sink(TlsEvent::Record { content_type, length, at });
        }
        if content_type == 23 || content_type == 20 {
            self.partial.clear();
            self.skip = usize::from(length);
            return rest;
        }
        let whole = HEADER + usize::from(length);
        take(&mut self.partial, whole);
        if self.partial.len() == whole {
            read(&self.partial, at, sink);
            self.partial.clear();
        }
        rest
    }

    /// The capture lost some bytes.
    pub fn gap(&mut self) {
        self.partial.clear();
        self.skip = 0;
        self.lost = true;
    }
}

fn read(record: &[u8], at: Moment, sink: &mut impl FnMut(TlsEvent<'_>)) {
    // Encrypted handshakes and alerts don't parse; that says enough.
    let Ok((_, plain)) = parse_tls_plaintext(record) else { return };
    for message in &plain.msg {
        match message {
            TlsMessage::Handshake(TlsMessageHandshake::ClientHello(h)) => {
                let mut hello = ClientHello {
                    version: h.version.0,
                    session_id: h.session_id.is_some_and(|s| !s.is_empty()),
                    ..ClientHello::default()
                };
                for e in extensions(h.ext) {
                    match e {
                        TlsExtension::SNI(names) => {
                            hello.server_name =
                                names.first().map(|(_, n)| String::from_utf8_lossy(n).into_owned());
                        }
                        TlsExtension::SessionTicket(t) => hello.ticket = !t.is_empty(),
                        TlsExtension::PreSharedKey(_) => hello.pre_shared_key = true,
                        TlsExtension::SupportedVersions(v) => {
                            // GREASE values (RFC 8701) are no versions.
                            let real = v.iter().map(|v| v.0).filter(|v| v >> 8 == 3);
                            hello.version = real.max().unwrap_or(hello.version);
                        }
                        _ => {}
                    }
                }
                sink(TlsEvent::ClientHello(hello));
            }
            TlsMessage::Handshake(TlsMessageHandshake::ServerHello(h)) => {
                let mut hello = ServerHello {
                    version: h.version.0,
                    retry: h.random == RETRY,
                    pre_shared_key: false,
                };
                for e in extensions(h.ext) {
                    match e {
                        TlsExtension::SupportedVersions(v) => {
                            hello.version = v.first().map_or(hello.version, |v| v.0);
                        }
                        TlsExtension::PreSharedKey(_) => hello.pre_shared_key = true,
                        _ => {}
                    }
                }
                sink(TlsEvent::ServerHello(hello));
            }
            TlsMessage::Handshake(TlsMessageHandshake::Certificate(_)) => {
                sink(TlsEvent::Certificate);
            }
            TlsMessage::Alert(a) => {
                let (level, description) = (a.severity.0, a.code.0);
                sink(TlsEvent::Alert { level, description, at });
            }
            _ => {}
        }
    }
}

fn extensions(bytes: Option<&[u8]>) -> Vec<TlsExtension<'_>> {
    bytes.and_then(|b| tls_parser::parse_tls_extensions(b).ok()).map(|(_, e)| e).unwrap_or_default()
}

/// The random of a HelloRetryRequest (RFC 8446, section 4.1.3).
const RETRY: &[u8] = &[
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn feed(pieces: &[&[u8]]) -> Vec<String> {
        let mut records = Records::default();
        let mut out = Vec::new();
        for piece in pieces {
            records.feed(piece, Moment::default(), &mut |e| {
                out.push(match e {
                    TlsEvent::Record { content_type, length, .. } => {
                        format!("{content_type}:{length}")
                    }
                    TlsEvent::Alert { level, description, .. } => {
                        format!("alert {level} {description}")
                    }
                    TlsEvent::BackToClear(rest) => {
                        format!("clear {}", String::from_utf8_lossy(rest))
                    }
                    other => format!("{other:?}"),
                });
            });
        }
        out
    }

    #[test]
    fn records_alerts_and_back_to_clear() {
        let stream = b"\x17\x03\x03\x00\x02ab\x15\x03\x03\x00\x02\x02\x28200 ok\r\n";
        assert_eq!(feed(&[stream]), ["23:2", "21:2", "alert 2 40", "clear 200 ok\r\n"]);
        assert_eq!(feed(&[&stream[..3], &stream[3..6], &stream[6..]]), feed(&[stream]));
        assert!(looks_like_record(b"\x16\x03\x01\x02\x00\x01"));
        assert!(!looks_like_record(b"220 h"));
    }

    proptest! {
        #[test]
        fn never_panics(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
            feed(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
    }
}
