//! Every sample's verdict is what its sidecar says, and `docs/confusion.md` is the table of both.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod confusion;
mod sample;

use std::path::Path;

use sample::{SERIOUS, said, samples, truth};

#[test]
fn every_sample_is_diagnosed_as_its_sidecar_says() {
    let samples = samples();
    assert!(samples.len() >= 16, "only {} samples", samples.len());
    let mut wrong = Vec::new();
    for s in samples {
        let name = &s.name;
        if s.said.len() != s.truth.len() {
            wrong.push(format!("{name}: {} sessions, truth {}", s.said.len(), s.truth.len()));
            continue;
        }
        if s.found != s.to_find() {
            wrong.push(format!("{name}: finds {:?}, truth {:?}", s.found, s.to_find()));
        }
        for (session, want) in s.said.iter().zip(&s.truth) {
            let id = &session["id"];
            for key in ["status", "vantage"] {
                let (mine, want) = (&session[key], want[key].as_str().unwrap());
                if mine != want {
                    wrong.push(format!("{name} session {id}: {key} {mine}, truth {want}"));
                }
            }
            for severity in SERIOUS {
                let (mine, want) = (said(session, severity), truth(want, severity));
                if mine != want {
                    wrong.push(format!("{name} session {id}: {severity} {mine:?}, truth {want:?}"));
                }
            }
            for lacking in truth(want, "info").difference(&said(session, "info")) {
                wrong.push(format!("{name} session {id}: no info {lacking}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_confusion_table_is_what_is_said() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/confusion.md");
    expect_test::expect_file![path].assert_eq(&confusion::table(samples()));
}
