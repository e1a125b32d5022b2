//! Any bytes as a capture file: read, analysed, reported. `samples/` makes a good corpus.

#![no_main]

use ftpscope::capture::{FrameRef, Moment, Packet, Reader};
use ftpscope::engine::{Analyser, Options};
use ftpscope::report::json::session_line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(mut reader) = Reader::new(input, 0) else { return };
    let mut analyser = Analyser::new(&Options::default());
    let mut order = 0;
    while let Some(raw) = reader.next() {
        order += 1;
        let frame = FrameRef { file: 0, number: raw.number };
        analyser.packet(&Packet {
            moment: Moment { order, time: raw.time, frame },
            link: raw.link,
            wire_len: raw.wire_len,
            data: raw.data,
        });
        if order % 64 == 0 {
            analyser.open_sessions(usize::MAX);
        }
    }
    analyser.finish();
    for judged in analyser.judged() {
        let mut line = Vec::new();
        session_line(&judged, &mut line).unwrap();
    }
});
