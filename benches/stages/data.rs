//! Segments that the engine counts: of data connections, and of what is no FTP.

use std::cell::RefCell;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use ftpscope::capture::Moment;
use ftpscope::engine::{Engine, Matters};

use crate::material::{Clock, Kept, PACKETS};
use crate::traffic::Session;

const STEP: Duration = Duration::from_micros(1);

/// Sessions in the middle of a download, and the engine that follows them.
struct Downloads {
    engine: Engine,
    clock: Clock,
    sessions: Vec<Session>,
    turn: usize,
}

impl Downloads {
    fn new(count: usize) -> Self {
        let sessions = (0..count as u32).map(|n| Session::new(n, u32::MAX)).collect();
        let mut new = Self { engine: Engine::new(&[]), clock: Clock::new(), sessions, turn: 0 };
        while !new.sessions.iter().all(Session::transfers) {
            for _ in 0..count {
                let (kept, at) = new.next();
                new.engine.segment(&kept.segment(), at);
            }
        }
        let (kept, at) = new.next();
        assert_eq!(new.engine.segment(&kept.segment(), at), Matters::Data);
        new
    }

    /// The next packet, of the next session.
    fn next(&mut self) -> (Kept, Moment) {
        let mut frame = Vec::new();
        let turn = self.turn % self.sessions.len();
        assert!(self.sessions[turn].next(&mut frame));
        self.turn += 1;
        (Kept::new(&frame), self.clock.next(STEP))
    }
}

/// Full segments and their ACKs, in order, of so many downloads in turn.
#[divan::bench(args = [1, 100, 10_000])]
fn data_packets(bencher: Bencher<'_, '_>, downloads: usize) {
    let all = RefCell::new(Downloads::new(downloads));
    let inputs = || (0..PACKETS).map(|_| all.borrow_mut().next()).collect::<Vec<_>>();
    bencher.counter(ItemsCount::new(PACKETS)).with_inputs(inputs).bench_local_refs(|packets| {
        let mut all = all.borrow_mut();
        for (kept, at) in packets {
            all.engine.segment(&kept.segment(), *at);
        }
    });
}

/// Segments in which the engine has no interest: one lookup that finds nothing, while so many
/// downloads are followed.
#[divan::bench(args = [1, 10_000])]
fn other_packets(bencher: Bencher<'_, '_>, downloads: usize) {
    let all = RefCell::new(Downloads::new(downloads));
    let inputs = || {
        let mut all = all.borrow_mut();
        let other = |n: usize| {
            let (mut kept, at) = all.next();
            kept.change_ports(443, 40_000 + (n % 20_000) as u16);
            (kept, at)
        };
        (0..PACKETS).map(other).collect::<Vec<_>>()
    };
    bencher.counter(ItemsCount::new(PACKETS)).with_inputs(inputs).bench_local_refs(|packets| {
        let mut all = all.borrow_mut();
        for (kept, at) in packets {
            let matters = all.engine.segment(&kept.segment(), *at);
            assert_eq!(matters, Matters::No);
        }
    });
}
