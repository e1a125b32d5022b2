//! The README's tables are the program's.

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
