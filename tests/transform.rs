//! The same verdicts after changes that change nothing: another control port, packets captured
//! twice, times shifted, nanoseconds, a file split in three.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A packet of a little-endian µs pcap file.
#[derive(Clone)]
struct Packet {
    micros: u64,
    wire_len: u32,
    data: Vec<u8>,
}

/// Samples in µs pcap over Ethernet, which are most.
fn samples() -> Vec<(String, Vec<Packet>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|e| {
            let path = e.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let plain =
                bytes.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]) && bytes[20..24] == [1, 0, 0, 0];
            plain.then(|| (path.file_stem().unwrap().to_str().unwrap().to_owned(), read(&bytes)))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(found.len() > 30);
    found
}

fn read(bytes: &[u8]) -> Vec<Packet> {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut at, mut packets) = (24, Vec::new());
    while at < bytes.len() {
        let length = number(at + 8) as usize;
        packets.push(Packet {
            micros: u64::from(number(at)) * 1_000_000 + u64::from(number(at + 4)),
            wire_len: number(at + 12),
            data: bytes[at + 16..at + 16 + length].to_vec(),
        });
        at += 16 + length;
    }
    packets
}

fn write(folder: &Path, name: &str, packets: &[Packet], nanoseconds: bool) -> PathBuf {
    let magic: u32 = if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let mut bytes = magic.to_le_bytes().to_vec();
    bytes.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
    for p in packets {
        let scale = if nanoseconds { 1000 } else { 1 };
        let fraction = (p.micros % 1_000_000) as u32 * scale;
        for n in [(p.micros / 1_000_000) as u32, fraction, p.data.len() as u32, p.wire_len] {
            bytes.extend(n.to_le_bytes());
        }
        bytes.extend(&p.data);
    }
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Status and serious diagnoses of each session.
fn verdicts(input: &Path) -> Vec<(String, Vec<String>)> {
    let run = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .args(["report", "--format", "json"])
        .arg(input)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let sessions = report["sessions"].as_array().unwrap().iter();
    sessions
        .map(|s| {
            let diagnoses = s["diagnoses"].as_array().unwrap().iter();
            let serious = diagnoses.filter(|d| d["severity"] != "info");
            let codes = serious.map(|d| d["code"].as_str().unwrap().to_owned()).collect();
            (s["status"].as_str().unwrap().to_owned(), codes)
        })
        .collect()
}

fn hold(change: &str, transform: impl Fn(&Path, &[Packet]) -> PathBuf) {
    for (name, packets) in samples() {
        let folder = tempfile::tempdir().unwrap();
        let before = verdicts(&write(folder.path(), "before", &packets, false));
        let inputs = tempfile::tempdir().unwrap();
        let after = verdicts(&transform(inputs.path(), &packets));
        assert_eq!(before, after, "{name}, {change}");
    }
}

#[test]
fn nanoseconds_and_shifted_times() {
    hold("nanoseconds", |folder, p| write(folder, "p", p, true));
    hold("a year later", |folder, p| {
        let mut p = p.to_vec();
        p.iter_mut().for_each(|p| p.micros += 31_536_000_123_456);
        write(folder, "p", &p, false)
    });
}

#[test]
fn split_in_three() {
    hold("split in three", |folder, p| {
        let third = p.len().div_ceil(3);
        for (i, part) in p.chunks(third).enumerate() {
            write(folder, &format!("{i}.pcap"), part, false);
        }
        folder.to_owned()
    });
}

#[test]
fn every_packet_twice() {
    hold("every packet twice", |folder, p| {
        let twice: Vec<Packet> = p
            .iter()
            .flat_map(|p| {
                let mut again = p.clone();
                again.micros += 7;
                [p.clone(), again]
            })
            .collect();
        write(folder, "p", &twice, false)
    });
}

/// Port 21 becomes 2121 in every TCP header: what says 220 and then something that only FTP says
/// is a session all the same, with the same verdict.
#[test]
fn another_control_port_is_recognised_by_content() {
    let mut compared = 0;
    for (name, mut packets) in samples() {
        let folder = tempfile::tempdir().unwrap();
        let before = verdicts(&write(folder.path(), "before", &packets, false));
        for p in &mut packets {
            let tcp = match p.data.get(12..15) {
                Some([8, 0, ip]) => 14 + usize::from(ip & 15) * 4,
                _ => continue,
            };
            if p.data.get(23) != Some(&6) {
                continue;
            }
            for at in [tcp, tcp + 2] {
                if p.data.get(at..at + 2) == Some(&[0, 21]) {
                    p.data[at..at + 2].copy_from_slice(&2121u16.to_be_bytes());
                }
            }
        }
        let after = verdicts(&write(folder.path(), "after", &packets, false));
        // Without a greeting and a command, or from the middle on, nothing says that it is FTP.
        if after.len() < before.len() {
            continue;
        }
        compared += 1;
        assert_eq!(before, after, "{name}");
    }
    assert!(compared > 30, "only {compared} were recognised");
}

/// TCP ports of a packet over Ethernet and IPv4: source, destination, and the source address.
fn tcp(p: &Packet) -> Option<(u16, u16, [u8; 4])> {
    let ip = p.data.get(14..34)?;
    if p.data.get(12..14) != Some(&[8, 0]) || ip[9] != 6 {
        return None;
    }
    let at = 14 + usize::from(ip[0] & 15) * 4;
    let port = |at: usize| Some(u16::from_be_bytes(p.data.get(at..at + 2)?.try_into().ok()?));
    Some((port(at)?, port(at + 2)?, ip[12..16].try_into().ok()?))
}

fn codes_of(sample: &str, keep: impl Fn((u16, u16, [u8; 4])) -> bool) -> (String, Vec<String>) {
    let (_, packets) = samples().into_iter().find(|(name, _)| name == sample).unwrap();
    let kept: Vec<Packet> = packets.into_iter().filter(|p| tcp(p).is_some_and(&keep)).collect();
    let folder = tempfile::tempdir().unwrap();
    verdicts(&write(folder.path(), "p", &kept, false)).remove(0)
}

/// `tcpdump port 21` next to the client can't show that the client never dialled.
#[test]
fn a_capture_of_port_21_alone_does_not_blame_who_dials() {
    for sample in ["passive-range-dropped-client", "data-refused-client"] {
        let (status, codes) = codes_of(sample, |(from, to, _)| from == 21 || to == 21);
        assert_eq!((status.as_str(), codes.len()), ("undetermined", 0), "{sample}: {codes:?}");
    }
}

/// The server's packets alone hold its SYN-ACK and its RST, and no refusal.
#[test]
fn one_direction_alone_is_no_refusal() {
    for sample in ["transfer-refused-425", "control-closed"] {
        let (_, codes) = codes_of(sample, |(_, _, ip)| ip == [10, 88, 1, 2]);
        assert!(!codes.contains(&"data-refused".to_owned()), "{sample}: {codes:?}");
    }
}
