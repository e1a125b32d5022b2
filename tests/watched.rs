//! Captures that are looked at while they are read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftpscope::capture::{CaptureFacts, OpenOptions, Source, open};
use ftpscope::diagnose::Judged;
use ftpscope::engine::{Options, Watcher, analyse_watched, analyse_with};

/// Looks as often as it is asked.
#[derive(Default)]
struct Looks {
    ended: Vec<String>,
    /// Packets read, sessions ended, sessions open: at each look.
    looks: Vec<(u64, usize, usize)>,
}

impl Watcher for Looks {
    fn ended(&mut self, judged: Judged) {
        self.ended.push(format!("{judged:#?}"));
    }

    fn due(&mut self) -> bool {
        true
    }

    fn stand(&mut self, open: Vec<Arc<Judged>>, read: &CaptureFacts) {
        self.looks.push((read.packets, self.ended.len(), open.len()));
    }
}

fn source(path: &Path) -> Source {
    open(&[PathBuf::from(path)], &OpenOptions::default()).source
}

#[test]
fn looking_changes_nothing() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let mut looks = 0;
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e == "toml" || e == "md") {
            continue;
        }
        let mut watched = Looks::default();
        analyse_watched(source(&path), &Options::default(), &mut watched);
        looks += watched.looks.len();
        let mut told = Vec::new();
        analyse_with(source(&path), &Options::default(), |j| told.push(format!("{j:#?}")));
        assert!(watched.ended == told, "{}", path.display());
    }
    assert!(looks > 10, "{looks}");
}

/// A large file can be explored long before it is read to its end: sessions that ended are there,
/// however few, and so are those that go on.
#[test]
fn sessions_are_seen_before_the_end() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/mixed-many.pcap");
    let mut watched = Looks::default();
    let analysis = analyse_watched(source(&path), &Options::default(), &mut watched);
    let (read, ended, open) = watched.looks[0];
    assert!(read < analysis.capture.packets && ended > 0 && open > 0, "{:?}", watched.looks);
}
