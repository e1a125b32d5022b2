//! Snapshots of sessions that are all open: packets through the analyser of live capture, and what
//! the dashboard's feed makes of them.

use std::time::Duration;

use divan::{Bencher, black_box};
use ftpscope::capture::live::Batch;
use ftpscope::capture::{CaptureFacts, FrameRef, LinkType, Moment, Packet, Recent, Timestamp};
use ftpscope::engine::Options;
use ftpscope::tui::{LiveView, Publisher};

use crate::SESSIONS;
use crate::traffic::Session;

/// Between two packets of the beginning.
const STEP: Duration = Duration::from_micros(10);
/// Between two snapshots: open sessions are looked at each time.
const ROUND: Duration = Duration::from_millis(100);

/// An interface on which 10,000 sessions are open.
struct Interface {
    view: LiveView,
    publisher: Publisher,
    sessions: Vec<Session>,
    frames: Vec<(Moment, Vec<u8>)>,
    order: u64,
    now: Timestamp,
}

impl Interface {
    /// Logged in, PASV, and the data connection under way; every one of them looked at.
    fn new() -> Self {
        let facts = CaptureFacts { files: vec!["live:eth0".to_owned()], ..CaptureFacts::default() };
        let options = Options::default();
        let view = LiveView::new("eth0".to_owned(), facts, false, Recent::default(), &options);
        let sessions = (0..SESSIONS as u32).map(|n| Session::new(n, u32::MAX)).collect();
        let (order, now) = (0, Timestamp::from_nanos(1_800_000_000_000_000_000));
        let publisher = Publisher::default();
        let mut new = Self { view, publisher, sessions, frames: Vec::new(), order, now };
        while !new.sessions.iter().all(Session::transfers) {
            new.packets(1, STEP);
        }
        new.packets(1, STEP);
        // Beyond the 2 s in which a session has no number, and until all were looked at.
        for _ in 0..100 {
            new.wait();
            let batch = new.batch();
            new.look(&batch);
        }
        assert_eq!(new.publisher.newest().entries.len(), SESSIONS);
        new
    }

    /// A packet of every session of which the number is divisible by `every`.
    fn packets(&mut self, every: usize, step: Duration) {
        for session in self.sessions.iter_mut().step_by(every) {
            let mut frame = Vec::new();
            assert!(session.next(&mut frame));
            self.order += 1;
            self.now = self.now.plus(step);
            let number = u32::try_from(self.order).unwrap();
            let frame_ref = FrameRef { file: 0, number };
            let moment = Moment { order: self.order, time: self.now, frame: frame_ref };
            self.frames.push((moment, frame));
        }
    }

    fn wait(&mut self) {
        self.now = self.now.plus(ROUND);
    }

    /// What has come since the last one.
    fn batch(&mut self) -> Batch {
        let packets = self.frames.iter().map(|(moment, data)| Packet {
            moment: *moment,
            link: LinkType::ETHERNET,
            wire_len: data.len() as u32,
            data,
        });
        let batch = Batch::of(packets, self.now);
        self.frames.clear();
        batch
    }

    /// A batch without packets: the clock goes on, and that is when open sessions are looked at.
    fn look(&mut self, batch: &Batch) {
        self.view.take(batch, |_| ());
        self.publisher.publish(self.view.snapshot());
    }
}

/// Snapshots one after another; before each one, untimed, a packet of every so many sessions.
fn snapshots(bencher: Bencher<'_, '_>, every: Option<usize>) {
    let interface = std::cell::RefCell::new(Interface::new());
    bencher
        .with_inputs(|| {
            let mut interface = interface.borrow_mut();
            if let Some(every) = every {
                interface.packets(every, Duration::from_micros(1));
                let packets = interface.batch();
                // Less than the time between two looks.
                interface.view.take(&packets, |_| ());
            }
            interface.wait();
            interface.batch()
        })
        .bench_local_values(|batch| interface.borrow_mut().look(black_box(&batch)));
}

/// Nothing changed but the time.
#[divan::bench]
fn live_snapshot_quiet(bencher: Bencher<'_, '_>) {
    snapshots(bencher, None);
}

/// Every tenth session had a packet since the last one.
#[divan::bench]
fn live_snapshot_a_tenth(bencher: Bencher<'_, '_>) {
    snapshots(bencher, Some(10));
}

/// All of them had.
#[divan::bench]
fn live_snapshot_all(bencher: Bencher<'_, '_>) {
    snapshots(bencher, Some(1));
}
