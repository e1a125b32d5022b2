//! How cost grows: the chatty profile with one thing changed at a time.

use std::path::{Path, PathBuf};

use crate::measure::best_of_each;
use crate::play::{Plan, Truth};
use crate::profile::{Made, PROFILES, Profile, make};
use crate::wire::Net;
use crate::{SEED, ours_says, problems};

/// The size that everything is compared with: half a million packets, beside which a process's
/// start is little.
const SCALE: f64 = 0.05;

/// The chatty profile with something changed.
struct Variant {
    name: &'static str,
    /// Times the size.
    size: f64,
    threads: usize,
    profile: Profile,
}

impl Variant {
    fn new(name: &'static str, change: impl FnOnce(&mut Self)) -> Self {
        let profile = *PROFILES.iter().find(|p| p.name == "chatty").unwrap();
        let mut new = Self { name, size: 1.0, threads: 1, profile };
        change(&mut new);
        new
    }

    fn plan(name: &'static str, change: impl FnOnce(&mut Plan)) -> Self {
        Self::new(name, |v| change(&mut v.profile.plan))
    }
}

/// What is changed, in which steps, and whether all steps play the same sessions.
fn series() -> [(&'static str, bool, Vec<Variant>); 6] {
    let size = |name, size| Variant::new(name, |v| v.size = size);
    let together = |name, n| Variant::new(name, |v| v.profile.together = n);
    let threads = |name, n| Variant::new(name, |v| v.threads = n);
    let swapped = |name, n| Variant::plan(name, |p| p.swapped_per_thousand = n);
    let net = |name, net| Variant::plan(name, |p| p.net = net);
    let faults = |name, n| Variant::plan(name, |p| p.faults_per_thousand = n);
    [
        ("packets", false, vec![size("× 1", 1.0), size("× 4", 4.0), size("× 16", 16.0)]),
        (
            "sessions together",
            true,
            vec![together("50", 50), together("500", 500), together("5000", 5000)],
        ),
        ("threads", true, vec![threads("1", 1), threads("2", 2)]),
        (
            "packets swapped",
            true,
            vec![swapped("none", 0), swapped("1 %", 10), swapped("10 %", 100)],
        ),
        (
            "network",
            true,
            vec![net("IPv4", Net::V4), net("IPv6", Net::V6), net("IPv4, VLAN tag", Net::Vlan)],
        ),
        (
            "stalled sessions",
            false,
            vec![faults("none", 0), faults("1 %", 10), faults("10 %", 100), faults("50 %", 500)],
        ),
    ]
}

/// Makes all of them, compares the reports with what was played, and prints what they cost.
pub fn growth(folder: &Path, runs: usize, names: &[String]) {
    println!("| | | packets | sessions | ns/packet | µs/session | memory |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for (what, same, variants) in series() {
        if !names.is_empty() && !names.iter().any(|n| what.contains(n.as_str())) {
            continue;
        }
        let made: Vec<(Variant, PathBuf, Made)> = variants
            .into_iter()
            .enumerate()
            .map(|(i, variant)| {
                let path = folder.join(format!("growth-{i}.pcap"));
                let made = make(&variant.profile, SCALE * variant.size, SEED, &path).unwrap();
                let (said, played) = (ours_says(&path), &made.truth);
                assert_eq!(said, *played, "{what} {} is not reported as played", variant.name);
                (variant, path, made)
            })
            .collect();
        if same {
            let truths: Vec<&Truth> = made.iter().map(|(_, _, made)| &made.truth).collect();
            assert!(truths.windows(2).all(|w| w[0] == w[1]), "{what}: {truths:?}");
        }
        let measured =
            best_of_each(runs, &made, |(v, path, _)| problems(v.threads, path.to_str().unwrap()));
        for (i, ((variant, path, made), m)) in made.iter().zip(measured).enumerate() {
            println!(
                "| {} | {} | {} | {} | {:.0} | {:.1} | {:.1} MB |",
                if i == 0 { what } else { "" },
                variant.name,
                made.packets,
                made.truth.sessions,
                m.seconds * 1e9 / made.packets as f64,
                m.seconds * 1e6 / made.truth.sessions as f64,
                m.megabytes
            );
            std::fs::remove_file(path).unwrap();
        }
    }
}
