//! Control segments cut elsewhere: TCP is a stream, and a line may come in any number of pieces.

use crate::capture::{Capture, Packet};
use crate::tcp::Segment;
use crate::{has_turn, holds, nothing, verdict};

/// Every control segment in two, before its byte `at`; those that are shorter stay whole.
fn cut_at(capture: &Capture, at: usize) -> Capture {
    recut(capture, |length| if length > at { vec![0, at, length] } else { vec![0, length] })
}

fn recut(capture: &Capture, places: impl Fn(usize) -> Vec<usize>) -> Capture {
    capture.map(|p| match Segment::of(capture, p) {
        Some(s) if s.is_control() && s.payload_len > 1 => places(s.payload_len)
            .windows(2)
            .map(|w| s.piece(p, w[0], w[1]))
            .collect::<Vec<Packet>>(),
        _ => vec![p.clone()],
    })
}

fn longest(capture: &Capture) -> usize {
    let segments = capture.packets.iter().filter_map(|p| Segment::of(capture, p));
    segments.filter(Segment::is_control).map(|s| s.payload_len).max().unwrap_or(0)
}

#[test]
fn every_byte_in_a_segment_of_its_own() {
    holds("one byte a segment", nothing, |c| {
        Some(verdict::of(&recut(c, |length| (0..=length).collect())))
    });
}

#[test]
fn cut_before_every_byte() {
    // Lines of FTP are seldom longer; the records of TLS are, and tell by their first bytes.
    for at in (1..80).chain((80..400).step_by(17)) {
        holds(&format!("cut before byte {at}"), nothing, |c| {
            (longest(c) > at && has_turn(c, at, 4)).then(|| verdict::of(&cut_at(c, at)))
        });
    }
}
