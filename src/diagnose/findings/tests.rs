//! The table of findings, and samples that show them.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::capture::{self, OpenOptions};
use crate::diagnose::{Severity, catalogue};
use crate::engine::{self, Analysis, Options};

fn analysed(sample: &str) -> Analysis {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let file = folder.join(format!("{sample}.pcap"));
    assert!(file.exists(), "there is no sample {sample}");
    let opened = capture::open(&[file], &OpenOptions::default());
    engine::analyse(opened.source, &Options::default())
}

#[test]
fn the_table_is_whole() {
    let mut seen = BTreeSet::new();
    for entry in catalogue() {
        assert!(seen.insert(entry.code), "{} twice", entry.code);
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/diagnose/findings/rules");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().trim_end_matches(".rs").to_owned())
        .filter(|n| n != "mod")
        .collect();
    let codes: BTreeSet<String> = FINDINGS.iter().map(|r| r.code.replace('-', "_")).collect();
    assert_eq!(files, codes);
    for rule in FINDINGS {
        for code in rule.explains {
            assert!(FINDINGS.iter().any(|r| r.code == *code), "{} explains {code}", rule.code);
        }
    }
}

/// The sample shows the finding; its look-alike doesn't.
#[test]
fn every_finding_is_shown_by_a_sample_and_absent_from_a_look_alike() {
    for rule in FINDINGS {
        let (fires, silent) = rule.shown_by;
        let found = analysed(fires);
        let own: Vec<_> = found.findings.iter().filter(|f| f.diagnosis.code == rule.code).collect();
        assert!(!own.is_empty(), "{} is silent on {fires}", rule.code);
        for Finding { diagnosis: d, sessions } in own {
            assert!(!d.summary.is_empty() && !d.reasoning.is_empty(), "{}", rule.code);
            assert!(!d.evidence.is_empty(), "{} has no evidence", rule.code);
            assert!(!sessions.is_empty(), "{} names no session", rule.code);
            assert!(sessions.is_sorted(), "{}", rule.code);
            assert!(d.severity == Severity::Info || !d.advice.is_empty(), "{}", rule.code);
            assert!(rule.severities.contains(&d.severity), "{} as {:?}", d.code, d.severity);
        }
        let silent_on = analysed(silent);
        let fires = silent_on.findings.iter().any(|f| f.diagnosis.code == rule.code);
        assert!(!fires, "{} fires on {silent}", rule.code);
    }
}

/// What is found over a capture depends on its sessions alone, however often it is asked.
#[test]
fn the_same_sessions_show_the_same() {
    for sample in ["range-partly-open-server", "backend-without-range", "login-attempts"] {
        let analysis = analysed(sample);
        let mut learner = Learner::default();
        let mut judged = analysis.sessions.clone();
        judged.sort_by_key(|j| j.session.last.order);
        judged.iter().for_each(|j| learner.session(j));
        let summaries = |found: &[Finding]| -> Vec<(String, Vec<u64>)> {
            found.iter().map(|f| (f.diagnosis.summary.clone(), f.sessions.clone())).collect()
        };
        let first = summaries(&learner.findings());
        assert_eq!(first, summaries(&learner.findings()));
        assert_eq!(first.len(), analysis.findings.len(), "{sample}");
    }
}

/// A busy server for years: what is remembered has its bounds.
#[test]
fn what_is_remembered_is_bounded() {
    let analysis = analysed("range-partly-open-client");
    let mut learner = Learner::default();
    for round in 0..500_u64 {
        for j in &analysis.sessions {
            let mut again = j.clone();
            again.session.id += round * 1000;
            learner.session(&again);
        }
    }
    let ports = learner.passive.sorted(|_| true)[0].1;
    assert!(ports.uses.len() <= 2000 && ports.ports.len() <= 41);
    let server = learner.servers.sorted(|_| true)[0].1;
    assert!(server.silences.len() <= SILENCES);
    for f in learner.findings() {
        assert!(f.sessions.len() <= 1000, "{}", f.diagnosis.code);
    }
}
