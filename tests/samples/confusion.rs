//! The confusion table: scenarios, where each was captured, what is said, and what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use ftpscope::diagnose::{RULES, Severity};
use serde_json::Value;

use crate::sample::{SERIOUS, Sample, said, truth};

const INTRODUCTION: &str = "\
# What is said of every sample

Each capture in `samples/` was recorded in the lab from real servers and clients, or rewritten from
one that was (`made by synth.py`), and has a sidecar that says what is true of it at its place. This
page holds what ftpscope says beside what is true. `UPDATE_EXPECT=1 cargo test --test samples` writes
it, and `cargo test` fails when it differs, or when anything serious is missed or invented.
";

/// How often a code is true, and how often it was said without being true.
#[derive(Default)]
struct Count {
    /// By vantage point.
    right: BTreeMap<String, u32>,
    missed: u32,
    invented: u32,
}

const VANTAGES: [&str; 4] = ["client", "server", "between", "unknown"];

pub fn table(samples: &[Sample]) -> String {
    let mut page = INTRODUCTION.to_owned();
    totals(&mut page, samples);
    by_code(&mut page, samples);
    by_scenario(&mut page, samples);
    page
}

fn pairs(samples: &[Sample]) -> impl Iterator<Item = (&Value, &toml::Table)> {
    samples.iter().flat_map(|s| s.said.iter().zip(&s.truth))
}

fn scenario(sample: &Sample) -> &str {
    match sample.text("scenario") {
        "" => &sample.name,
        named => named,
    }
}

fn is_right(session: &Value, want: &toml::Table) -> bool {
    ["status", "vantage"].iter().all(|k| session[k] == want[*k].as_str().unwrap())
        && SERIOUS.iter().all(|s| said(session, s) == truth(want, s))
        && truth(want, "info").is_subset(&said(session, "info"))
}

fn totals(page: &mut String, samples: &[Sample]) {
    let scenarios: BTreeSet<&str> = samples.iter().map(scenario).collect();
    let right = pairs(samples).filter(|(s, t)| is_right(s, t)).count();
    let sessions = samples.iter().map(|s| s.truth.len()).sum::<usize>();
    let healthy = pairs(samples).filter(|(_, t)| t["status"].as_str() == Some("healthy"));
    let (fine, false_alarms) = healthy.fold((0, 0), |(all, alarms), (session, _)| {
        (all + 1, alarms + u32::from(!said(session, "critical").is_empty()))
    });
    writeln!(
        page,
        "\n{} scenarios, {} captures, {sessions} sessions: {right} right. Of {fine} healthy sessions \
         {false_alarms} show anything critical.",
        scenarios.len(),
        samples.len(),
    )
    .unwrap();
}

fn by_code(page: &mut String, samples: &[Sample]) {
    let may_be = |s: &Severity| *s != Severity::Info;
    let catalogue = RULES.iter().filter(|r| r.severities.iter().any(may_be));
    let mut counts: BTreeMap<String, Count> =
        catalogue.map(|r| (r.code.to_owned(), Count::default())).collect();
    let serious = |codes: &dyn Fn(&str) -> BTreeSet<String>| -> BTreeSet<String> {
        SERIOUS.iter().flat_map(|s| codes(s)).collect()
    };
    for (session, want) in pairs(samples) {
        let is = serious(&|s| truth(want, s));
        let mine = serious(&|s| said(session, s));
        let vantage = want["vantage"].as_str().unwrap();
        for code in is.intersection(&mine) {
            let right = &mut counts.entry(code.clone()).or_default().right;
            *right.entry(vantage.to_owned()).or_default() += 1;
        }
        is.difference(&mine).for_each(|c| counts.entry(c.clone()).or_default().missed += 1);
        mine.difference(&is).for_each(|c| counts.entry(c.clone()).or_default().invented += 1);
    }
    page.push_str(
        "\n## By cause\n\nSessions in which a critical or warning code is true, by vantage point.\n\n\
         | code | client | server | between | unknown | missed | invented |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    for (code, count) in counts {
        let at = VANTAGES.map(|v| count.right.get(v).map_or(String::new(), u32::to_string));
        let (missed, invented) = (count.missed, count.invented);
        writeln!(page, "| {code} | {} | {missed} | {invented} |", at.join(" | ")).unwrap();
    }
}

fn list(codes: &BTreeSet<String>) -> String {
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A status with the serious codes behind it.
fn verdict(status: &str, codes: impl Fn(&str) -> BTreeSet<String>) -> String {
    let (critical, warning) = (codes("critical"), codes("warning"));
    let mut text = status.to_owned();
    if !critical.is_empty() {
        write!(text, ": **{}**", list(&critical)).unwrap();
    }
    if !warning.is_empty() {
        write!(text, "; warning {}", list(&warning)).unwrap();
    }
    text
}

fn by_scenario(page: &mut String, samples: &[Sample]) {
    let mut groups: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        groups.entry(scenario(sample)).or_default().push(sample);
    }
    page.push_str("\n## By scenario\n");
    for sisters in groups.values() {
        let first = sisters[0];
        let made =
            if first.text("recorded_by").contains("synth.py") { ", made by synth.py" } else { "" };
        writeln!(page, "\n### {}\n", first.text("description")).unwrap();
        writeln!(
            page,
            "{}; {}{made}. Fault: {}.\n",
            first.text("server"),
            first.text("client"),
            first.text("fault")
        )
        .unwrap();
        page.push_str("| sample | vantage | said | info | truth |\n|---|---|---|---|---|\n");
        for sample in sisters {
            for (n, (session, want)) in sample.said.iter().zip(&sample.truth).enumerate() {
                let number =
                    if sample.truth.len() > 1 { format!(" #{}", n + 1) } else { String::new() };
                let mine = verdict(session["status"].as_str().unwrap(), |s| said(session, s));
                let is = verdict(want["status"].as_str().unwrap(), |s| truth(want, s));
                let same = is_right(session, want);
                writeln!(
                    page,
                    "| {}{number} | {} | {mine} | {} | {} |",
                    sample.name,
                    session["vantage"].as_str().unwrap(),
                    list(&said(session, "info")),
                    if same {
                        "the same".to_owned()
                    } else {
                        format!("{} at {}", is, want["vantage"])
                    },
                )
                .unwrap();
            }
        }
    }
}
