//! The packets of one session.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use super::Writer;
use crate::capture::{FrameRef, Moment, Packet, PacketStore, Timestamp};
use crate::decode::{Decoded, Decoder, Endpoint};
use crate::diagnose::Judged;
use crate::session::Session;

/// A 4-tuple in both directions.
type Pair = (Endpoint, Endpoint);

/// Writes the packets of a session, its control connection, its data connections and the ICMP
/// errors about them, as pcapng to a new file; evidence carries comments. Returns how many.
///
/// # Errors
/// A sentence: the file exists or can't be written, the capture can't be read again.
pub fn session(store: &PacketStore, judged: &Judged, path: &Path) -> Result<u64, String> {
    let told = |e: io::Error| match e.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{} is there already: remove it, or save elsewhere", path.display())
        }
        io::ErrorKind::PermissionDenied => format!(
            "no right to write {} (live, root's rights are given away): name a folder with --save-dir",
            path.display()
        ),
        _ => format!("{}: {e}", path.display()),
    };
    let s = &judged.session;
    let pairs = connections(s);
    let (from, to) = (s.first.time, last(s));
    let comments = comments(judged);
    let file = File::create_new(path).map_err(told)?;
    let mut writer = Writer::new(BufWriter::new(file)).map_err(told)?;
    let mut decoder = Decoder::new();
    let mut written = 0;
    for file in 0..store.files() {
        let mut failed = None;
        store.walk(file, |p| {
            if p.time < from || p.time > to {
                return true;
            }
            let frame = FrameRef { file, number: p.number };
            let moment = Moment { order: u64::from(p.number), time: p.time, frame };
            let packet = Packet { moment, link: p.link, wire_len: p.wire_len, data: p.data };
            let wanted = match decoder.decode(&packet) {
                Decoded::Segment(segment) => pairs.contains(&pair(segment.src, segment.dst)),
                Decoded::Icmp(e) => pairs.contains(&pair(e.src, e.dst)),
                _ => false,
            };
            if wanted {
                let said = comments.get(&frame).map(Vec::as_slice).unwrap_or_default();
                written += 1;
                failed = writer.packet(p.link, p.time, p.wire_len, p.data, said).err();
            }
            failed.is_none()
        })?;
        if let Some(e) = failed {
            return Err(told(e));
        }
    }
    writer.finish().map_err(told)?;
    Ok(written)
}

fn pair(a: Endpoint, b: Endpoint) -> Pair {
    if a <= b { (a, b) } else { (b, a) }
}

fn connections(s: &Session) -> HashSet<Pair> {
    let dials = s.channels.iter().flat_map(|c| c.attempts.iter().chain(c.connection.as_deref()));
    let mut pairs: HashSet<Pair> = dials.map(|c| pair(c.initiator, c.responder)).collect();
    pairs.insert(pair(s.client, s.server));
    pairs
}

/// The latest packet of the session.
fn last(s: &Session) -> Timestamp {
    let dials = s.channels.iter().flat_map(|c| c.attempts.iter().chain(c.connection.as_deref()));
    dials.map(|c| c.last.time).max().map_or(s.last.time, |last| last.max(s.last.time))
}

fn comments(judged: &Judged) -> HashMap<FrameRef, Vec<&str>> {
    let mut comments: HashMap<FrameRef, Vec<&str>> = HashMap::new();
    for d in &judged.diagnoses {
        for e in &d.evidence {
            comments.entry(e.at.frame).or_default().push(&e.text);
        }
    }
    comments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{self, OpenOptions};
    use crate::engine::{self, Options};

    #[test]
    fn what_is_saved_has_the_same_verdict() {
        let sample =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/passive-range-rejected-icmp.pcap");
        let run = |file: &Path| {
            let opened = capture::open(&[file.to_owned()], &OpenOptions::default());
            engine::analyse(opened.source, &Options::default())
        };
        let before = run(&sample);
        let judged = before.sessions.first().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.pcapng");
        let store = PacketStore::new(vec![sample]);
        assert!(session(&store, judged, &path).unwrap() > 10);
        let after = run(&path);
        let codes = |a: &engine::Analysis| -> Vec<_> {
            a.sessions.iter().flat_map(|j| j.diagnoses.iter().map(|d| d.code)).collect()
        };
        assert_eq!(codes(&before), codes(&after));
        // Never over another file.
        assert!(session(&store, judged, &path).unwrap_err().contains("already"));
    }
}
