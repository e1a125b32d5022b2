//! The README's table of diagnoses is the catalogue.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

#[test]
fn the_table_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let marker = "a test holds it to them. -->\n\n";
    let (before, after) = readme.split_once(marker).unwrap();
    let (_, after) = after.split_once("`samples/` holds").unwrap();
    let table = ftpscope::report::explain::markdown();
    let wanted = format!("{before}{marker}{table}\n`samples/` holds{after}");
    if readme != wanted && std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(readme == wanted, "run UPDATE_EXPECT=1 cargo test --test readme");
}
