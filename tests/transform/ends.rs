//! Captures that begin later or end sooner than what they show: nothing serious may be said of
//! them that isn't true of the whole.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::as_they_are;
use crate::capture::{Capture, sample};
use crate::tcp::Segment;
use crate::verdict::{self, serious};

fn codes(sessions: &[Value]) -> BTreeSet<String> {
    serious(sessions).into_iter().flat_map(|(_, codes)| codes).collect()
}

/// What a part says, and the whole doesn't.
fn invented(whole: &[Value], part: &Capture, excused: &[&str]) -> Vec<String> {
    let whole = codes(whole);
    let said = codes(&verdict::of(part));
    said.difference(&whole).filter(|s| !excused.contains(&s.as_str())).cloned().collect()
}

#[test]
fn a_capture_that_ends_sooner() {
    let mut wrong = Vec::new();
    for (c, whole) in as_they_are() {
        for end in 1..c.packets.len() {
            let part = c.with(c.packets[..end].to_vec());
            // Seen at the receiver, a dead path is a silence until the connection closes.
            for code in invented(whole, &part, &["data-silent"]) {
                wrong.push(format!("{} up to packet {end} of {}: {code}", c.name, c.packets.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} invented\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_capture_that_begins_later() {
    let mut wrong = Vec::new();
    for (c, whole) in as_they_are() {
        let fine = serious(whole).iter().all(|(status, _)| status == "healthy");
        for begin in 1..c.packets.len() {
            let part = c.with(c.packets[begin..].to_vec());
            // An error reply stays one when its cause lies before the capture.
            let excused: &[_] = if fine { &[] } else { &["transfer-refused"] };
            for code in invented(whole, &part, excused) {
                wrong.push(format!(
                    "{} from packet {begin} of {}: {code}",
                    c.name,
                    c.packets.len()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} invented\n{}", wrong.len(), wrong.join("\n"));
}

fn part_of(name: &str, keep: impl Fn(&Segment, &[u8]) -> bool) -> (String, Vec<String>) {
    let c = sample(name);
    let kept = c.packets.iter().filter(|p| Segment::of(&c, p).is_some_and(|s| keep(&s, &p.data)));
    serious(&verdict::of(&c.with(kept.cloned().collect()))).remove(0)
}

/// `tcpdump port 21` next to the client can't show that the client never dialled.
#[test]
fn a_capture_of_port_21_alone_does_not_blame_who_dials() {
    for name in ["passive-range-dropped-client", "data-refused-client"] {
        let (status, codes) = part_of(name, |s, _| s.is_control());
        assert_eq!((status.as_str(), codes.len()), ("undetermined", 0), "{name}: {codes:?}");
    }
}

/// The server's packets alone hold its SYN-ACK and its RST, and no refusal.
#[test]
fn one_direction_alone_is_no_refusal() {
    for name in ["transfer-refused-425", "control-closed"] {
        let (_, codes) = part_of(name, |s, p| p[s.ip + 12..s.ip + 16] == [10, 88, 1, 2]);
        assert!(!codes.contains(&"data-refused".to_owned()), "{name}: {codes:?}");
    }
}
