//! The first records of a data connection of a session under TLS, while it is being followed.
//!
//! Payload is looked at where it lies, never kept: only the beginning of each direction, and of
//! every later segment the few bytes where a close_notify's header would stand.

use super::tls::{ALERTS_12, Tls};
use crate::capture::Moment;
use crate::ftp::tls::{Records, looks_like_record};

/// Bytes of each direction whose records are looked at: a handshake with a long chain of
/// certificates and what follows it.
const LOOK: u64 = 16 * 1024;
const HEADER: usize = 5;

/// One direction.
#[derive(Debug, Default)]
struct Look {
    /// Where the stream begins, and how far it was looked at, in order.
    start: Option<u64>,
    next: u64,
    records: Option<Records>,
    /// Highest offset of any payload.
    highest: u64,
}

/// A data connection being watched.
#[derive(Debug, Default)]
pub struct TlsWatch {
    /// What it shows so far.
    pub seen: Tls,
    client: Look,
    server: Look,
}

/// A segment's payload, as it was sent and as it was captured.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The FTP client sent it.
    pub from_client: bool,
    /// Its offset in its direction.
    pub offset: u64,
    /// The bytes captured.
    pub bytes: &'a [u8],
    /// Their number by the headers.
    pub len: u32,
    /// The packet.
    pub at: Moment,
}

impl TlsWatch {
    /// Takes a segment's payload; `start` is where its direction's stream begins, if known.
    pub fn piece(&mut self, p: Piece<'_>, start: Option<u64>) {
        let Self { seen, client, server } = self;
        let look = if p.from_client { client } else { server };
        let side = if p.from_client { &mut seen.client } else { &mut seen.server };
        let end = p.offset + u64::from(p.len);
        if end > look.highest {
            look.highest = end;
            side.farewell = ends_with_alert(p.bytes, p.len).then_some(p.at);
        }
        let begin = *look.start.get_or_insert_with(|| {
            look.next = start.unwrap_or(p.offset);
            look.next
        });
        if end <= look.next || look.next - begin > LOOK {
            return;
        }
        if p.offset > look.next {
            seen.hole = true;
            if let Some(records) = &mut look.records {
                records.gap();
            }
            look.next = p.offset;
        }
        let skip = usize::try_from(look.next - p.offset).unwrap_or(usize::MAX);
        let new = p.bytes.get(skip..).unwrap_or_default();
        look.next = end;
        let side = if p.from_client { &mut seen.client } else { &mut seen.server };
        if look.records.is_none() && side.first.is_none() && !new.is_empty() {
            let record = looks_like_record(new);
            // Of a stream whose beginning wasn't captured its first bytes aren't known.
            if start.is_some() && !seen.hole {
                side.first = Some((p.at, record));
            }
            look.records = record.then(Records::default);
        }
        if let Some(records) = &mut look.records {
            records.feed(new, p.at, &mut |event| seen.event(p.from_client, event, p.at));
            if (p.bytes.len() as u64) < u64::from(p.len) {
                seen.hole = true;
                records.gap();
            }
        }
    }
}

/// The payload ends with a record that is as long as a protected alert.
fn ends_with_alert(bytes: &[u8], len: u32) -> bool {
    if bytes.len() != len as usize {
        return false;
    }
    let ends_with = |content_type: u8, length: u16| {
        let header = bytes.len().checked_sub(HEADER + usize::from(length));
        let header = header.and_then(|h| bytes.get(h..h + HEADER));
        let [high, low] = length.to_be_bytes();
        matches!(header, Some([t, 3, 1..=3, h, l]) if (*t, *h, *l) == (content_type, high, low))
    };
    ends_with(23, 19) || ALERTS_12.into_iter().any(|length| ends_with(21, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Session, Tls};

    fn session(sample: &str) -> Box<Session> {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
        let opened = crate::capture::open(&[file], &crate::capture::OpenOptions::default());
        let mut analysis =
            crate::engine::analyse(opened.source, &crate::engine::Options::default());
        analysis.sessions.remove(0).session
    }

    #[test]
    fn hellos_resumption_and_farewells_of_recorded_sessions() {
        for sample in ["ftps-explicit-vsftpd-curl.pcap", "ftps-explicit-proftpd-lftp.pcap"] {
            let s = session(sample);
            let control = s.tls.as_ref().unwrap();
            assert!(control.established() && control.is_1_3() && !control.hole, "{sample}");
            assert_eq!(control.resumed(), Some(false), "{sample}");
            assert_eq!(control.offered_resumption(), Some(false), "{sample}");
            assert!(control.alert.is_none() && control.client_says_hello, "{sample}");
            for channel in &s.channels {
                let data = channel.tls.as_ref().unwrap();
                assert!(data.established() && !data.hole, "{sample}");
                assert_eq!(data.resumed(), Some(true), "{sample}");
                assert_eq!(data.offered_resumption(), Some(true), "{sample}");
                assert!(data.server.farewell.is_some(), "{sample}");
            }
        }
    }

    fn piece(w: &mut TlsWatch, offset: u64, bytes: &[u8]) {
        let len = bytes.len() as u32;
        let piece = Piece { from_client: true, offset, bytes, len, at: Moment::default() };
        w.piece(piece, Some(100));
    }

    #[test]
    fn beginnings_in_order_and_ends() {
        let mut w = TlsWatch::default();
        piece(&mut w, 100, b"\x17\x03\x03\x00\x04ab");
        piece(&mut w, 107, b"cd\x17\x03\x03\x00\x13");
        assert_eq!(w.seen.client.protected.len(), 2);
        assert!(w.seen.client.farewell.is_none() && !w.seen.hole);
        piece(&mut w, 500, b"\x17\x03\x03\x00\x130123456789012345678");
        assert!(w.seen.client.farewell.is_some() && w.seen.hole);
        piece(&mut w, 400, b"late");
        assert!(w.seen.client.farewell.is_some());
        let mut clear = TlsWatch::default();
        piece(&mut clear, 100, b"total 0");
        assert_eq!(clear.seen.client.first, Some((Moment::default(), false)));
        assert!(Tls::default().resumed().is_none());
    }
}
