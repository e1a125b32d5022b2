use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::capture::{FrameRef, Timestamp};
use crate::decode::Flags;
use crate::pack::{Pack, Packer};
use crate::tcp::Connection;

type Text = Backlog<1152, true>;
type Bare = Backlog<224, false>;

/// How a segment differs from one that is just as expected.
#[derive(Clone, Debug)]
struct Odd {
    from: usize,
    payload: Vec<u8>,
    fin: bool,
    window: u16,
    ttl: u8,
    ip_id: Option<u16>,
    ack_less: u32,
    nanos: i64,
    packets: u64,
    flags: u8,
}

fn odd() -> impl Strategy<Value = Odd> {
    let window = prop_oneof![Just(500_u16), any::<u16>()];
    let ttl = prop_oneof![9 => Just(64_u8), 1 => any::<u8>()];
    let ip_id = prop_oneof![Just(None), any::<u16>().prop_map(Some)];
    let ack_less = prop_oneof![3 => Just(0_u32), 1 => any::<u32>()];
    let nanos = prop_oneof![9 => 0..90_000_000_i64, 1 => -5..5_000_000_000_i64];
    let packets = prop_oneof![9 => 1..40_u64, 1 => 1..20_000_000_u64];
    let flags = prop_oneof![5 => Just(0x10_u8), 4 => Just(0x18), 1 => any::<u8>()];
    let payload = prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u8>(), 0..60)];
    let all = (0..2_usize, payload, prop::bool::weighted(0.1), window, ttl, ip_id);
    (all, ack_less, nanos, packets, flags).prop_map(|(all, ack_less, nanos, packets, flags)| {
        let (from, payload, fin, window, ttl, ip_id) = all;
        Odd { from, payload, fin, window, ttl, ip_id, ack_less, nanos, packets, flags }
    })
}

fn ends() -> [Endpoint; 2] {
    let ip = |last: u8| IpAddr::from([192, 0, 2, last]);
    [Endpoint::new(ip(1), 40_000), Endpoint::new(ip(2), 21)]
}

/// Segments of a connection from its SYN on, some of which are out of turn.
struct Play {
    next: [u32; 2],
    at: Moment,
}

impl Play {
    fn new() -> Self {
        let frame = FrameRef { file: 0, number: 7 };
        Self {
            next: [u32::MAX - 3, 9000],
            at: Moment { order: 7, time: Timestamp::from_nanos(1_000), frame },
        }
    }

    fn segment<'a>(&mut self, o: &'a Odd) -> (Segment<'a>, Moment) {
        let [initiator, responder] = ends();
        let (src, dst) = if o.from == 0 { (initiator, responder) } else { (responder, initiator) };
        let flags = o.flags | u8::from(o.fin);
        let payload_len = o.payload.len() as u32;
        let segment = Segment {
            src,
            dst,
            seq: Seq(self.next[o.from]),
            ack: Seq(self.next[1 - o.from].wrapping_sub(o.ack_less)),
            flags: Flags(flags),
            window: o.window,
            ttl: o.ttl,
            ip_id: o.ip_id,
            payload: &o.payload,
            payload_len,
            checksum: o.window ^ o.ack_less as u16,
            syn_options: SynOptions::default(),
        };
        self.at = Moment {
            order: self.at.order + o.packets,
            time: Timestamp::from_nanos(self.at.time.nanos() + o.nanos),
            frame: FrameRef { file: 0, number: self.at.frame.number + o.packets as u32 },
        };
        (segment, self.at)
    }

    /// It was one that came in turn.
    fn passed(&mut self, s: &Segment<'_>) {
        let from = usize::from(s.src == ends()[1]);
        let marks = u32::from(s.flags.syn()) + u32::from(s.flags.fin());
        self.next[from] = self.next[from].wrapping_add(s.payload_len + marks);
    }
}

fn plain(from: usize, flags: u8) -> Odd {
    Odd {
        from,
        payload: Vec::new(),
        fin: false,
        window: 500,
        ttl: 64,
        ip_id: None,
        ack_less: 0,
        nanos: 10,
        packets: 1,
        flags,
    }
}

/// Notes all that fits, and returns what should come of it: each segment, and the connection they make.
fn noted<const ROOM: usize, const TEXT: bool>(
    all: &[Odd],
) -> (Backlog<ROOM, TEXT>, Vec<String>, Connection) {
    let mut play = Play::new();
    let syn = Odd { ack_less: play.next[1], ..plain(0, SYN) };
    let (s, at) = play.segment(&syn);
    let s = Segment { syn_options: SynOptions { mss: Some(1460), ..s.syn_options }, ..s };
    let mut notes = Backlog::default();
    assert!(Backlog::<ROOM, TEXT>::begins(&s));
    notes.dial(&s, at);
    let [initiator, responder] = ends();
    let mut connection = Connection::dialled(initiator, responder, at);
    let mut want = vec![format!("{s:?} {at:?}")];
    connection.segment(&s, at);
    play.passed(&s);
    let shake = [plain(1, SYN | ACK), plain(0, ACK)];
    for o in shake.iter().chain(all) {
        let before = play.at;
        let (s, at) = play.segment(o);
        let Some(from) = notes.fits(&s, at) else {
            play.at = before;
            continue;
        };
        notes.note(from, &s, at);
        connection.segment(&s, at);
        play.passed(&s);
        let kept = if TEXT { o.payload.clone() } else { vec![0; o.payload.len()] };
        want.push(format!("{:?} {at:?}", Segment { payload: &kept, ..s }));
    }
    (notes, want, connection)
}

fn told<const ROOM: usize, const TEXT: bool>(notes: &Backlog<ROOM, TEXT>) -> Vec<String> {
    let mut told = Vec::new();
    notes.each(|_, s, at| told.push(format!("{s:?} {at:?}")));
    told
}

fn packed_and_back<T: Pack>(value: &T) -> T {
    let packed = Packer::default().packed(value).unwrap();
    Packer::default().unpacked(&packed).unwrap()
}

proptest! {
    #[test]
    fn what_is_noted_comes_as_it_was(all in prop::collection::vec(odd(), 0..60)) {
        let (notes, want, connection) = noted::<1152, true>(&all);
        prop_assert_eq!(&told(&notes), &want);
        prop_assert_eq!(told(&packed_and_back::<Text>(&notes)), want);
        prop_assert_eq!(notes.state(), connection.state());
        prop_assert_eq!(notes.worked(), connection.worked());
        prop_assert_eq!(notes.is_over(), connection.ended());
        prop_assert_eq!(notes.last().order, connection.last.order);
        let (notes, want, connection) = noted::<224, false>(&all);
        prop_assert_eq!(&told(&notes), &want);
        prop_assert_eq!(told(&packed_and_back::<Bare>(&notes)), want);
        prop_assert_eq!(notes.state(), connection.state());
    }

    #[test]
    fn what_rests_comes_back_as_it_was(
        all in prop::collection::vec(odd(), 0..20),
        six in any::<bool>(),
        options in any::<[(Option<u16>, Option<u8>, bool); 2]>(),
        file in prop_oneof![Just(0_u32), any::<u32>()],
    ) {
        let (mut notes, ..) = noted::<1152, true>(&all);
        if six {
            notes.ends[1].ip = IpAddr::from([7_u16; 8]);
        }
        notes.options =
            options.map(|(mss, window_scale, sack)| SynOptions { mss, window_scale, sack });
        notes.last.frame.file = file;
        prop_assert_eq!(format!("{:?}", packed_and_back(&notes)), format!("{notes:?}"));
    }

    /// Other bytes than were ever packed are refused, or mean something else.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Some(notes) = Packer::default().unpacked::<Text>(&bytes) {
            notes.each(|_, _, _| {});
        }
    }
}

#[test]
fn what_comes_out_of_turn_is_not_noted() {
    let mut play = Play::new();
    let syn = Odd { ack_less: 9000, ..plain(0, SYN) };
    let (s, at) = play.segment(&syn);
    let mut notes = Text::default();
    notes.dial(&s, at);
    assert!(!Text::begins(&Segment { flags: Flags(SYN | ACK), ..s }));
    play.passed(&s);
    // The SYN again; then its answer, and the ACK.
    assert!(notes.fits(&s, at).is_none());
    for o in [plain(1, SYN | ACK), plain(0, ACK)] {
        let (s, at) = play.segment(&o);
        assert_eq!(notes.fits(&s, at), Some(o.from));
        notes.note(o.from, &s, at);
        play.passed(&s);
    }
    let said = Odd { payload: b"USER a".to_vec(), ..plain(0, 0x18) };
    let (s, at) = play.segment(&said);
    assert_eq!(notes.fits(&s, at), Some(0));
    let other = |s: Segment<'_>, at: Moment| assert!(notes.fits(&s, at).is_none(), "{s:?} {at:?}");
    other(Segment { seq: s.seq.plus(1), ..s }, at);
    other(Segment { seq: Seq(s.seq.0.wrapping_sub(1)), ..s }, at);
    other(Segment { flags: Flags(RST), ..s }, at);
    other(Segment { flags: Flags(ACK | URG), ..s }, at);
    other(Segment { flags: Flags(SYN | ACK), ..s }, at);
    other(Segment { payload: b"USER", ..s }, at);
    other(s, Moment { frame: FrameRef { file: 1, ..at.frame }, ..at });
    other(s, Moment { time: Timestamp::from_nanos(0), ..at });
    other(s, Moment { time: at.time.plus(std::time::Duration::from_secs(5)), ..at });
    let [_, server] = ends();
    other(Segment { src: server, dst: s.src, ..s }, at);
}

const RST: u8 = 0x14;
const URG: u8 = 0x20;
