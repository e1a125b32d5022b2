//! The same is said after changes that change nothing: other file formats, times, splits and
//! orders, packets captured twice, other traffic in between, control segments cut elsewhere.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod capture;
mod ends;
mod files;
mod packets;
mod recut;
mod tcp;
mod traffic;
mod verdict;

use std::sync::OnceLock;

use capture::Capture;
use serde_json::Value;

/// Everything that is said of every sample must be said of it after `change`, but for what
/// `excused` takes out of both.
fn holds(
    change: &str,
    excused: impl Fn(&mut Value),
    after: impl Fn(&Capture) -> Option<Vec<Value>>,
) -> usize {
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (sample, before) in as_they_are() {
        let Some(mut after) = after(sample) else { continue };
        let mut before = before.clone();
        before.iter_mut().chain(&mut after).for_each(&excused);
        compared += 1;
        let mut found = Vec::new();
        verdict::differences(&Value::from(before), &Value::from(after), "", &mut found);
        wrong.extend(found.iter().map(|f| format!("{}{f}", sample.name)));
    }
    assert!(wrong.is_empty(), "{change}: {} differ\n{}", wrong.len(), wrong.join("\n"));
    compared
}

/// Every sample, and what is said of it unchanged.
fn as_they_are() -> &'static [(Capture, Vec<Value>)] {
    static ALL: OnceLock<Vec<(Capture, Vec<Value>)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let with_verdict = |sample| {
            let verdict = verdict::of(&sample);
            (sample, verdict)
        };
        capture::samples().into_iter().map(with_verdict).collect()
    })
}

fn nothing(_: &mut Value) {}

/// Long series take turns: of each sample every so many are tried, of all samples together all.
/// With EXHAUSTIVE=1 in the environment everything is.
fn has_turn(sample: &Capture, number: usize, every: usize) -> bool {
    static ALL: OnceLock<bool> = OnceLock::new();
    let offset: usize = sample.name.bytes().map(usize::from).sum();
    (number + offset).is_multiple_of(every.max(1))
        || *ALL.get_or_init(|| std::env::var_os("EXHAUSTIVE").is_some())
}
