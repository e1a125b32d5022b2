//! What the dashboard costs with 10,000 sessions: `cargo bench --bench dashboard`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::path::Path;
use std::sync::{Arc, LazyLock};

use divan::{Bencher, black_box};
use ftpscope::capture::{self, OpenOptions};
use ftpscope::diagnose::Judged;
use ftpscope::engine::{self, Options};
use ftpscope::tui::{Action, App, Entry, Settings, Snapshot, draw, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

#[cfg(all(unix, feature = "live"))]
mod live_sessions;
#[cfg(all(unix, feature = "live"))]
#[path = "../traffic/mod.rs"]
mod traffic;

const SESSIONS: usize = 10_000;

fn main() {
    divan::main();
}

/// The sessions of all samples, again and again.
static JUDGED: LazyLock<Vec<Judged>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let opened = capture::open(&[folder], &OpenOptions::default());
    engine::analyse(opened.source, &Options::default()).sessions
});

static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let entries = (1..=SESSIONS as u64).zip(JUDGED.iter().cycle()).map(|(id, judged)| {
        let mut judged = judged.clone();
        judged.session.id = id;
        judged.session.first.order = id;
        Arc::new(Entry::new(judged))
    });
    Snapshot { generation: 1, entries: entries.collect(), ..Snapshot::default() }
});

fn app() -> App {
    let mut app = App::new(Settings::default(), (140, 45)).unwrap();
    app.show(Arc::new(SNAPSHOT.clone()));
    app
}

/// A picture of the list.
#[divan::bench]
fn frame_of_the_list(bencher: Bencher<'_, '_>) {
    let app = app();
    let mut terminal = Terminal::new(TestBackend::new(140, 45)).unwrap();
    bencher.bench_local(|| {
        terminal.draw(|frame| draw(black_box(&app), frame)).unwrap();
    });
}

/// A picture of an open session.
#[divan::bench]
fn frame_of_a_ladder(bencher: Bencher<'_, '_>) {
    let mut app = app();
    update(&mut app, Action::Open);
    let mut terminal = Terminal::new(TestBackend::new(140, 45)).unwrap();
    bencher.bench_local(|| {
        terminal.draw(|frame| draw(black_box(&app), frame)).unwrap();
    });
}

/// A key: the cursor moves.
#[divan::bench]
fn key(bencher: Bencher<'_, '_>) {
    let mut app = app();
    bencher.bench_local(|| update(black_box(&mut app), Action::Move(1)));
}

/// A new snapshot arrives: the list is filtered and sorted anew.
#[divan::bench]
fn snapshot_shown(bencher: Bencher<'_, '_>) {
    let mut app = app();
    let mut generation = 1;
    bencher.bench_local(|| {
        generation += 1;
        let mut snapshot = SNAPSHOT.clone();
        snapshot.generation = generation;
        app.show(Arc::new(snapshot));
    });
}

/// A snapshot in which every tenth session is new.
#[divan::bench]
fn snapshot_made(bencher: Bencher<'_, '_>) {
    let changed: Vec<Arc<Judged>> =
        SNAPSHOT.entries.iter().step_by(10).map(|e| e.judged.clone()).collect();
    bencher.with_inputs(|| (changed.clone(), SNAPSHOT.clone())).bench_local_values(
        |(changed, mut snapshot)| {
            for (judged, entry) in changed.into_iter().zip(snapshot.entries.iter_mut().step_by(10))
            {
                *entry = Arc::new(Entry::new(judged));
            }
            snapshot
        },
    );
}
