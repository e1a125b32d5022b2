//! Open sessions judged while their packets come: what is said early is still true at the end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ftpscope::capture::{OpenOptions, Timestamp, open};
use ftpscope::diagnose::{Diagnosis, Judged, Means, Severity, find};
use ftpscope::engine::{Analyser, Options};

/// How often a live view looks.
const STEP: Duration = Duration::from_millis(250);

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"))
        .collect();
    all.sort();
    all
}

/// Plays a capture as if it came from an interface; calls `look` as often as a live view looks.
fn play(file: &Path, mut look: impl FnMut(Timestamp, &mut Analyser)) -> Vec<Judged> {
    let mut source = open(&[file.to_owned()], &OpenOptions::default()).source;
    let mut analyser = Analyser::new(&Options::default());
    let mut judged = Vec::new();
    let mut next: Option<Timestamp> = None;
    while let Some(packet) = source.next_packet() {
        let time = packet.moment.time;
        while let Some(tick) = next.filter(|n| *n < time) {
            analyser.tick(tick);
            look(tick, &mut analyser);
            next = Some(tick.plus(STEP));
        }
        next = next.or(Some(time.plus(STEP)));
        analyser.packet(&packet);
        judged.append(&mut analyser.judged());
    }
    analyser.finish();
    judged.append(&mut analyser.judged());
    judged
}

#[test]
fn what_is_said_early_is_still_said_at_the_end() {
    let mut wrong = BTreeSet::new();
    for file in samples() {
        let mut early: BTreeMap<u64, BTreeSet<&'static str>> = BTreeMap::new();
        let judged = play(&file, |_, analyser| {
            for open in analyser.open_sessions(usize::MAX) {
                let said = open
                    .diagnoses
                    .iter()
                    .filter(|d| d.severity == Severity::Critical && d.means == Means::Stalled);
                early.entry(open.session.first.order).or_default().extend(said.map(|d| d.code));
            }
        });
        for j in judged {
            let said = early.remove(&j.session.first.order).unwrap_or_default();
            for code in said {
                // Said more exactly later: a silence turns out to be a dead path.
                let still = |d: &Diagnosis| {
                    d.code == code || find(d.code).is_some_and(|r| r.explains.contains(&code))
                };
                if !j.diagnoses.iter().any(still) {
                    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
                    let last: Vec<_> = j.diagnoses.iter().map(|d| d.code).collect();
                    wrong.insert(format!("{name}: {code}, in the end {last:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn looking_changes_nothing() {
    for file in samples() {
        let plain = |j: &[Judged]| -> Vec<String> {
            j.iter().map(|j| format!("{:?} {:?}", j.status, j.diagnoses)).collect()
        };
        let watched = play(&file, |_, a| drop(a.open_sessions(usize::MAX)));
        let mut source = open(std::slice::from_ref(&file), &OpenOptions::default()).source;
        let mut analyser = Analyser::new(&Options::default());
        let mut judged = Vec::new();
        while let Some(packet) = source.next_packet() {
            analyser.packet(&packet);
            judged.append(&mut analyser.judged());
        }
        analyser.finish();
        judged.append(&mut analyser.judged());
        assert_eq!(plain(&watched), plain(&judged), "{}", file.display());
    }
}

#[test]
fn a_session_that_did_not_change_is_shared() {
    let file = samples().into_iter().find(|f| f.ends_with("data-silent.pcap")).unwrap();
    let mut before: Vec<Arc<Judged>> = Vec::new();
    let (mut shared, mut looks) = (0, 0);
    play(&file, |_, analyser| {
        let now = analyser.open_sessions(usize::MAX);
        let again = analyser.open_sessions(usize::MAX);
        let numbered = now.iter().zip(&again).filter(|(a, _)| a.session.id > 0);
        for (a, b) in numbered {
            looks += 1;
            assert!(Arc::ptr_eq(a, b));
            shared += usize::from(before.iter().any(|x| Arc::ptr_eq(x, a)));
        }
        before = now;
    });
    assert!(looks > 10 && shared > looks / 2, "{shared} of {looks}");
}

#[test]
fn a_blocked_passive_port_is_said_within_five_seconds_of_its_first_syn() {
    let file = samples().into_iter().find(|f| f.ends_with("passive-range-dropped-client.pcap"));
    let mut said: Option<f64> = None;
    play(&file.unwrap(), |now, analyser| {
        for open in analyser.open_sessions(usize::MAX) {
            let stalled = open.diagnoses.iter().any(|d| d.code == "data-syn-unanswered");
            let dial = open.session.channels.iter().find_map(|c| c.connection.as_deref());
            if let Some(dial) = dial.filter(|_| stalled && open.session.id > 0) {
                said = said.or(Some(now.seconds_since(dial.first.time)));
            }
        }
    });
    assert!(said.is_some_and(|s| s <= 5.0), "{said:?}");
}
