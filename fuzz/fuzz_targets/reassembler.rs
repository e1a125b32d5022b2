//! Segments of one stream in any order, overlapping, cut, lost: what comes out is that stream, in
//! order, with each byte once and gaps where bytes are missing.

#![no_main]

use ftpscope::capture::{FrameRef, Moment, Timestamp};
use ftpscope::tcp::{Chunk, Reassembler};
use libfuzzer_sys::fuzz_target;

fn byte(offset: u64) -> u8 {
    (offset.wrapping_mul(0x9e37_79b9) >> 16) as u8
}

fuzz_target!(|input: &[u8]| {
    let mut reassembler = Reassembler::default();
    reassembler.start_at(0);
    let mut reached = 0;
    let mut check = |chunk: Chunk<'_>| match chunk {
        Chunk::Data { bytes, end, .. } => {
            assert!(bytes.iter().zip(reached..).all(|(b, at)| *b == byte(at)));
            reached += bytes.len() as u64;
            // Of a segment that was cut, the rest follows as a gap.
            assert!(reached <= end);
        }
        Chunk::Gap { bytes, end, .. } => {
            reached += bytes;
            assert!(reached == end);
        }
    };
    let mut farthest = 0;
    for (n, step) in input.chunks_exact(6).enumerate() {
        let [a, b, len, cut, time, acked] = step else { return };
        let offset = u64::from(u16::from_be_bytes([*a, *b]));
        let (len, order) = (u32::from(*len), n as u64 + 1);
        farthest = farthest.max(offset + u64::from(len));
        let captured = len.saturating_sub(u32::from(cut.saturating_sub(128)));
        let bytes: Vec<u8> = (offset..offset + u64::from(captured)).map(byte).collect();
        let time = Timestamp::from_nanos(n as i64 * 1_000_000 * i64::from(*time));
        let at = Moment { order, time, frame: FrameRef { file: 0, number: order as u32 } };
        let acked = (acked % 2 == 1).then_some(farthest);
        reassembler.segment(offset, &bytes, len, at, acked, &mut check);
        assert!(reassembler.position().is_some());
    }
    reassembler.finish(Some(farthest), &mut check);
    assert!(reassembler.waiting_since().is_none() || input.len() < 6);
});
