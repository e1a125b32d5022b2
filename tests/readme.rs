//! The README's tables are the program's; the code in CONTRIBUTING.md is the code.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

/// What stands between the line with `from` and the next line that begins with `to` is `wanted`.
fn hold(from: &str, to: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let marker = format!("{from} -->\n\n");
    let (before, after) = readme.split_once(&marker).unwrap();
    let (_, after) = after.split_once(to).unwrap();
    let text = format!("{before}{marker}{wanted}\n{to}{after}");
    if readme != text && std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &text).unwrap();
        return;
    }
    assert!(readme == text, "run UPDATE_EXPECT=1 cargo test --test readme");
}

#[test]
fn the_tables_are_the_program_s() {
    let catalogue = ftpscope::report::explain::markdown();
    hold("a test holds it to them.", "`samples/` holds", &catalogue);
    let keys = ftpscope::tui::keys::markdown();
    hold("Made from the table of keys.", "## Capturing well", &keys);
}

#[test]
fn the_example_is_what_stands_in_the_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let files = [
        "tests/lab/flow.py",
        "src/diagnose/rules/data_window_limited.rs",
        "src/diagnose/rules/mod.rs",
    ]
    .map(read);
    let text = read("CONTRIBUTING.md");
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let code = blocks.iter().filter_map(|b| b.split_once('\n')).filter(|(l, _)| !l.is_empty());
    let mut shown = 0;
    for (_, block) in code {
        assert!(files.iter().any(|f| f.contains(block)), "nowhere:\n{block}");
        shown += 1;
    }
    assert!(shown >= 4);
}
