//! What is written while it is analysed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::LOOPBACK;
use crate::ftp::{fetch, serve};
use crate::net::{Net, SERVER};
use crate::program::Program;

/// A folder that anybody may write to: from here on ftpscope is no root.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let anybody = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), anybody).unwrap();
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut all: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

/// The report over files, as a document.
fn report(files: &[PathBuf]) -> serde_json::Value {
    let out = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .args(["report", "--format", "json"])
        .args(files)
        .output()
        .unwrap();
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn the_file_says_what_the_report_said() {
    let Some(net) = Net::new("the_file_says_what_the_report_said") else { return };
    serve(&net.server);
    // The folder is root's alone, and the file is there already: both were root's to open.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcapng");
    let name = path.display().to_string();
    let arguments = ["-i", "eth0", "-i", "lo", "-w", &name, "--format", "json"];
    let program = Program::on(&net.server, &arguments);
    fetch(&net.client, SERVER, 500_000);
    fetch(&net.server, LOOPBACK, 1000);
    program.signal("INT");
    let live: serde_json::Value = serde_json::from_str(&program.ends().out.join("\n")).unwrap();
    let read = report(&[path]);
    // Frame numbers, times, verdicts and all.
    assert_eq!(live["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(live["sessions"], read["sessions"]);
    for fact in ["files", "packets", "bytes", "dropped_packets"] {
        assert_eq!(live["capture"][fact], read["capture"][fact], "{fact}");
    }
}

#[test]
fn files_follow_each_other() {
    let Some(net) = Net::new("files_follow_each_other") else { return };
    serve(&net.server);
    let folder = folder();
    let name = folder.path().join("ring.pcapng").display().to_string();
    let arguments = ["watch", "-i", "lo", "-w", &name, "--rotate", "count=10"];
    let program = Program::on(&net.server, &arguments);
    fetch(&net.server, LOOPBACK, 1000);
    program.prints("1.00 kB");
    program.signal("TERM");
    let last = program.ends().out.pop().unwrap();
    let all = files(folder.path());
    let read = report(&all);
    assert_eq!(read["sessions"][0]["status"], "healthy");
    let packets = read["capture"]["packets"].as_u64().unwrap();
    assert_eq!(all.len() as u64, packets.div_ceil(10));
    assert!(last.contains(&format!("{packets} packets")), "{last}");
}

#[test]
fn the_oldest_files_go() {
    let Some(net) = Net::new("the_oldest_files_go") else { return };
    serve(&net.server);
    let folder = folder();
    let name = folder.path().join("ring.pcapng").display().to_string();
    let arguments = ["watch", "-i", "lo", "-w", &name, "--rotate", "size=64K,keep=3"];
    let program = Program::on(&net.server, &arguments);
    for _ in 0..4 {
        fetch(&net.server, LOOPBACK, 300_000);
        program.prints("300.0 kB");
    }
    program.signal("TERM");
    assert_eq!(program.ends().status, Some(0));
    let all = files(folder.path());
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(!all[0].to_string_lossy().contains("-00001-"), "{all:?}");
}

/// Rotating needs to make files without root's rights: that is said before the capture begins.
#[test]
fn a_folder_that_is_roots_alone() {
    let Some(net) = Net::new("a_folder_that_is_roots_alone") else { return };
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("ring.pcapng").display().to_string();
    let arguments = ["watch", "-i", "lo", "-w", &name, "--rotate", "count=10"];
    let ended = Program::with(&net.server, &[], &arguments).ends();
    assert!(ended.err.last().unwrap().contains("can't be written by user"), "{:?}", ended.err);
    assert_eq!(ended.status, Some(2));
}
