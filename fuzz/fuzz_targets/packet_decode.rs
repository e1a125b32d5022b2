//! Any bytes of any link type: decoded in one decoder, so that fragments meet.
//!
//! The first byte chooses the link type; then packets, each behind a byte with its length and one
//! with how much of it the snap length cut.

#![no_main]

use ftpscope::capture::{FrameRef, LinkType, Moment, Packet, Timestamp};
use ftpscope::decode::{Decoded, Decoder};
use libfuzzer_sys::fuzz_target;

const LINKS: [u16; 18] =
    [0, 1, 9, 50, 51, 101, 104, 105, 108, 113, 119, 127, 163, 192, 228, 229, 239, 276];

fuzz_target!(|input: &[u8]| {
    let Some((&first, mut rest)) = input.split_first() else { return };
    let link = LinkType(LINKS[usize::from(first) % LINKS.len()]);
    let mut decoder = Decoder::new();
    let mut order = 0;
    while let [len, cut, after @ ..] = rest {
        let (data, next) = after.split_at(after.len().min(usize::from(*len)));
        rest = next;
        order += 1;
        let number = order as u32;
        let moment = Moment {
            order,
            time: Timestamp::from_nanos(order as i64 * 1_000_000),
            frame: FrameRef { file: 0, number },
        };
        let wire_len = (data.len() + usize::from(*cut)) as u32;
        if let Decoded::Segment(s) = decoder.decode(&Packet { moment, link, wire_len, data }) {
            assert!(s.payload.len() <= s.payload_len as usize);
        }
    }
});
