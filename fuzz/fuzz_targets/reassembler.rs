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
    let mut reached: Option<u64> = None;
    let mut check = |chunk: Chunk<'_>| {
        let (begin, end) = match chunk {
            Chunk::Data { bytes, end, .. } => {
                let begin = end - bytes.len() as u64;
                assert!(bytes.iter().zip(begin..).all(|(b, at)| *b == byte(at)));
                (begin, end)
            }
            Chunk::Gap { bytes, end, .. } => (end - bytes, end),
        };
        assert!(reached.is_none_or(|r| r == begin));
        reached = Some(end);
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
