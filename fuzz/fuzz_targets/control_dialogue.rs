//! Anything said on a control connection: diagnosed and reported.
//!
//! The input is a series of segments, each behind two bytes: the highest bit of the first says who
//! speaks, its other bits how long in hundredths of a second the silence before was; the second is
//! the length.

#![no_main]

use ftpscope::capture::{FrameRef, LinkType, Moment, Packet, Timestamp};
use ftpscope::engine::{Analyser, Options};
use ftpscope::report::json::session_line;
use libfuzzer_sys::fuzz_target;

const SYN: u8 = 2;
const ACK: u8 = 0x10;
const DATA: u8 = 0x18;

/// One control connection, side 0 the client.
struct Connection {
    analyser: Analyser,
    /// The next sequence number of each side.
    next: [u32; 2],
    nanos: i64,
    packets: u64,
}

impl Connection {
    fn send(&mut self, side: usize, flags: u8, payload: &[u8]) {
        const ADDRESSES: [[u8; 4]; 2] = [[192, 0, 2, 1], [198, 51, 100, 1]];
        const PORTS: [u16; 2] = [40000, 21];
        let length = (40 + payload.len()) as u16;
        let mut p = vec![0x45, 0];
        p.extend(length.to_be_bytes());
        p.extend([0, 1, 0x40, 0, 64 - side as u8, 6, 0, 0]);
        p.extend([ADDRESSES[side], ADDRESSES[1 - side]].concat());
        p.extend(PORTS[side].to_be_bytes());
        p.extend(PORTS[1 - side].to_be_bytes());
        p.extend(self.next[side].to_be_bytes());
        p.extend(self.next[1 - side].to_be_bytes());
        p.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        p.extend(payload);
        self.packets += 1;
        let moment = Moment {
            order: self.packets,
            time: Timestamp::from_nanos(self.nanos),
            frame: FrameRef { file: 0, number: self.packets as u32 },
        };
        let wire_len = p.len() as u32;
        self.analyser.packet(&Packet { moment, link: LinkType::RAW, wire_len, data: &p });
        let advance = payload.len() as u32 + u32::from(flags & SYN != 0);
        self.next[side] = self.next[side].wrapping_add(advance);
    }
}

fuzz_target!(|input: &[u8]| {
    let analyser = Analyser::new(&Options::default());
    let mut c = Connection { analyser, next: [1000, 9000], nanos: 0, packets: 0 };
    c.send(0, SYN, b"");
    c.send(1, SYN | ACK, b"");
    c.send(0, ACK, b"");
    let mut rest = input;
    while let [how, len, after @ ..] = rest {
        let (said, next) = after.split_at(after.len().min(usize::from(*len)));
        rest = next;
        c.nanos += i64::from(how & 0x7f) * 10_000_000 + 1_000_000;
        c.send(usize::from(how >> 7), DATA, said);
    }
    c.analyser.finish();
    for judged in c.analyser.judged() {
        let mut line = Vec::new();
        session_line(&judged, &mut line).unwrap();
    }
});
