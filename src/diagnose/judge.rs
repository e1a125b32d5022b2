//! One session through all rules: precedence, merging, order.

use super::asked::Asked;
use super::{
    Context, Diagnosis, Findings, Judged, RULES, Rule, Severity, Status, advice, lost, status,
};
use crate::session::Session;

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|r| r.code == code)
}

/// Judges a finished session.
pub fn judge(session: Box<Session>) -> Judged {
    judged(session, Findings::default())
}

/// The same, for readers of problems alone: of a healthy session with nothing worse than
/// [`Severity::Info`] they get codes and evidence, while texts may be missing.
pub fn judge_briefly(session: Box<Session>) -> Judged {
    let judged = self::judged(session, Findings { brief: true, ..Findings::default() });
    let serious = judged.diagnoses.iter().any(|d| d.severity != Severity::Info);
    if serious || judged.status != Status::Healthy { judge(judged.session) } else { judged }
}

fn judged(session: Box<Session>, mut findings: Findings) -> Judged {
    let context = Context::new(&session);
    let asked = Asked::of(context.signs);
    for rule in asked.rules() {
        rule.check.look(&context, &mut findings);
    }
    debug_assert_eq!(asked.missed(&context), None, "it needs other signs");
    let signs = context.signs;
    let waited_for: Vec<u32> = context.never_attempted().map(|c| c.id).collect();
    let mut diagnoses = findings.diagnoses;
    if diagnoses.len() > 1 {
        diagnoses = merge(without_consequences(diagnoses));
    }
    let mut diagnoses = in_order(diagnoses);
    let doubtful = lost::take_back(&session, &mut diagnoses);
    diagnoses.iter_mut().for_each(|d| advice::for_the_server_seen(&session, d));
    let outcomes = status::outcomes(&session, &diagnoses);
    let status = match status::of(&session, &diagnoses, &waited_for) {
        Status::Healthy if doubtful => Status::Undetermined,
        status => status,
    };
    Judged { session, status, outcomes, diagnoses, signs }
}

fn explains(cause: &Diagnosis, consequence: &Diagnosis) -> bool {
    let listed = find(cause.code).is_some_and(|r| r.explains.contains(&consequence.code));
    listed
        && (cause.channels.is_empty()
            || consequence.channels.is_empty()
            || consequence.channels.iter().all(|c| cause.channels.contains(c)))
}

/// Drops what another diagnosis explains, also through one that is itself explained.
fn without_consequences(all: Vec<Diagnosis>) -> Vec<Diagnosis> {
    if all.len() < 2 {
        return all;
    }
    let explained: Vec<bool> =
        all.iter().map(|d| all.iter().any(|c| c.code != d.code && explains(c, d))).collect();
    all.into_iter().zip(explained).filter(|(_, e)| !e).map(|(d, _)| d).collect()
}

/// One diagnosis for all channels with the same code, severity and remedy, with the first and the
/// last evidence.
fn merge(all: Vec<Diagnosis>) -> Vec<Diagnosis> {
    if all.len() < 2 {
        return all;
    }
    let mut merged: Vec<Diagnosis> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    for d in all {
        let same = merged
            .iter()
            .position(|m| m.code == d.code && m.severity == d.severity && same_remedy(m, &d));
        let Some(first) = same else {
            merged.push(d);
            counts.push(1);
            continue;
        };
        if let (Some(m), Some(n)) = (merged.get_mut(first), counts.get_mut(first)) {
            *n += 1;
            for channel in &d.channels {
                if !m.channels.contains(channel) {
                    m.channels.push(*channel);
                }
            }
            m.confidence = m.confidence.min(d.confidence);
            // What the last of them shows replaces what the one before it showed.
            m.evidence.retain(|e| !e.last_of_several);
            m.evidence.extend(d.evidence.into_iter().map(|mut e| {
                e.last_of_several = true;
                e
            }));
        }
    }
    for (m, n) in merged.iter_mut().zip(counts) {
        if n > 1 {
            m.summary = format!("{} ({n} times in this session)", m.summary.trim_end_matches('.'));
            m.summary.push('.');
        }
    }
    merged
}

/// Advice that differs only in the addresses and ports of the channel is the same remedy.
fn same_remedy(a: &Diagnosis, b: &Diagnosis) -> bool {
    let shape = |d: &Diagnosis| -> Vec<_> {
        d.advice.iter().map(|a| (a.audience, without_numbers(&a.text))).collect()
    };
    shape(a) == shape(b)
}

fn without_numbers(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Causes before what they don't explain, then severity, then frame.
fn in_order(mut all: Vec<Diagnosis>) -> Vec<Diagnosis> {
    let place = |d: &Diagnosis| RULES.iter().position(|r| r.code == d.code);
    for d in &mut all {
        d.evidence.sort_by_key(|e| e.at);
        d.channels.sort_unstable();
    }
    if all.len() < 2 {
        return all;
    }
    all.sort_by_key(|d| {
        let first = d.evidence.first().map(|e| e.at.order);
        (d.severity, first, place(d))
    });
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_well_formed() {
        let mut seen = BTreeSet::new();
        for rule in RULES {
            assert!(seen.insert(rule.code), "{} twice", rule.code);
            assert!(rule.code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.code);
            assert!(!rule.severities.is_empty(), "{}", rule.code);
            for text in [rule.title, rule.proof, rule.look_alikes, rule.change] {
                assert!(!text.is_empty(), "{} has an empty text", rule.code);
            }
        }
    }

    #[test]
    fn every_rule_file_is_in_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/diagnose/rules");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().trim_end_matches(".rs").to_owned())
            .filter(|n| n != "mod")
            .collect();
        let codes: BTreeSet<String> = RULES.iter().map(|r| r.code.replace('-', "_")).collect();
        assert_eq!(files, codes);
    }

    #[test]
    fn what_is_explained_exists() {
        for rule in RULES {
            for code in rule.explains {
                assert!(find(code).is_some(), "{} explains {code}, which is nothing", rule.code);
            }
        }
    }

    /// Two diagnoses that explain each other would both vanish.
    #[test]
    fn precedence_has_no_cycles() {
        fn visit(rule: &'static Rule, path: &mut Vec<&'static str>) {
            assert!(!path.contains(&rule.code), "{path:?} → {}", rule.code);
            path.push(rule.code);
            for code in rule.explains.iter().filter(|c| **c != rule.code) {
                if let Some(next) = find(code) {
                    visit(next, path);
                }
            }
            path.pop();
        }
        for rule in RULES {
            visit(rule, &mut Vec::new());
        }
    }

    /// The sample fires the rule; its look-alike doesn't.
    #[test]
    fn every_rule_is_shown_by_a_sample_and_silent_on_a_look_alike() {
        let said = |sample: &str| -> BTreeSet<&'static str> {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
            let file = ["pcap", "pcapng"]
                .iter()
                .map(|e| folder.join(format!("{sample}.{e}")))
                .find(|p| p.exists())
                .unwrap_or_else(|| panic!("there is no sample {sample}"));
            let opened = crate::capture::open(&[file], &crate::capture::OpenOptions::default());
            let analysis =
                crate::engine::analyse(opened.source, &crate::engine::Options::default());
            let diagnoses = analysis.sessions.iter().flat_map(|j| &j.diagnoses);
            for d in diagnoses.clone() {
                let serious = d.severity != crate::diagnose::Severity::Info;
                assert!(!d.summary.is_empty() && !d.reasoning.is_empty(), "{}", d.code);
                assert!(!d.evidence.is_empty(), "{} has no evidence", d.code);
                assert!(!serious || !d.advice.is_empty(), "{} has no advice", d.code);
                let rule = find(d.code).unwrap();
                assert!(rule.severities.contains(&d.severity), "{} as {:?}", d.code, d.severity);
            }
            diagnoses.map(|d| d.code).collect()
        };
        for rule in RULES {
            let (fires, silent) = rule.shown_by;
            assert!(said(fires).contains(rule.code), "{} is silent on {fires}", rule.code);
            assert!(!said(silent).contains(rule.code), "{} fires on {silent}", rule.code);
        }
    }
}
