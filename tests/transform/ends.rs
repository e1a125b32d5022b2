//! Captures that begin later or end sooner than what they show: nothing serious may be said of
//! them that isn't true of the whole.

use std::collections::BTreeSet;

use ftpscope::diagnose::find;
use serde_json::Value;

use crate::capture::{Capture, sample};
use crate::tcp::Segment;
use crate::verdict::{self, serious};
use crate::{as_they_are, has_turn};

fn codes(sessions: &[Value]) -> BTreeSet<String> {
    serious(sessions).into_iter().flat_map(|(_, codes)| codes).collect()
}

/// How many beginnings or ends of a capture are tried.
const TRIED: usize = 30;

/// What a part says and the whole doesn't, nor lists among what it explains: in a part, a
/// consequence can stand alone.
fn invented(whole: &[Value], part: &Capture, excused: &[(&str, &str)]) -> Vec<String> {
    let whole = codes(whole);
    let explained =
        |code: &str| whole.iter().filter_map(|c| find(c)).any(|rule| rule.explains.contains(&code));
    let excused = |code: &str| {
        let with = |c: &str| c.is_empty() || whole.contains(c);
        excused.iter().any(|(c, later)| *c == code && with(later))
    };
    let said = codes(&verdict::of(part));
    let more = said.difference(&whole);
    more.filter(|s| !explained(s) && !excused(s)).cloned().collect()
}

/// Fewer than all of a long capture's packets, from the second on.
fn places(c: &Capture) -> impl Iterator<Item = usize> {
    let all = c.packets.len();
    (1..all).filter(move |n| has_turn(c, *n, all.div_ceil(TRIED)))
}

#[test]
fn a_capture_that_ends_sooner() {
    // True as far as it goes, and overcome by what comes later.
    let overcome = [
        // Seen at the receiver, a dead path is a silence until the connection closes.
        ("data-silent", ""),
        // A SYN was sent again, and answered later.
        ("data-syn-unanswered", "data-syn-delayed"),
        ("control-unanswered", ""),
        // The second password was right.
        ("login-refused", ""),
    ];
    let mut wrong = Vec::new();
    for (c, whole) in as_they_are() {
        for end in places(c) {
            let part = c.with(c.packets[..end].to_vec());
            for code in invented(whole, &part, &overcome) {
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
        for begin in places(c) {
            let part = c.with(c.packets[begin..].to_vec());
            // An error reply stays one when its cause lies before the capture.
            let excused: &[_] = if fine { &[] } else { &[("transfer-refused", "")] };
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
