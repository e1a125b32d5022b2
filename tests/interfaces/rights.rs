//! Rights: what is asked for, and what is given away.

use std::process::Command;

use crate::net::Net;
use crate::program::{BEGINS, Program};

const NOBODY: &str = "65534\t65534\t65534\t65534";

#[test]
fn root_is_given_away() {
    let Some(net) = Net::new("root_is_given_away") else { return };
    let begin = |environment: &[(&str, &str)], arguments: &[&str]| {
        let program = Program::with(&net.server, environment, arguments);
        program.says(BEGINS);
        program
    };
    let status = |program: Program| {
        let fields = ["Uid", "Gid", "Groups", "CapPrm", "CapEff", "NoNewPrivs"];
        let status = fields.map(|field| program.status(field));
        program.signal("TERM");
        assert_eq!(program.ends().status, Some(0));
        status
    };
    let none = "0000000000000000";
    let [uid, gid, groups, permitted, effective, no_new] =
        status(begin(&[("SUDO_UID", ""), ("SUDO_GID", "")], &["watch", "-i", "lo"]));
    assert_eq!((uid.as_str(), gid.as_str(), groups.as_str()), (NOBODY, NOBODY, ""));
    assert_eq!((permitted.as_str(), effective.as_str(), no_new.as_str()), (none, none, "1"));
    // Who called sudo, and with CAP_NET_RAW (13) alone.
    let sudo = [("SUDO_UID", "4711"), ("SUDO_GID", "4712")];
    let [uid, gid, groups, permitted, ..] =
        status(begin(&sudo, &["watch", "-i", "lo", "--keep-net-raw"]));
    assert_eq!((uid.split('\t').next(), gid.split('\t').next()), (Some("4711"), Some("4712")));
    assert_eq!((groups.as_str(), permitted.as_str()), ("", "0000000000002000"));
}

#[test]
fn without_rights_the_way_to_them_is_said() {
    let out = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all"])
        .args([env!("CARGO_BIN_EXE_ftpscope"), "-i", "lo"])
        .output();
    let Some(out) = out.ok().filter(|o| o.status.code() == Some(2)) else {
        eprintln!("SKIPPED: setpriv needs root, and nobody must be able to run the program");
        return;
    };
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    let line = format!("sudo setcap cap_net_raw=ep {}", env!("CARGO_BIN_EXE_ftpscope"));
    assert!(said.trim_end().ends_with(&line), "{said}");
}

#[test]
fn what_can_not_be_captured_is_said_in_one_sentence() {
    let said = |arguments: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_ftpscope")).args(arguments).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    // Said before rights are asked for.
    assert!(said(&["watch", "-i", "lo", "tcp", "prot", "21"]).contains("tcp prot 21"));
    assert!(said(&["watch"]).contains("ftpscope interfaces"));
    assert!(said(&["watch", "-i", "lo", "--rotate", "count=5"]).contains("--write"));
    assert!(said(&["-c", "5", "a.pcap"]).contains("--interface"));
    assert!(said(&["watch", "-i", "lo", "--format", "json"]).contains("ndjson"));
    if let Some(net) = Net::new("what_can_not_be_captured_is_said_in_one_sentence") {
        let ended = Program::with(&net.server, &[], &["watch", "-i", "eth7"]).ends();
        assert!(ended.err.last().unwrap().contains("there is no such interface"));
        net.link(&["set", "eth0", "down"]);
        let ended = Program::with(&net.server, &[], &["watch", "-i", "eth0"]).ends();
        assert!(ended.err.last().unwrap().contains("ip link set eth0 up"), "{:?}", ended.err);
    }
}
