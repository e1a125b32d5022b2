//! Every sample's verdict is what its sidecar says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn samples() -> Vec<(PathBuf, toml::Table)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .map(|sidecar| {
            let capture = ["pcap", "pcapng"]
                .iter()
                .map(|e| sidecar.with_extension(e))
                .find(|p| p.exists())
                .unwrap_or_else(|| panic!("{} has no capture", sidecar.display()));
            let text = std::fs::read_to_string(&sidecar).unwrap();
            (capture, text.parse().unwrap_or_else(|e| panic!("{}: {e}", sidecar.display())))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn report(capture: &Path) -> Value {
    let run = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .args(["report", "--format", "json"])
        .arg(capture)
        .output()
        .unwrap();
    assert!(matches!(run.status.code(), Some(0 | 1)), "{}: {:?}", capture.display(), run);
    serde_json::from_slice(&run.stdout).unwrap()
}

fn strings(value: Option<&toml::Value>) -> Vec<String> {
    let array = value.and_then(|v| v.as_array()).cloned().unwrap_or_default();
    let mut all: Vec<String> = array.iter().map(|v| v.as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

fn said(session: &Value, severity: &str) -> Vec<String> {
    let mut codes: Vec<String> = session["diagnoses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|d| d["severity"] == severity)
        .map(|d| d["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

/// Codes of what is critical or a warning over all sessions.
fn serious_findings(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter();
    let mut codes: Vec<String> = all
        .filter(|f| f["severity"] != "info")
        .map(|f| f["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

#[test]
fn every_sample_is_diagnosed_as_its_sidecar_says() {
    let samples = samples();
    assert!(samples.len() >= 16, "only {} samples", samples.len());
    let mut wrong = Vec::new();
    for (capture, sidecar) in &samples {
        let name = capture.file_name().unwrap().to_string_lossy().into_owned();
        let report = report(capture);
        let sessions = report["sessions"].as_array().unwrap();
        let truth = sidecar.get("session").and_then(|s| s.as_array()).cloned().unwrap_or_default();
        if sessions.len() != truth.len() {
            wrong.push(format!("{name}: {} sessions, truth {}", sessions.len(), truth.len()));
            continue;
        }
        let mine = serious_findings(&report);
        let want = strings(sidecar.get("findings"));
        if mine != want {
            wrong.push(format!("{name}: findings {mine:?}, truth {want:?}"));
        }
        for (session, truth) in sessions.iter().zip(&truth) {
            let id = &session["id"];
            for key in ["status", "vantage"] {
                let want = truth[key].as_str().unwrap();
                if session[key] != want {
                    wrong
                        .push(format!("{name} session {id}: {key} {}, truth {want}", session[key]));
                }
            }
            for severity in ["critical", "warning"] {
                let (mine, want) = (said(session, severity), strings(truth.get(severity)));
                if mine != want {
                    wrong.push(format!("{name} session {id}: {severity} {mine:?}, truth {want:?}"));
                }
            }
            let mine = said(session, "info");
            for want in strings(truth.get("info")) {
                if !mine.contains(&want) {
                    wrong.push(format!("{name} session {id}: info {mine:?} without {want}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
