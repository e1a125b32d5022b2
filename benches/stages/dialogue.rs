//! One session through the engine, from SYN to the closing point.

use std::cell::RefCell;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use ftpscope::engine::Engine;
use ftpscope::session::Session as Finished;

use crate::material::{Clock, Kept};
use crate::traffic::Session;

/// Between two packets.
const STEP: Duration = Duration::from_millis(1);
/// Until an ended session is at its closing point.
const LATER: Duration = Duration::from_secs(3);

/// The packets of a session that downloads two full segments.
fn packets(number: u32) -> Vec<Kept> {
    let mut session = Session::new(number, 2);
    let mut frame = Vec::new();
    let mut packets = Vec::new();
    while session.next(&mut frame) {
        packets.push(Kept::new(&frame));
    }
    packets
}

/// An engine that takes notes, or one that takes each segment when it comes.
fn engine<const NOTES: bool>() -> Engine {
    let mut engine = Engine::new(&[]);
    if NOTES {
        engine.take_notes();
    }
    engine
}

/// The sessions at their closing point.
fn put_together(engine: &mut Engine) -> Vec<Box<Finished>> {
    engine.take_finished().into_iter().map(|closed| closed.session()).collect()
}

/// The same, of so many sessions in turn, a packet of each: what they need no longer fits into the
/// caches.
#[divan::bench(args = [100, 1000, 10_000], consts = [false, true], sample_count = 10)]
fn sessions_in_turn<const NOTES: bool>(bencher: Bencher<'_, '_>, together: usize) {
    let state = RefCell::new((engine::<NOTES>(), Clock::new(), 0));
    let count = packets(0).len();
    let inputs = || {
        let mut state = state.borrow_mut();
        let from = state.2;
        state.2 += together as u32;
        let sessions: Vec<Vec<Kept>> = (from..state.2).map(packets).collect();
        let mut all = Vec::new();
        let mut sessions: Vec<_> = sessions.into_iter().map(Vec::into_iter).collect();
        for _ in 0..count {
            for session in &mut sessions {
                all.push((session.next().unwrap(), state.1.next(STEP / 100)));
            }
        }
        (all, state.1.next(LATER))
    };
    bencher.counter(ItemsCount::new(count * together)).with_inputs(inputs).bench_local_refs(
        |(packets, later)| {
            let engine = &mut state.borrow_mut().0;
            for (kept, at) in packets {
                engine.segment(&kept.segment(), *at);
            }
            engine.advance(*later);
            let finished = put_together(engine);
            assert_eq!(finished.len(), together);
            finished
        },
    );
}

/// Login, PASV, download, QUIT; then the closing point, and the finished session.
#[divan::bench(consts = [false, true], sample_size = 100)]
fn session_from_syn_to_closing_point<const NOTES: bool>(bencher: Bencher<'_, '_>) {
    let engine = RefCell::new((engine::<NOTES>(), Clock::new(), 0));
    let count = packets(0).len();
    let inputs = || {
        let mut all = engine.borrow_mut();
        all.2 += 1;
        let packets = packets(all.2);
        let packets = packets.into_iter().map(|p| (p, all.1.next(STEP))).collect::<Vec<_>>();
        (packets, all.1.next(LATER))
    };
    bencher.counter(ItemsCount::new(count)).with_inputs(inputs).bench_local_refs(
        |(packets, later)| {
            let engine = &mut engine.borrow_mut().0;
            for (kept, at) in packets {
                engine.segment(&kept.segment(), *at);
            }
            engine.advance(*later);
            let finished = put_together(engine);
            assert!(matches!(&finished[..], [session] if session.transfers.len() == 1));
            finished
        },
    );
}
