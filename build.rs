//! Says in one sentence what is missing when libpcap can't be linked.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBPCAP_LIBDIR");
    let live = std::env::var_os("CARGO_FEATURE_LIVE").is_some();
    let linux = std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "linux");
    if !live || !linux || std::env::var_os("LIBPCAP_LIBDIR").is_some() || found() {
        return;
    }
    println!(
        "cargo::error=libpcap is missing: install its development package (Debian, Ubuntu: apt install \
         libpcap-dev; Fedora: dnf install libpcap-devel; Alpine: apk add libpcap-dev), or build the \
         offline tool with --no-default-features"
    );
}

/// The name that the linker looks for, where distributions put it.
fn found() -> bool {
    let folders =
        ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/local/lib64"];
    let library =
        |folder: &Path| ["libpcap.so", "libpcap.a"].iter().any(|name| folder.join(name).exists());
    folders.iter().map(Path::new).any(|folder| {
        library(folder)
            || std::fs::read_dir(folder).is_ok_and(|entries| {
                // One level down, for Debian's multiarch folders.
                entries.flatten().any(|e| library(&e.path()))
            })
    })
}
