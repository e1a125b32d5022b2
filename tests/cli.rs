//! The command line: help, exit statuses, bad input, closed output.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn ftpscope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ftpscope")).args(args).output().unwrap()
}

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let find = |e: &str| Some(folder.join(format!("{name}.{e}"))).filter(|p| p.exists());
    find("pcap").or_else(|| find("pcapng")).unwrap().display().to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn write(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn help_and_version() {
    for args in [&["--help"][..], &["-h"], &["report", "--help"], &["--version"]] {
        let run = ftpscope(args);
        assert_eq!(run.status.code(), Some(0), "{args:?}");
        assert!(!run.stdout.is_empty());
    }
    assert_eq!(ftpscope(&[]).status.code(), Some(2));
    assert_eq!(ftpscope(&["--no-such-option"]).status.code(), Some(2));
}

#[test]
fn exit_statuses() {
    let (healthy, stalled) =
        (sample("passive-vsftpd-curl"), sample("passive-range-dropped-client"));
    assert_eq!(ftpscope(&[&healthy]).status.code(), Some(0));
    assert_eq!(ftpscope(&[&stalled]).status.code(), Some(1));
    assert_eq!(ftpscope(&["report", "--exit-zero", &stalled]).status.code(), Some(0));
    assert_eq!(ftpscope(&["report", &healthy, &stalled]).status.code(), Some(1));
    assert_eq!(ftpscope(&["report", "-Y", "status:healthy", &stalled]).status.code(), Some(0));
    assert_eq!(ftpscope(&["report", "--only-problems", &stalled]).status.code(), Some(1));
    assert_eq!(ftpscope(&["report", "--session", "99", &stalled]).status.code(), Some(0));
    assert_eq!(ftpscope(&["check", &stalled]).status.code(), Some(1));
    assert_eq!(ftpscope(&["report", &healthy, "/does/not/exist"]).status.code(), Some(2));
}

/// One sentence on standard error that names the file, and the status.
fn complaint(path: &Path, status: i32, says: &str) {
    let name = path.display().to_string();
    let run = ftpscope(&["report", "--format", "json", &name]);
    let said = text(&run.stderr);
    assert_eq!(run.status.code(), Some(status), "{name}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&name) && said.contains(says), "{said}");
}

#[test]
fn bad_input_is_named_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    complaint(&write(&folder, "empty.pcap", b""), 2, "empty");
    complaint(&write(&folder, "a.jpg", b"\xff\xd8\xff\xe0 JFIF and more of it........"), 2, "JPEG");
    complaint(
        &write(&folder, "notes.txt", b"these are notes, and not a capture at all"),
        2,
        "text",
    );
    complaint(Path::new("/does/not/exist.pcap"), 2, "no such file");
    let none = folder.path().join("none");
    fs::create_dir(&none).unwrap();
    complaint(&none, 2, "folder");
    let whole = fs::read(sample("active-vsftpd-ftplib")).unwrap();
    complaint(&write(&folder, "cut.pcap", &whole[..whole.len() - 7]), 0, "offset");
    complaint(&write(&folder, "header.pcap", &whole[..10]), 2, "header");
    let mut noise = whole[..24].to_vec();
    noise.extend((0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8));
    let noise = write(&folder, "noise.pcap", &noise);
    let run = ftpscope(&["report", "--format", "json", &noise.display().to_string()]);
    assert!(matches!(run.status.code(), Some(0 | 1)));
    assert!(text(&run.stderr).lines().next().unwrap().contains("offset"));
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert!(!report["capture"]["problems"].as_array().unwrap().is_empty());
    assert_eq!(
        ftpscope(&[&write(&folder, "none.pcap", &whole[..24]).display().to_string()]).status.code(),
        Some(0)
    );
}

#[cfg(unix)]
#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "secret.pcap", b"x");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(&path).is_ok() {
        eprintln!("skipped: running as a user who may read everything");
        return;
    }
    complaint(&path, 2, "permission");
}

#[test]
fn a_capture_cut_anywhere_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["data-refused-client", "passive-vsftpd-curl"] {
        let whole = fs::read(sample(name)).unwrap();
        for cut in (0..whole.len()).step_by(whole.len() / 23) {
            let path = write(&folder, "cut", &whole[..cut]);
            let run = ftpscope(&["report", "--format", "json", &path.display().to_string()]);
            assert!(run.status.code().is_some_and(|c| c <= 2), "{name} cut at {cut}: {run:?}");
            assert!(!text(&run.stderr).contains("panicked"), "{name} cut at {cut}");
        }
    }
}

#[test]
fn a_closed_output_ends_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .args(["report", "--format", "json", &sample("mixed-many")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().code().is_some_and(|c| c <= 1));
    assert_eq!(said, "");
}

#[test]
fn standard_input_and_folders() {
    let bytes = fs::read(sample("passive-range-dropped-client")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .args(["report", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        // In small pieces, as a pipe from tcpdump gives them.
        for piece in bytes.chunks(7) {
            pipe.write_all(piece).unwrap();
        }
    });
    let run = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let folder = tempfile::tempdir().unwrap();
    for name in ["data-refused-client", "active-vsftpd-ftplib"] {
        fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    write(&folder, "readme.txt", b"not a capture");
    let run = ftpscope(&["report", "--format", "json", &folder.path().display().to_string()]);
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(report["capture"]["files"].as_array().unwrap().len(), 2);
    assert_eq!(report["summary"]["sessions"], 2);
}

#[test]
fn filters_say_what_is_wrong() {
    let run = ftpscope(&["report", "-Y", "sttus:stalled", &sample("data-refused-client")]);
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run.stderr).contains("did you mean 'status'"));
}

#[cfg(feature = "live")]
#[test]
fn bpf_over_files() {
    let file = sample("passive-vsftpd-curl");
    let run = ftpscope(&["report", "--format", "json", "--bpf", "tcp port 21", &file]);
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let all: Value =
        serde_json::from_slice(&ftpscope(&["report", "--format", "json", &file]).stdout).unwrap();
    assert!(report["capture"]["packets"].as_u64() < all["capture"]["packets"].as_u64());
    let run = ftpscope(&["report", "--bpf", "tcp prt 21", &file]);
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run.stderr).contains("--bpf"));
}

#[test]
fn explain_knows_the_catalogue() {
    assert_eq!(ftpscope(&["explain"]).status.code(), Some(0));
    let one = ftpscope(&["explain", "data-syn-unanswered"]);
    assert_eq!(one.status.code(), Some(0));
    assert!(text(&one.stdout).contains("What proves it"));
    let run = ftpscope(&["explain", "data-syn-unansered"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run.stderr).contains("data-syn-unanswered"));
}

#[test]
fn privacy_shows_no_address_of_the_capture() {
    for format in ["text", "json", "ndjson"] {
        let args =
            ["report", "--privacy", "--format", format, &sample("passive-range-dropped-client")];
        let shown = text(&ftpscope(&args).stdout);
        assert!(!shown.contains("10.77.") && !shown.contains("10.88."), "{shown}");
        assert!(!shown.contains("10,88,"), "{shown}");
    }
}

/// Two captures of the same packets are not one capture.
#[test]
fn the_same_connection_in_two_files_is_a_problem() {
    let args = ["report", "--format", "json", &sample("nat-inside"), &sample("nat-outside")];
    let apart: Value = serde_json::from_slice(&ftpscope(&args).stdout).unwrap();
    assert_eq!(apart["capture"]["problems"].as_array().unwrap().len(), 0, "NAT made them two");
    let (client, server) =
        (sample("passive-range-dropped-client"), sample("passive-range-dropped-server"));
    let run = ftpscope(&["report", "--format", "json", &client, &server]);
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let problems = report["capture"]["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0]["text"].as_str().unwrap().contains("compare"));
    assert!(text(&run.stderr).contains("--each"));
}

/// What stands before the subcommand counts; without anything to read, one sentence says so.
#[test]
fn a_report_needs_a_file_or_an_interface() {
    let run = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_ftpscope");
        std::process::Command::new(program).args(arguments).output().unwrap()
    };
    let out = run(&["report"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("name a capture file"));
    let out = run(&["-i", "no such one", "report"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&out.stderr).contains("name a capture file"));
}

#[test]
fn problems_alone_are_the_same_problems() {
    let file = sample("forty-sessions-client");
    let json = |more: &[&str]| -> Value {
        let args = [&["report", "--format", "json", file.as_str()], more].concat();
        serde_json::from_slice(&ftpscope(&args).stdout).unwrap()
    };
    for filter in ["", "code:data-syn-unanswered", "status:healthy", "\"on the way reads\""] {
        let chosen: &[&str] = if filter.is_empty() { &[] } else { &["--filter", filter] };
        let all = json(chosen);
        let alone = json(&[chosen, &["--only-problems"]].concat());
        let broken = |s: &&Value| !matches!(s["status"].as_str(), Some("healthy" | "undetermined"));
        let want: Vec<&Value> = all["sessions"].as_array().unwrap().iter().filter(broken).collect();
        assert_eq!(want.is_empty(), filter == "status:healthy");
        assert_eq!(alone["sessions"].as_array().unwrap().iter().collect::<Vec<_>>(), want);
        assert_eq!((&alone["summary"], &alone["capture"]), (&all["summary"], &all["capture"]));
        let lines = [&["report", "--format", "ndjson", "--only-problems", &file], chosen].concat();
        let lines = text(&ftpscope(&lines).stdout);
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!(last["summary"], all["summary"]);
    }
}
