//! The reports of every sample, to the byte: at 1, 2 and 8 threads, from the file, from gzip and
//! from standard input. `UPDATE_EXPECT=1 cargo test --test golden` writes them anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn samples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join("samples"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"))
        .collect();
    found.sort();
    assert!(found.len() >= 16);
    found
}

/// Runs in the folder of samples, so that no path of this machine is in the report.
fn run(args: &[&str], input: Option<&[u8]>) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .current_dir(root().join("samples"))
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
    assert!(run.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    run.stdout
}

fn json(args: &[&str], input: Option<&[u8]>) -> Value {
    let all = [&["report", "--format", "json"], args].concat();
    let mut report: Value = serde_json::from_slice(&run(&all, input)).unwrap();
    report["capture"]["files"] = Value::Null;
    report
}

#[test]
fn reports_are_as_they_were() {
    for sample in samples() {
        let name = sample.file_name().unwrap().to_str().unwrap();
        let stem = sample.file_stem().unwrap().to_str().unwrap();
        for (format, ending) in [("text", "txt"), ("json", "json")] {
            let report = run(&["report", "--format", format, name], None);
            let golden = root().join("tests/golden").join(format!("{stem}.{ending}"));
            expect_test::expect_file![golden].assert_eq(std::str::from_utf8(&report).unwrap());
        }
    }
}

#[test]
fn threads_change_nothing() {
    for sample in samples() {
        let name = sample.file_name().unwrap().to_str().unwrap();
        for format in ["text", "json", "ndjson"] {
            let at = |n| run(&["report", "--format", format, "--threads", n, name], None);
            let one = at("1");
            assert!(one == at("2") && one == at("8"), "{name} {format}");
        }
    }
}

#[test]
fn gzip_and_standard_input_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for sample in samples() {
        let name = sample.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&sample).unwrap();
        let plain = json(&[name], None);
        assert_eq!(plain, json(&["-"], Some(&bytes)), "{name} from standard input");
        let packed = folder.path().join(format!("{name}.gz"));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&bytes).unwrap();
        let zipped = gzip.finish().unwrap();
        fs::write(&packed, &zipped).unwrap();
        assert_eq!(plain, json(&[packed.to_str().unwrap()], None), "{name} from gzip");
        assert_eq!(plain, json(&["-"], Some(&zipped)), "{name} from gzip on standard input");
    }
}

/// A line of NDJSON is the element of the document.
#[test]
fn lines_are_the_documents_elements() {
    for sample in samples() {
        let name = sample.file_name().unwrap().to_str().unwrap();
        let document: Value =
            serde_json::from_slice(&run(&["report", "--format", "json", name], None)).unwrap();
        let lines = run(&["report", "--format", "ndjson", name], None);
        let mut lines: Vec<Value> = String::from_utf8(lines)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let last = lines.pop().unwrap();
        assert_eq!((&last["type"], &last["schema"]), (&"capture".into(), &document["schema"]));
        assert_eq!(last["summary"], document["summary"]);
        assert_eq!(last["capture"], document["capture"]);
        lines.sort_by_key(|l| l["id"].as_u64());
        let sessions: Vec<Value> = lines
            .into_iter()
            .map(|mut l| {
                let fields = l.as_object_mut().unwrap();
                assert_eq!(fields.remove("type"), Some("session".into()));
                assert_eq!(fields.remove("schema"), Some("ftpscope/1".into()));
                l
            })
            .collect();
        assert_eq!(Value::from(sessions), document["sessions"], "{name}");
    }
}
