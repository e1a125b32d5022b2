//! The samples: what is said of each, and what its sidecar says is true.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// What a session must show to the code.
pub const SERIOUS: [&str; 2] = ["critical", "warning"];

pub struct Sample {
    pub name: String,
    pub sidecar: toml::Table,
    /// The sessions of the report.
    pub said: Vec<Value>,
    /// Codes of what the report finds over all sessions, if critical or a warning.
    pub found: BTreeSet<String>,
    /// The sessions of the sidecar.
    pub truth: Vec<toml::Table>,
}

impl Sample {
    pub fn text(&self, key: &str) -> &str {
        self.sidecar.get(key).and_then(|v| v.as_str()).unwrap_or_default()
    }

    /// What the sidecar says that is to be found over all sessions.
    pub fn to_find(&self) -> BTreeSet<String> {
        codes(&self.sidecar, "findings")
    }

    fn read(sidecar: &Path) -> Self {
        let capture = ["pcap", "pcapng"].iter().map(|e| sidecar.with_extension(e));
        let capture = capture.into_iter().find(|p| p.exists());
        let capture = capture.unwrap_or_else(|| panic!("{} has no capture", sidecar.display()));
        let text = std::fs::read_to_string(sidecar).unwrap();
        let parsed: toml::Table =
            text.parse().unwrap_or_else(|e| panic!("{}: {e}", sidecar.display()));
        let sessions = parsed.get("session").and_then(|s| s.as_array()).cloned();
        let truth = sessions.unwrap_or_default().into_iter().map(|s| s.try_into().unwrap());
        let report = report(&capture);
        let findings = report["findings"].as_array().unwrap().iter();
        let serious = findings.filter(|f| f["severity"] != "info");
        Self {
            found: serious.map(|f| f["code"].as_str().unwrap().to_owned()).collect(),
            name: sidecar.file_stem().unwrap().to_string_lossy().into_owned(),
            said: report["sessions"].as_array().unwrap().clone(),
            truth: truth.collect(),
            sidecar: parsed,
        }
    }
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

/// All, in the order of their names.
pub fn samples() -> &'static [Sample] {
    static ALL: OnceLock<Vec<Sample>> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        let mut sidecars: Vec<_> =
            files.filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
        sidecars.sort();
        sidecars.iter().map(|s| Sample::read(s)).collect()
    })
}

/// The codes that a report gives a session with this severity.
pub fn said(session: &Value, severity: &str) -> BTreeSet<String> {
    let diagnoses = session["diagnoses"].as_array().unwrap().iter();
    let of = diagnoses.filter(|d| d["severity"] == severity);
    of.map(|d| d["code"].as_str().unwrap().to_owned()).collect()
}

/// The codes that a sidecar gives a session with this severity.
pub fn truth(session: &toml::Table, severity: &str) -> BTreeSet<String> {
    codes(session, severity)
}

fn codes(table: &toml::Table, key: &str) -> BTreeSet<String> {
    let codes = table.get(key).and_then(|v| v.as_array()).into_iter().flatten();
    codes.map(|v| v.as_str().unwrap().to_owned()).collect()
}
