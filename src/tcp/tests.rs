//! What is kept of a connection, played segment by segment.

use super::{Connection, Half, InTurn, Payload};
use crate::capture::{FrameRef, Moment, Timestamp};
use crate::decode::{Endpoint, Flags, Segment, Seq, SynOptions};

const ACK: u8 = 0x10;
const FIN: u8 = 0x11;
const RST: u8 = 0x14;

/// An established connection: 10.0.0.1:4000 (next byte 101) and 10.0.0.2:5000 (next byte 501).
struct Play {
    connection: Connection,
    at: Moment,
}

impl Play {
    fn new() -> Self {
        let at = Moment {
            order: 0,
            time: Timestamp::from_nanos(0),
            frame: FrameRef { file: 0, number: 0 },
        };
        let first = segment(true, 100, 0, 2, &[]);
        let mut play = Self { connection: Connection::new(&first, at), at };
        play.take(&first);
        play.take(&segment(false, 500, 101, 0x12, &[]));
        play.client(101, 501, ACK, 0)
    }

    fn take(&mut self, s: &Segment<'_>) {
        self.at.order += 1;
        self.at.frame.number += 1;
        self.at.time = self.at.time.plus(std::time::Duration::from_millis(100));
        self.connection.segment(s, self.at);
    }

    fn client(mut self, seq: u32, ack: u32, flags: u8, len: usize) -> Self {
        self.take(&segment(true, seq, ack, flags, &vec![0; len]));
        self
    }

    fn server(mut self, seq: u32, ack: u32, flags: u8, len: usize) -> Self {
        self.take(&segment(false, seq, ack, flags, &vec![0; len]));
        self
    }

    fn client_half(&self) -> &Half {
        &self.connection.from_initiator
    }

    fn server_half(&self) -> &Half {
        &self.connection.from_responder
    }
}

fn segment(client: bool, seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Segment<'_> {
    let a = Endpoint { ip: [10, 0, 0, 1].into(), port: 4000 };
    let b = Endpoint { ip: [10, 0, 0, 2].into(), port: 5000 };
    let (src, dst) = if client { (a, b) } else { (b, a) };
    Segment {
        src,
        dst,
        seq: Seq(seq),
        ack: Seq(ack),
        flags: Flags(flags),
        window: 5000,
        ttl: 64,
        ip_id: None,
        checksum: seq as u16,
        syn_options: SynOptions::default(),
        payload,
        payload_len: payload.len() as u32,
    }
}

#[test]
fn a_retransmission_knows_when_its_bytes_were_first_sent() {
    let play = Play::new().client(101, 501, ACK, 10).client(101, 501, ACK, 10);
    let u = play.client_half().unanswered.unwrap();
    assert_eq!((u.sent.order, u.first.order, u.last.order, u.times), (4, 5, 5, 1));
    // Acknowledged in the end: 300 ms after it was first sent.
    let play = play.client(101, 501, ACK, 10).server(501, 111, ACK, 0);
    assert!(play.client_half().unanswered.is_none());
    let r = play.client_half().recovered.as_ref().unwrap();
    assert_eq!((r.unanswered.times, r.took().as_millis()), (2, 300));
}

#[test]
fn the_oldest_of_several_segments_in_flight_is_timed() {
    let play =
        Play::new().client(101, 501, ACK, 10).client(111, 501, ACK, 10).client(101, 501, ACK, 10);
    assert_eq!(play.client_half().unanswered.unwrap().sent.order, 4);
}

#[test]
fn a_fin_sent_again() {
    let play = Play::new().client(101, 501, FIN, 0).client(101, 501, FIN, 0);
    let u = play.client_half().unanswered.unwrap();
    assert_eq!((u.sent.order, u.times, u.len), (4, 1, 0));
}

#[test]
fn the_largest_segment_that_came_through() {
    let play = Play::new()
        .server(501, 101, ACK, 50)
        .client(101, 551, ACK, 0)
        .server(551, 101, ACK, 1000)
        .server(551, 101, ACK, 1000);
    assert_eq!((play.server_half().largest_acked, play.server_half().max_payload), (50, 1000));
    let play = play.client(101, 1551, ACK, 0);
    assert_eq!(play.server_half().largest_acked, 1000);
}

#[test]
fn probes_count_until_the_other_side_is_heard() {
    let play = Play::new()
        .server(501, 101, ACK, 10)
        .client(101, 511, ACK, 0)
        .server(510, 101, ACK, 0)
        .server(510, 101, ACK, 0);
    assert_eq!(play.server_half().probes.as_ref().unwrap().times, 2);
    let play = play.client(101, 511, ACK, 0);
    assert!(play.server_half().probes.is_none());
    // A side that never sent a byte probes as well.
    let play = play.client(100, 511, ACK, 0);
    assert_eq!(play.client_half().probes.as_ref().unwrap().times, 1);
}

#[test]
fn sequence_numbers_ahead_of_all_payload() {
    let play = Play::new().server(501, 101, ACK, 10).server(3511, 101, FIN, 0);
    let ahead = play.server_half().ahead.as_ref().unwrap();
    assert_eq!(ahead.at.order, 5);
    // What was missing comes after all: nothing is ahead any more.
    let play = play.server(511, 101, ACK, 3000);
    assert!(play.server_half().ahead.is_none());
    assert!(Play::new().server(501, 101, FIN, 0).server_half().ahead.is_none());
}

#[test]
fn an_rst_knows_what_came_before_it() {
    let play = Play::new().server(501, 101, ACK, 10).client(101, 0, RST, 0);
    let rst = play.client_half().rst.unwrap();
    assert_eq!(rst.before.map(|m| m.order), Some(4));
}

#[test]
fn a_syn_answered_by_an_older_connection() {
    use super::ConnectionState;
    let syn = segment(true, 100, 0, 2, &[]);
    let at = Moment { order: 0, time: Timestamp::from_nanos(0), frame: FrameRef::default() };
    let mut play = Play { connection: Connection::new(&syn, at), at };
    play.take(&syn);
    let play = play.server(9000, 7000, ACK, 0).client(7000, 0, 4, 0);
    assert_eq!(play.connection.state(), ConnectionState::Unanswered);
    let old = play.connection.old_acks.as_ref().unwrap();
    assert_eq!((old.times, old.first.order, old.disowned.map(|m| m.order)), (1, 2, Some(3)));
    let mut play = play.client(100, 0, 2, 0).server(500, 101, 0x12, 0).client(101, 501, ACK, 0);
    assert_eq!(play.connection.state(), ConnectionState::Established);
    play = play.server(501, 101, ACK, 10).client(101, 511, ACK, 0);
    assert_eq!(play.server_half().bytes(), 10);
    // An ACK of the very SYN: its SYN-ACK wasn't captured.
    let mut play = Play { connection: Connection::new(&syn, at), at };
    play.take(&syn);
    let play = play.server(501, 101, ACK, 0);
    assert!(play.connection.old_acks.is_none() && play.connection.worked());
}

#[test]
fn overtaken_within_a_round_trip_or_sent_again_after_one() {
    // The handshake took 200 ms.
    let gap = || Play::new().server(501, 101, ACK, 10).server(521, 101, ACK, 10);
    let play = gap().server(511, 101, ACK, 10);
    let order = play.server_half().order.as_deref().unwrap();
    assert_eq!((order.overtaken, order.refilled, order.late.as_millis()), (1, 0, 100));
    let play = gap().client(101, 511, ACK, 0).server(511, 101, ACK, 10);
    let order = play.server_half().order.as_deref().unwrap();
    assert_eq!((order.overtaken, order.refilled), (0, 1));
}

#[test]
fn a_window_filled_to_the_last_byte() {
    // All windows are of 5000 bytes, and nothing is scaled.
    let play = Play::new()
        .server(501, 101, ACK, 1000)
        .server(1501, 101, ACK, 3500)
        .server(5001, 101, ACK, 500)
        .client(101, 5501, ACK, 0)
        .server(5501, 101, ACK, 1000);
    let w = play.server_half().windows;
    assert_eq!((w.segments, w.filled, w.largest_filled, w.unscaled), (4, 2, 5000, 0));
}

mod steady {
    use super::*;
    use proptest::prelude::*;

    /// A segment as it might come: whose, what it is, how long its payload is, and when.
    type Step = (bool, u8, u8, u8);

    #[derive(Clone, Copy, PartialEq)]
    enum How {
        New,
        /// With the identification of the one before.
        Again,
        /// Nothing more is taken in its turn.
        Alone,
    }

    /// A connection that takes segments in their turn as long as they come so.
    struct Turns {
        connection: Connection,
        turns: Option<InTurn>,
        taken: Vec<(usize, Segment<'static>, Moment)>,
    }

    impl Turns {
        fn segment(&mut self, from: usize, s: &Segment<'static>, at: Moment) -> Payload {
            let taken = self.turns.as_mut().map(|t| t.take(&mut self.connection, from, s, at));
            if let Some(Some(payload)) = taken {
                self.taken.push((from, *s, at));
                return payload;
            }
            self.stop();
            self.connection.segment(s, at)
        }

        fn stop(&mut self) {
            self.turns = None;
            for (from, s, at) in self.taken.drain(..) {
                self.connection.recall(from, &s, at);
            }
        }
    }

    /// Plays segments to a connection, to another one that asks all questions of each of them, and to one that
    /// takes them in their turn; how many were taken the short way, and how many in their turn.
    fn compare(scales: [Option<u8>; 2], begin: u8, steps: &[Step]) -> (usize, usize) {
        let mut at = Moment::default();
        let mut next = [100_u32, u32::MAX - 2000];
        let mut ids = [7_u16, 0];
        let mut both: Option<([Connection; 2], Turns)> = None;
        let (mut steady, mut in_turn) = (0, 0);
        let mut play = |client: bool, mut s: Segment<'static>, nanos: u64, how: How| {
            at.order += 1;
            at.frame.number += 1;
            at.time = at.time.plus(std::time::Duration::from_nanos(nanos));
            let side = usize::from(!client);
            ids[side] = ids[side].wrapping_add(u16::from(ids[side] != 0 && how != How::Again));
            s.ip_id = Some(ids[side]);
            s.syn_options.window_scale = scales[side].filter(|_| s.flags.syn());
            let ([one, other], third) = both.get_or_insert_with(|| {
                let new = Connection::new(&s, at);
                let turns = (begin == 0).then(InTurn::default);
                let third = Turns { connection: new.clone(), turns, taken: Vec::new() };
                ([new.clone(), new], third)
            });
            if how == How::Alone {
                third.stop();
            }
            steady += usize::from(one.in_order_now(&s));
            let payload = other.any_segment(&s, at);
            assert_eq!(one.segment(&s, at), payload);
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
            assert_eq!(third.segment(usize::from(s.src != other.initiator), &s, at), payload);
            in_turn += usize::from(third.turns.is_some());
            assert_eq!(format!("{:?}", third.connection), format!("{other:?}"));
        };
        let hello = [
            (true, segment(true, 99, 0, 2, &[])),
            (false, segment(false, next[1].wrapping_sub(1), 100, 0x12, &[])),
            (true, segment(true, 100, next[1], ACK, &[])),
        ];
        for (client, s) in hello.into_iter().skip(begin.into()) {
            play(client, s, 1_000_000, How::New);
        }
        static BYTES: [u8; 1460] = [0; 1460];
        for (number, (client, kind, len, gap)) in steps.iter().enumerate() {
            let (own, other) = if *client { (0, 1) } else { (1, 0) };
            let len = [0, 1, 100, 1460][usize::from(len % 4)];
            let mut s = segment(*client, next[own], next[other], ACK, &BYTES[..len]);
            let mut moves = true;
            match kind {
                0 => s = segment(*client, next[own], next[other], FIN, &BYTES[..len]),
                1 => s = segment(*client, next[own], next[other], RST, &[]),
                2 => (s.seq, moves) = (Seq(next[own].wrapping_sub(len as u32)), false),
                3 => (s.seq, moves) = (Seq(next[own].wrapping_add(1460)), false),
                4 => (s.ack, moves) = (Seq(next[other].wrapping_add(500)), true),
                5 => s.ack = Seq(next[other].wrapping_sub(300)),
                6 => s.window = 0,
                7 => s.ttl += 1,
                8 => s.payload = &s.payload[..len / 2],
                9 => (s.seq, moves) = (Seq(next[own].wrapping_sub(1)), false),
                10 => s = segment(*client, next[own], 0, 2, &[]),
                11 => s.window = 65_535,
                _ => {}
            }
            s.checksum = number as u16;
            if moves {
                let marks = s.flags.syn() || s.flags.fin();
                next[own] = next[own].wrapping_add(s.payload_len + u32::from(marks));
            }
            let nanos = [0, 900, 400_000, 2_000_000_000][usize::from(gap % 4)];
            play(*client, s, nanos, if *kind == 13 { How::Alone } else { How::New });
            if *kind == 12 {
                // Captured twice.
                play(*client, s, 500, How::Again);
            }
            if *kind == 14 && s.payload_len == 0 {
                // Others between a packet and the same one again.
                for checksum in [900, 901, s.checksum, 902, 903, 901] {
                    play(*client, Segment { checksum, ..s }, 500, How::Again);
                }
            }
        }
        (steady, in_turn)
    }

    #[test]
    fn what_is_in_order_is_taken_the_short_way() {
        let steps: Vec<Step> = (0..40).map(|n| (n % 3 == 0, 99, n % 4, n % 3)).collect();
        assert_eq!(compare([Some(7); 2], 0, &steps), (38, 43));
        let closing = [(true, 0, 1, 1), (false, 99, 0, 1), (false, 0, 0, 1), (true, 99, 0, 1)];
        let all = [&steps[..], &closing].concat();
        assert_eq!(compare([Some(7); 2], 0, &all), (38, 47));
    }

    proptest! {
        #[test]
        fn the_short_way_does_the_same(
            scales in any::<[Option<u8>; 2]>(),
            begin in 0..4u8,
            steps in prop::collection::vec((any::<bool>(), 0..40u8, any::<u8>(), any::<u8>()), 0..60),
        ) {
            compare(scales, begin, &steps);
        }
    }
}
