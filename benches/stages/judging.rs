//! Finished sessions to verdicts, and verdicts to JSON.

use std::sync::LazyLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ftpscope::capture::{FrameRef, Moment, Reader};
use ftpscope::diagnose::{Judged, Status, judge, judge_briefly};
use ftpscope::engine::{Analyser, Analysis, Options};
use ftpscope::report::json;

use crate::material::{packet, planned};

/// Sessions of a document.
const SESSIONS: usize = 1000;

/// Sessions of which so many of a thousand have a passive port that never answers, or refuses.
fn judged(sessions: u64, faults: u64) -> Vec<Judged> {
    let bytes = planned("chatty", sessions, |p| p.faults_per_thousand = faults);
    let mut analyser = Analyser::new(&Options::default());
    let mut reader = Reader::new(&bytes[..], 0).unwrap();
    while let Some(p) = reader.next() {
        let frame = FrameRef { file: 0, number: p.number };
        let moment = Moment { order: p.number.into(), time: p.time, frame };
        analyser.packet(&packet(p.data, moment));
    }
    analyser.finish();
    analyser.judged()
}

static HEALTHY: LazyLock<Judged> = LazyLock::new(|| {
    let first = judged(20, 0).into_iter().next().unwrap();
    assert_eq!(first.status, Status::Healthy);
    first
});

static STALLED: LazyLock<Judged> = LazyLock::new(|| {
    let stalled = judged(20, 1000).into_iter().find(is_unanswered).unwrap();
    assert_eq!(stalled.status, Status::Stalled);
    stalled
});

fn is_unanswered(j: &Judged) -> bool {
    j.diagnoses.iter().any(|d| d.code == "data-syn-unanswered")
}

/// The two by name.
fn named(name: &str) -> &'static Judged {
    if name == "stalled" { &STALLED } else { &HEALTHY }
}

/// All rules over one session.
#[divan::bench(args = ["healthy", "stalled"], sample_size = 100)]
fn judge_session(bencher: Bencher<'_, '_>, name: &str) {
    let session = &named(name).session;
    bencher.with_inputs(|| session.clone()).bench_local_values(judge);
}

/// The same for those who read problems alone.
#[divan::bench(args = ["healthy", "stalled"], sample_size = 100)]
fn judge_session_briefly(bencher: Bencher<'_, '_>, name: &str) {
    let session = &named(name).session;
    bencher.with_inputs(|| session.clone()).bench_local_values(judge_briefly);
}

/// A session's line.
#[divan::bench(args = ["healthy", "stalled"], sample_size = 100)]
fn ndjson(bencher: Bencher<'_, '_>, name: &str) {
    let judged = named(name);
    let mut line = Vec::new();
    json::session_line(judged, &mut line).unwrap();
    bencher.counter(BytesCount::new(line.len())).bench_local(|| {
        line.clear();
        json::session_line(black_box(judged), &mut line).unwrap();
    });
}

/// A document of a thousand sessions, on one thread: its milliseconds are microseconds of a session.
#[divan::bench(args = ["healthy", "stalled"], sample_count = 20)]
fn json_of_1000(bencher: Bencher<'_, '_>, name: &str) {
    let sessions = vec![named(name).clone(); SESSIONS];
    let analysis = Analysis { sessions, ..Analysis::default() };
    let summary = json::summary(analysis.sessions.iter());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut document = Vec::new();
    json::document(&analysis, &summary, |_| true, &mut document).unwrap();
    let (items, bytes) = (ItemsCount::new(SESSIONS), BytesCount::new(document.len()));
    bencher.counter(items).counter(bytes).bench_local(|| {
        document.clear();
        pool.install(|| json::document(&analysis, &summary, |_| true, &mut document)).unwrap();
    });
}

/// The same written session by session as they end, which are all different.
#[divan::bench(args = ["healthy", "stalled"], sample_count = 20)]
fn json_of_1000_as_they_end(bencher: Bencher<'_, '_>, name: &str) {
    let sessions: Vec<Judged> = match name {
        "stalled" => judged(4000, 1000).into_iter().filter(is_unanswered).take(SESSIONS).collect(),
        _ => judged(SESSIONS as u64, 0),
    };
    assert_eq!(sessions.len(), SESSIONS);
    let (analysis, summary) = (Analysis::default(), json::summary(sessions.iter()));
    let mut document = Vec::new();
    let mut written = || {
        document.clear();
        let mut rendered = json::Rendered::default();
        sessions.iter().for_each(|j| rendered.add(j));
        rendered.document(&analysis, &summary, &mut document).unwrap();
        document.len()
    };
    let (items, bytes) = (ItemsCount::new(SESSIONS), BytesCount::new(written()));
    bencher.counter(items).counter(bytes).bench_local(written);
}
