//! What is said of a capture, without what may differ: times, frames and words.

use std::path::PathBuf;

use ftpscope::capture::{OpenOptions, open};
use ftpscope::engine::{Options, analyse};
use ftpscope::report::json::session_line;
use serde_json::{Map, Value};

use crate::capture::{Capture, Format, bytes, write};

/// All that is said of each session, in the order of their first packets.
pub fn of_files(files: &[PathBuf]) -> Vec<Value> {
    let opened = open(files, &OpenOptions::default());
    assert!(opened.failures.is_empty(), "{files:?} can't be read");
    let analysis = analyse(opened.source, &Options::default());
    let line = |j| {
        let mut text = Vec::new();
        session_line(j, &mut text).unwrap();
        substance(&serde_json::from_slice(&text).unwrap())
    };
    analysis.sessions.iter().map(line).collect()
}

pub fn of(capture: &Capture) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    of_files(&[write(folder.path(), "p.pcap", capture, Format::Nanos)])
}

/// From bytes, with this file name.
pub fn of_bytes(bytes: &[u8], name: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    of_files(&[path])
}

pub fn of_format(capture: &Capture, format: Format) -> Vec<Value> {
    of_bytes(&bytes(capture, format), "p")
}

/// The rest of a value: no times, no frames, no sentences.
fn substance(value: &Value) -> Value {
    let differs = |key: &str| {
        let named = [
            "schema",
            "type",
            "frame",
            "file",
            "time",
            "start",
            "end",
            "opened",
            "established",
            "first_byte",
            "last_byte",
            "closed",
            "summary",
            "reasoning",
            "evidence",
            "advice",
            "vantage_reason",
        ];
        named.contains(&key) || ["_s", "_frame", "_file"].iter().any(|e| key.ends_with(e))
    };
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| !differs(key));
            Value::Object(kept.map(|(k, v)| (k.clone(), substance(v))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(substance).collect(),
        other => other.clone(),
    }
}

/// The serious codes and the status of each session.
pub fn serious(sessions: &[Value]) -> Vec<(String, Vec<String>)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let codes = |s: &Value| {
        let diagnoses = s["diagnoses"].as_array().unwrap().iter();
        diagnoses.filter(|d| d["severity"] != "info").map(|d| text(&d["code"])).collect()
    };
    sessions.iter().map(|s| (text(&s["status"]), codes(s))).collect()
}

/// Where two values differ: path, before, after.
pub fn differences(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().for_each(|(k, v)| differences(v, &b[k], &format!("{path}.{k}"), found));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.for_each(|(i, (a, b))| differences(a, b, &format!("{path}[{i}]"), found));
        }
        _ if before != after => found.push(format!("{path}: {before} → {after}")),
        _ => {}
    }
}
