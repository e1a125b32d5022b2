//! What there is to paste, and what each piece of it is.
//!
//! An example is plain text that can be pasted as it stands. What its lines are is read from them:
//! a heading (`# vsftpd.conf`) begins the lines of a server's configuration, commands are known by
//! their name. So what a rule writes can't be labelled as something that it isn't.

use std::borrow::Cow;

use super::server::Software;

/// What a piece of an example is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Words.
    Text,
    /// Commands for a shell.
    Shell,
    /// Commands that change an nftables ruleset.
    Nftables,
    /// Commands that change the rules of iptables or ip6tables.
    Iptables,
    /// Commands for the firewall of Windows.
    WindowsFirewall,
    /// Settings or arguments of clients.
    Client,
    /// Settings of a server.
    Server(Software),
}

impl Kind {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Shell => "shell",
            Self::Nftables => "nftables",
            Self::Iptables => "iptables",
            Self::WindowsFirewall => "windows-firewall",
            Self::Client => "client",
            Self::Server(software) => software.name(),
        }
    }

    /// Of a line that stands under no heading.
    fn of(line: &str) -> Self {
        let mut words = line.split_whitespace();
        match words.next().unwrap_or_default() {
            "nft" => match words.next() {
                Some("list" | "monitor" | "-f") => Self::Shell,
                _ => Self::Nftables,
            },
            "iptables" | "ip6tables" => Self::Iptables,
            "netsh" => Self::WindowsFirewall,
            "curl" | "curl:" | "lftp:" | "ftp:" | "tnftp:" | "ncftp:" | "FileZilla:" => {
                Self::Client
            }
            program if COMMANDS.contains(&program) => Self::Shell,
            _ => Self::Text,
        }
    }
}

const COMMANDS: &[&str] = &[
    "arping",
    "conntrack",
    "df",
    "dig",
    "ethtool",
    "getent",
    "grep",
    "host",
    "ip",
    "iptables-save",
    "journalctl",
    "lsof",
    "modprobe",
    "mount",
    "nstat",
    "openssl",
    "ping",
    "sftp",
    "ss",
    "strace",
    "sysctl",
    "systemctl",
    "tc",
    "tcpdump",
    "time",
    "traceroute",
    "tracepath",
];

/// A piece of an example: lines of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet<'a> {
    /// What it is.
    pub kind: Kind,
    /// Where it goes, when its heading says so: a file, a dialogue.
    pub place: Option<&'a str>,
    /// The lines, without the heading.
    pub text: Cow<'a, str>,
}

/// A line that begins the settings of a server: which, and where they go.
fn heading(line: &str) -> Option<(Software, &str)> {
    let place = line.strip_prefix("# ")?;
    Some((Software::of_heading(place)?, place))
}

/// The servers whose headings stand in an example.
fn headings(example: &str) -> impl Iterator<Item = Software> {
    // Most lines aren't looked at: there is one number sign or none.
    memchr::memchr_iter(b'#', example.as_bytes())
        .filter_map(|at| {
            let before = example.get(..at)?;
            let line = example.get(at..)?;
            (before.is_empty() || before.ends_with('\n')).then(|| heading(line))?
        })
        .map(|(software, _)| software)
}

/// The pieces of an example.
pub fn read(example: &str) -> Vec<Snippet<'_>> {
    let mut all: Vec<Snippet<'_>> = Vec::new();
    // Lines of a piece follow each other: it is a part of the example, if that ends its lines as pieces
    // do.
    let (part, mut from, mut end) = (!example.contains('\r'), 0, 0);
    let breaks = memchr::memchr_iter(b'\n', example.as_bytes()).map(|at| at + 1);
    for next in breaks.chain([example.len()]) {
        let ended = example.get(end..next).unwrap_or_default();
        if ended.is_empty() {
            break;
        }
        let line = ended.strip_suffix('\n').map_or(ended, |l| l.strip_suffix('\r').unwrap_or(l));
        let start = end;
        end += ended.len();
        if let Some((software, place)) = heading(line) {
            let kind = Kind::Server(software);
            all.push(Snippet { kind, place: Some(place), text: Cow::Borrowed("") });
            continue;
        }
        let last = all.last_mut();
        let headed = last.as_ref().map(|s| s.kind).filter(|k| matches!(k, Kind::Server(_)));
        let kind = headed.unwrap_or_else(|| Kind::of(line));
        match last.filter(|s| s.kind == kind) {
            Some(s) if s.text.is_empty() => (s.text, from) = (Cow::Borrowed(line), start),
            Some(s) if part => {
                s.text = Cow::Borrowed(example.get(from..start + line.len()).unwrap_or_default());
            }
            Some(s) => {
                let text = s.text.to_mut();
                text.push('\n');
                text.push_str(line);
            }
            None => {
                all.push(Snippet { kind, place: None, text: Cow::Borrowed(line) });
                from = start;
            }
        }
    }
    all
}

/// The example that the pieces make.
pub fn write(all: &[Snippet<'_>]) -> Option<String> {
    let pieces = all.iter().map(|s| match &s.place {
        Some(place) => format!("# {place}\n{}", s.text),
        None => s.text.clone().into_owned(),
    });
    (!all.is_empty()).then(|| pieces.collect::<Vec<_>>().join("\n"))
}

/// The example without the settings of other servers than this one; as it was when the software
/// isn't known.
pub fn only_for(software: Option<Software>, example: String) -> Option<String> {
    let Some(software) = software else { return Some(example) };
    // Most settings come from a table that was asked for this server alone.
    if !headings(&example).any(|other| other != software) {
        return Some(example);
    }
    let mut all = read(&example);
    all.retain(|s| !matches!(s.kind, Kind::Server(other) if other != software));
    write(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "time getent hosts 192.0.2.1\nnft insert rule inet filter input accept\n\
        nft list ruleset\n# vsftpd.conf\npasv_min_port=1\npasv_max_port=2\n# proftpd.conf\nPassivePorts 1 2";

    #[test]
    fn what_lines_are() {
        let kinds: Vec<_> = read(MIXED).iter().map(|s| s.kind.name()).collect();
        assert_eq!(kinds, ["shell", "nftables", "shell", "vsftpd", "proftpd"]);
        assert_eq!(read(MIXED)[3].text, "pasv_min_port=1\npasv_max_port=2");
        assert_eq!(write(&read(MIXED)).as_deref(), Some(MIXED));
        assert_eq!(read("public IP: 203.0.113.5")[0].kind, Kind::Text);
    }

    #[test]
    fn lines_end_as_they_may() {
        fn texts(example: &str) -> Vec<(Option<String>, String)> {
            let owned = |s: Snippet<'_>| (s.place.map(str::to_owned), s.text.into_owned());
            read(example).into_iter().map(owned).collect()
        }
        let ended = MIXED.replace('\n', "\r\n") + "\r\n";
        assert_eq!(texts(&ended), texts(MIXED));
        let blank = "# vsftpd.conf\n\n\na=1\n\nb=2\n";
        assert_eq!(texts(blank), [(Some("vsftpd.conf".to_owned()), "a=1\n\nb=2".to_owned())]);
        assert_eq!(texts(&blank.replace('\n', "\r\n")), texts(blank));
        assert_eq!(texts("\nwords\n\nmore"), [(None, "words\n\nmore".to_owned())]);
    }

    #[test]
    fn only_for_the_software_seen() {
        let example = only_for(Some(Software::Proftpd), MIXED.to_owned()).unwrap();
        assert!(
            example.ends_with("nft list ruleset\n# proftpd.conf\nPassivePorts 1 2"),
            "{example}"
        );
        assert_eq!(only_for(None, MIXED.to_owned()).as_deref(), Some(MIXED));
        assert_eq!(only_for(Some(Software::Iis), "# vsftpd.conf\nssl_enable=YES".to_owned()), None);
    }
}
