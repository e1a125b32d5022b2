//! Any bytes as a capture file: read, analysed with notes and without, reported alike. `samples/` makes a
//! good corpus.

#![no_main]

use ftpscope::capture::{FrameRef, Moment, Packet, Reader};
use ftpscope::engine::{Analyser, Options};
use ftpscope::report::json::session_line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(mut reader) = Reader::new(input, 0) else { return };
    let mut analyser = Analyser::new(&Options::default());
    let mut noting = Analyser::new(&Options::default());
    noting.take_notes();
    let mut order = 0;
    while let Some(raw) = reader.next() {
        order += 1;
        let frame = FrameRef { file: 0, number: raw.number };
        let packet = Packet {
            moment: Moment { order, time: raw.time, frame },
            link: raw.link,
            wire_len: raw.wire_len,
            data: raw.data,
        };
        analyser.packet(&packet);
        noting.packet(&packet);
        if order % 64 == 0 {
            analyser.open_sessions(usize::MAX);
        }
    }
    let [plain, noted] = [analyser, noting].map(|mut analyser| {
        analyser.finish();
        let mut lines = Vec::new();
        for judged in analyser.judged() {
            session_line(&judged, &mut lines).unwrap();
        }
        lines
    });
    assert_eq!(plain, noted);
});
