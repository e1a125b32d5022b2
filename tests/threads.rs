//! The same bytes come out for any number of threads: from a file, a pipe, gzip and zstd, of small
//! captures made by the benchmark's generator.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "the benchmark uses more of it")]
#[path = "../benches/profiles/play.rs"]
mod play;
#[allow(dead_code, reason = "the benchmark uses more of it")]
#[path = "../benches/profiles/profile.rs"]
mod profile;
#[path = "../benches/profiles/swap.rs"]
mod swap;
#[allow(dead_code, reason = "the benchmark uses more of it")]
#[path = "../benches/profiles/wire.rs"]
mod wire;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use profile::{PROFILES, make};

/// Sessions of each capture, about: enough that each is many pieces of a file long.
const SCALES: [(&str, f64); 5] =
    [("bulk", 0.005), ("chatty", 0.002), ("mixed", 0.01), ("snap96", 0.01), ("open", 0.000_7)];

fn run(folder: &Path, args: &[&str], input: Option<&[u8]>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .current_dir(folder)
        .args(["report", "--color", "never"])
        .args(args)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(input) = input {
        let mut pipe = child.stdin.take().unwrap();
        let input = input.to_vec();
        std::thread::spawn(move || pipe.write_all(&input));
    }
    let run = child.wait_with_output().unwrap();
    assert!(matches!(run.status.code(), Some(0 | 1)), "{args:?}: {run:?}");
    run
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn profiles_are_told_alike_by_any_number_of_threads() {
    for (name, scale) in SCALES {
        let profile = PROFILES.iter().find(|p| p.name == name).unwrap();
        let folder = tempfile::tempdir().unwrap();
        // The report names the file as it was named: `-` is standard input, `./-` this file.
        let path = folder.path().join("-");
        make(profile, scale, 959, &path).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() > 1 << 20, "{name} is too small for several threads");
        for (folder_of, packed) in [("gzip", gzip(&bytes)), ("zstd", zstd(&bytes))] {
            fs::create_dir(folder.path().join(folder_of)).unwrap();
            fs::write(folder.path().join(folder_of).join("-"), packed).unwrap();
        }
        for format in ["text", "json", "ndjson"] {
            let one = ["--format", format, "--threads", "1"];
            let want = run(folder.path(), &[&one[..], &["./-"]].concat(), None).stdout;
            assert!(want.len() > 100);
            let from_a_pipe = String::from_utf8(want.clone()).unwrap().replace("./-", "-");
            for threads in ["1", "2", "3", "8"] {
                let args = ["--format", format, "--threads", threads];
                let files = ["", "gzip", "zstd"].map(|f| folder.path().join(f));
                for place in files {
                    let got = run(&place, &[&args[..], &["./-"]].concat(), None).stdout;
                    assert!(got == want, "{name} {format} {threads} {}", place.display());
                }
                let got = run(folder.path(), &[&args[..], &["-"]].concat(), Some(&bytes)).stdout;
                assert!(got == from_a_pipe.as_bytes(), "{name} {format} {threads} from a pipe");
            }
        }
    }
}

/// More sessions than are kept at hand: others rest, and with several threads others pack them.
#[test]
fn sessions_at_rest_are_told_alike() {
    let profile = PROFILES.iter().find(|p| p.name == "open").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("open");
    let made = make(profile, 0.018, 959, &path).unwrap();
    assert_eq!(made.truth.sessions, 18_000);
    let told = |threads| {
        let args = ["--format", "ndjson", "--threads", threads, "open"];
        run(folder.path(), &args, None).stdout
    };
    let one = told("1");
    assert!(one.iter().filter(|b| **b == b'\n').count() > 18_000);
    assert!(told("2") == one && told("3") == one);
}

#[test]
fn a_cut_file_is_told_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chatty");
    make(&PROFILES[1], 0.002, 959, &path).unwrap();
    let packed = gzip(&fs::read(&path).unwrap());
    fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let at =
        |threads| run(folder.path(), &["--format", "json", "--threads", threads, "chatty"], None);
    let one = at("1");
    assert!(String::from_utf8_lossy(&one.stderr).contains("the gzip data is cut short here"));
    for threads in ["2", "3", "8"] {
        let several = at(threads);
        assert!(several.stdout == one.stdout && several.stderr == one.stderr);
    }
}

/// Merged, or each for itself; with what is wrong with some of them.
#[test]
fn several_files_are_told_alike() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let whole = |index: usize, scale| {
        let path = folder.path().join("made");
        make(&PROFILES[index], scale, 959 + index as u64, &path).unwrap();
        fs::read(&path).unwrap()
    };
    let (chatty, bulk, mixed) = (whole(1, 0.001), whole(0, 0.002), whole(2, 0.002));
    write("a-chatty", &chatty);
    write("b-bulk.gz", &gzip(&bulk));
    write("c-text", b"this is no capture");
    write("d-cut", &mixed[..mixed.len() - 5]);
    write("e-empty", b"");
    write("f-chatty", &whole(1, 0.0001));
    fs::remove_file(folder.path().join("made")).unwrap();
    let files = ["a-chatty", "b-bulk.gz", "d-cut", "f-chatty"];
    for format in ["text", "json", "ndjson"] {
        for each in [&[][..], &["--each"]] {
            let at = |threads| {
                let args = [&["--format", format, "--threads", threads], each, &files].concat();
                run(folder.path(), &args, None)
            };
            let one = at("1");
            for threads in ["2", "3", "8"] {
                let several = at(threads);
                assert!(several.stdout == one.stdout, "{format} {each:?} on {threads} threads");
                assert!(several.stderr == one.stderr, "{format} {each:?} on {threads} threads");
            }
        }
    }
    let each = |threads: &str| {
        Command::new(env!("CARGO_BIN_EXE_ftpscope"))
            .current_dir(folder.path())
            .args(["check", "--each", "-v", "--threads", threads])
            .args(["a-chatty", "c-text", "d-cut", "none", "e-empty", "f-chatty"])
            .output()
            .unwrap()
    };
    let one = each("1");
    assert_eq!(one.status.code(), Some(2));
    let said = String::from_utf8(one.stderr).unwrap();
    assert!(said.contains("c-text") && said.contains("none") && said.contains("reading a-chatty"));
    for threads in ["2", "3", "8"] {
        let several = each(threads);
        assert_eq!(String::from_utf8(several.stderr).unwrap(), said);
        assert!(several.stdout == one.stdout && several.status == one.status);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn one_thread_is_one_thread() {
    let folder = tempfile::tempdir().unwrap();
    make(&PROFILES[1], 0.01, 959, &folder.path().join("chatty")).unwrap();
    fs::copy(folder.path().join("chatty"), folder.path().join("again")).unwrap();
    // The most threads that the process ever had, as it goes.
    let most = |args: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
            .current_dir(folder.path())
            .args(args)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let tasks = format!("/proc/{}/task", child.id());
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            most = most.max(fs::read_dir(&tasks).map_or(0, Iterator::count));
        }
        most
    };
    for each in [&[][..], &["--each"]] {
        for (threads, want) in [("1", 1), ("2", 2), ("3", 3)] {
            let args = ["report", "--format", "ndjson", "--threads", threads, "chatty", "again"];
            assert_eq!(most(&[&args[..], each].concat()), want, "{each:?}");
        }
    }
}
