//! Advice can be pasted: the examples of every sample's report, and all that may be advised, are
//! given to nft, iptables and the servers' own checks. What this machine doesn't have is skipped,
//! and said so.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, says what it skips, and waits for servers"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ftpscope::diagnose::{Kind, Software, every_example, read_example};
use serde_json::Value;

/// Each snippet once: kind and text.
type Snippets = BTreeSet<(String, String)>;

fn report(sample: &Path) -> Value {
    let run = Command::new(env!("CARGO_BIN_EXE_ftpscope"))
        .args(["report", "--format", "json"])
        .arg(sample)
        .output()
        .unwrap();
    serde_json::from_slice(&run.stdout).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// Of the reports of all samples. None is for another server than the one seen.
fn of_samples() -> Snippets {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut all = Snippets::new();
    for entry in fs::read_dir(folder).unwrap() {
        let sample = entry.unwrap().path();
        if !sample.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            continue;
        }
        let report = report(&sample);
        let findings = list(&report, "findings").map(|f| (None, f));
        let diagnoses = list(&report, "sessions").flat_map(|s| {
            let software = s["control"]["server_software"].as_str().and_then(Software::of);
            list(s, "diagnoses").map(move |d| (software, d))
        });
        for (software, diagnosis) in findings.chain(diagnoses) {
            for snippet in list(diagnosis, "advice").flat_map(|a| list(a, "snippets")) {
                let kind = snippet["kind"].as_str().unwrap();
                let code = &diagnosis["code"];
                if let (Some(seen), Some(server)) = (software, Software::of_heading(kind)) {
                    assert_eq!(server, seen, "{}: {code}", sample.display());
                }
                all.insert((kind.to_owned(), snippet["text"].as_str().unwrap().to_owned()));
            }
        }
    }
    all
}

/// The samples' and all others that there may be, placeholders filled in.
fn all() -> &'static Snippets {
    static ALL: OnceLock<Snippets> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = of_samples();
        for (server, client) in [("203.0.113.5", "192.0.2.1"), ("2001:db8::5", "2001:db8:1::1")] {
            for example in every_example(server.parse().unwrap(), client.parse().unwrap()) {
                let snippets = read_example(&example).into_iter();
                all.extend(snippets.map(|s| (s.kind.name().to_owned(), s.text.into_owned())));
            }
        }
        let fill = |text: String| {
            text.replace("THE.PUBLIC.ADDRESS", "203.0.113.5")
                .replace("THE.SERVERS.OWN.ADDRESS", "10.0.0.5")
                .replace("FIRST-LAST", "192.0.2.1-192.0.2.9")
        };
        all.into_iter().map(|(kind, text)| (kind, fill(text))).collect()
    })
}

fn of_kind(kind: Kind) -> Vec<&'static str> {
    let all = all().iter().filter(|(k, _)| k == kind.name());
    let texts: Vec<_> = all.map(|(_, text)| text.as_str()).collect();
    assert!(!texts.is_empty(), "no advice of kind {}", kind.name());
    texts
}

/// Runs a program in a network namespace of its own; whether it succeeded, and what it wrote.
fn isolated(program: &[&str], input: &str) -> (bool, String) {
    let spawned = Command::new("unshare")
        .arg("-n")
        .args(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else { return (false, "unshare is missing".to_owned()) };
    // Who reads nothing has said what is wrong by then.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let run = child.wait_with_output().unwrap();
    let wrote = [run.stdout, run.stderr].concat();
    (run.status.success(), String::from_utf8_lossy(&wrote).into_owned())
}

/// The arguments that a shell gives to a command, line by line: as when the text is pasted.
fn pasted(commands: &[&str], text: &str) -> String {
    let stand_ins: String =
        commands.iter().map(|c| format!("{c}() {{ printf '%s\\n' \"$*\"; }}\n")).collect();
    let run = Command::new("sh").arg("-c").arg(format!("{stand_ins}{text}")).output().unwrap();
    assert!(run.status.success() && run.stderr.is_empty(), "{text}\n{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

const RULESET: &str = "add table inet filter\n\
    add chain inet filter input { type filter hook input priority filter; }\n\
    add chain inet filter forward { type filter hook forward priority filter; }\n\
    add chain inet filter output { type filter hook output priority filter; }\n\
    add table inet nat\n\
    add chain inet nat postrouting { type nat hook postrouting priority srcnat; }\n";

#[test]
fn nft_takes_its_rules() {
    let nft = ["nft", "-c", "-f", "-"];
    let (works, why) = isolated(&nft, RULESET);
    if !works {
        eprintln!("SKIPPED: nft can't check rules here: {why}");
        return;
    }
    let helper = "add table inet x\nadd ct helper inet x y { type \"ftp\" protocol tcp; }\n";
    let helpers = isolated(&nft, helper).0;
    for text in of_kind(Kind::Nftables) {
        if text.contains("ct helper") && !helpers {
            eprintln!("SKIPPED: the kernel has no FTP helper for {text}");
            continue;
        }
        let (fine, said) = isolated(&nft, &format!("{RULESET}{}", pasted(&["nft"], text)));
        assert!(fine, "{text}\n{said}");
    }
}

#[test]
fn iptables_takes_its_rules() {
    let rules = of_kind(Kind::Iptables);
    for (program, restore) in [("iptables", "iptables-restore"), ("ip6tables", "ip6tables-restore")]
    {
        let lines: Vec<&str> = rules
            .iter()
            .flat_map(|t| t.lines())
            .filter(|l| l.split(' ').next() == Some(program))
            .collect();
        assert!(!lines.is_empty(), "{program}");
        for line in &lines {
            let six = line.contains("::");
            assert!(!six || program == "ip6tables", "an address of the other family: {line}");
        }
        let (works, why) = isolated(&[restore, "--test"], "*filter\nCOMMIT\n");
        if !works {
            eprintln!("SKIPPED: {restore} can't check rules here: {why}");
            continue;
        }
        for line in lines {
            let arguments = pasted(&[program], line);
            let (table, rule) = match arguments.trim().strip_prefix("-t ") {
                Some(rest) => rest.split_once(' ').unwrap(),
                None => ("filter", arguments.trim()),
            };
            let (fine, said) =
                isolated(&[restore, "--test"], &format!("*{table}\n{rule}\nCOMMIT\n"));
            assert!(fine, "{line}\n{said}");
        }
    }
}

#[test]
fn a_shell_takes_its_commands() {
    for kind in [Kind::Shell, Kind::Nftables, Kind::Iptables] {
        for text in of_kind(kind) {
            let run = Command::new("sh").args(["-n", "-c", text]).output().unwrap();
            assert!(run.status.success(), "{text}\n{run:?}");
        }
    }
}

/// The lab's servers, when they are unpacked and this is root.
fn lab(what: &str) -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))?;
    let path = base.join("ftpscope-lab").join(what);
    let root = fs::metadata("/proc/self").is_ok_and(|m| {
        use std::os::unix::fs::MetadataExt;
        m.uid() == 0
    });
    let there = path.exists() && root && isolated(&["true"], "").0;
    if !there {
        eprintln!("SKIPPED: {what} of the lab is missing, or this is not root");
    }
    there.then_some(path)
}

/// A folder of this test's own, with a key and a certificate in `ftp.pem`.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let pem = folder.join("ftp.pem");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lab"])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"))
        .output();
    if made.is_ok_and(|m| m.status.success()) {
        let both = ["key.pem", "cert.pem"].map(|f| fs::read_to_string(folder.join(f)).unwrap());
        fs::write(&pem, both.concat()).unwrap();
    }
    folder
}

/// The text with its paths of certificates and keys pointing to one that exists.
fn with_certificate(text: &str, folder: &Path) -> String {
    let pem = folder.join("ftp.pem").display().to_string();
    text.replace("/etc/ssl/certs/ftp.pem", &pem).replace("/etc/ssl/private/ftp.key", &pem)
}

/// Whether vsftpd comes to listen when it is started with these lines.
fn vsftpd_starts(program: &Path, config: &Path, lines: &str) -> Result<(), String> {
    let base = "listen=YES\nlisten_port=2121\nbackground=NO\nsecure_chroot_dir=/\nnopriv_user=nobody\nftp_username=nobody\n";
    fs::write(config, format!("{base}{lines}\n")).unwrap();
    let mut child = Command::new("unshare")
        .arg("-n")
        .args([program, config])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // In its own namespace nothing else listens; 0A is LISTEN.
    let sockets = format!("/proc/{}/net/tcp", child.id());
    let listens = || {
        fs::read_to_string(&sockets)
            .is_ok_and(|t| t.lines().any(|l| l.contains(":0849 ") && l.contains(" 0A ")))
    };
    let until = Instant::now() + Duration::from_secs(20);
    while !listens() && Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            let run = child.wait_with_output().unwrap();
            return Err(String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let listened = listens();
    child.kill().unwrap();
    child.wait().unwrap();
    listened.then_some(()).ok_or_else(|| "it never listened".to_owned())
}

#[test]
fn vsftpd_takes_its_lines() {
    let Some(program) = lab("vsftpd/usr/sbin/vsftpd") else { return };
    let folder = folder("vsftpd");
    let config = folder.join("vsftpd.conf");
    assert!(vsftpd_starts(&program, &config, "no_such_setting=YES").is_err());
    for text in of_kind(Kind::Server(Software::Vsftpd)) {
        // It takes an IPv4 address alone, and a 227 has no room for another.
        let text = text.replace("pasv_address=2001:db8::5", "pasv_address=203.0.113.5");
        let started = vsftpd_starts(&program, &config, &with_certificate(&text, &folder));
        assert_eq!(started, Ok(()), "{text}");
    }
}

#[test]
fn proftpd_takes_its_lines() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let Some(program) = lab("proftpd-core/usr/sbin/proftpd") else { return };
    let Some(tls) = lab("proftpd-mod-crypto/usr/lib/proftpd/mod_tls.so") else { return };
    let folder = folder("proftpd");
    let _ = symlink(tls, folder.join("mod_tls.so"));
    let config = folder.join("proftpd.conf");
    let check = |lines: &str| {
        let module = if lines.contains("TLS") && !lines.contains("LoadModule") {
            "LoadModule mod_tls.c\n"
        } else {
            ""
        };
        let base = format!("ModulePath {}\nServerName lab\n{module}", folder.display());
        fs::write(&config, format!("{base}{lines}\n")).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        let (program, config) = (program.to_str().unwrap(), config.to_str().unwrap());
        isolated(&[program, "-t", "-c", config], "")
    };
    assert!(!check("NoSuchDirective on").0);
    for text in of_kind(Kind::Server(Software::Proftpd)) {
        let (fine, said) = check(&with_certificate(text, &folder));
        assert!(fine, "{text}\n{said}");
    }
}

#[test]
fn pure_ftpd_takes_its_options() {
    let Some(program) = lab("pure-ftpd/usr/sbin/pure-ftpd") else { return };
    let program = program.to_str().unwrap();
    // Read from left to right: the last one asks for help, and nothing is started.
    let check = |options: &str| {
        let arguments = options.split_whitespace().chain(["-h"]);
        isolated(&std::iter::once(program).chain(arguments).collect::<Vec<_>>(), "")
    };
    assert!(!check("--no-such-option").0);
    for text in of_kind(Kind::Server(Software::PureFtpd)) {
        let (fine, said) = check(text);
        assert!(fine, "{text}\n{said}");
    }
}

#[test]
fn pyftpdlib_has_what_is_set() {
    let Some(library) = lab("python") else { return };
    let program = "import sys\n\
        from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler\n\
        from pyftpdlib.servers import FTPServer\n\
        class handler(FTPHandler): pass\n\
        class server(FTPServer): pass\n\
        compile(sys.argv[1], 'advice', 'exec')\n\
        for line in sys.argv[1].splitlines():\n\
        \u{20}   exec(line)\n\
        \u{20}   name = line.split('=')[0].strip()\n\
        \u{20}   if '.' in name:\n\
        \u{20}       whose, name = name.split('.')\n\
        \u{20}       assert any(hasattr(c, name) for c in (FTPHandler, TLS_FTPHandler, FTPServer)), line\n";
    for text in of_kind(Kind::Server(Software::Pyftpdlib)) {
        let run = Command::new("python3")
            .env("PYTHONPATH", &library)
            .args(["-c", program, text])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(run.status.success(), "{text}\n{}", String::from_utf8_lossy(&run.stderr));
    }
}
