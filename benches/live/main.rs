//! Live capture under load: `cargo bench --bench live [-- keys | -- drops]`.
//!
//! Makes two network namespaces with a veth pair between them, so it needs root; says so where it
//! can't run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

#[cfg(all(target_os = "linux", feature = "live"))]
mod drops;
#[cfg(all(target_os = "linux", feature = "live"))]
mod keys;
#[cfg(all(target_os = "linux", feature = "live"))]
#[path = "../../tests/pty/mod.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod pty;
#[cfg(all(target_os = "linux", feature = "live"))]
#[path = "../traffic/mod.rs"]
mod traffic;
#[cfg(all(target_os = "linux", feature = "live"))]
mod wire;

#[cfg(all(target_os = "linux", feature = "live"))]
fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| w != "--bench").collect();
    if let [word, rate, seconds] = words.as_slice()
        && word == wire::SEND
    {
        return wire::sender(rate.parse().unwrap(), seconds.parse().unwrap());
    }
    if words.iter().any(|w| w == "--list") {
        return;
    }
    let chosen = |name: &str| words.is_empty() || words.iter().any(|w| w == name);
    let wire = match wire::Wire::new() {
        Ok(wire) => wire,
        Err(why) => return println!("SKIPPED: {why}"),
    };
    if chosen("keys") {
        print_keys(&wire);
    }
    if chosen("drops") {
        drops::run(&wire);
    }
}

/// Packets a second while keys are pressed.
#[cfg(all(target_os = "linux", feature = "live"))]
const RATE: u64 = 100_000;

#[cfg(all(target_os = "linux", feature = "live"))]
fn print_keys(wire: &wire::Wire) {
    use std::time::Duration;
    let listed = keys::LISTED;
    println!("From a key to the changed screen, {listed} sessions in the list, in ms:\n");
    println!("| | key | keys | median | 95th percentile | longest |");
    println!("|---|---|--:|--:|--:|--:|");
    let mut bars = Vec::new();
    for waits in keys::run(wire, RATE) {
        let rate = waits.bar.split(" · ").find(|part| part.ends_with("/s")).unwrap_or_default();
        for (name, mut times) in [("cursor", waits.moves), ("open, leave", waits.opens)] {
            times.sort_unstable();
            let at = |part: usize| {
                let time: Duration = times[(times.len() - 1) * part / 100];
                format!("{:.1}", time.as_secs_f64() * 1e3)
            };
            let (median, most, longest) = (at(50), at(95), at(100));
            println!("| {rate} | {name} | {} | {median} | {most} | {longest} |", times.len());
        }
        bars.push(waits.bar);
    }
    println!("\nThe status bar after each: {bars:#?}\n");
}

#[cfg(not(all(target_os = "linux", feature = "live")))]
fn main() {
    println!("SKIPPED: this build or system can't capture on a veth pair");
}
