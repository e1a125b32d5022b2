//! What there is to paste, and what each piece of it is.
//!
//! An example is plain text that can be pasted as it stands. What its lines are is read from them:
//! a heading (`# vsftpd.conf`) begins the lines of a server's configuration, commands are known by
//! their name. So what a rule writes can't be labelled as something that it isn't.

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
        match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
            ("nft", "list" | "monitor" | "-f") => Self::Shell,
            ("nft", _) => Self::Nftables,
            ("iptables" | "ip6tables", _) => Self::Iptables,
            ("netsh", _) => Self::WindowsFirewall,
            ("curl" | "curl:" | "lftp:" | "ftp:" | "tnftp:" | "ncftp:" | "FileZilla:", _) => {
                Self::Client
            }
            (program, _) if COMMANDS.contains(&program) => Self::Shell,
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
pub struct Snippet {
    /// What it is.
    pub kind: Kind,
    /// Where it goes, when its heading says so: a file, a dialogue.
    pub place: Option<String>,
    /// The lines, without the heading.
    pub text: String,
}

/// A line that begins the settings of a server: which, and where they go.
fn heading(line: &str) -> Option<(Software, &str)> {
    let place = line.strip_prefix("# ")?;
    Some((Software::of_heading(place)?, place))
}

/// The pieces of an example.
pub fn read(example: &str) -> Vec<Snippet> {
    let mut all: Vec<Snippet> = Vec::new();
    for line in example.lines() {
        if let Some((software, place)) = heading(line) {
            let kind = Kind::Server(software);
            all.push(Snippet { kind, place: Some(place.to_owned()), text: String::new() });
            continue;
        }
        let under_heading = all.last().is_some_and(|s| matches!(s.kind, Kind::Server(_)));
        let kind = Kind::of(line);
        match all.last_mut() {
            Some(s) if under_heading || s.kind == kind => {
                if !s.text.is_empty() {
                    s.text.push('\n');
                }
                s.text.push_str(line);
            }
            _ => all.push(Snippet { kind, place: None, text: line.to_owned() }),
        }
    }
    all
}

/// The example that the pieces make.
pub fn write(all: &[Snippet]) -> Option<String> {
    let pieces = all.iter().map(|s| match &s.place {
        Some(place) => format!("# {place}\n{}", s.text),
        None => s.text.clone(),
    });
    (!all.is_empty()).then(|| pieces.collect::<Vec<_>>().join("\n"))
}

/// The example without the settings of other servers than this one; as it was when the software
/// isn't known.
pub fn only_for(software: Option<Software>, example: &str) -> Option<String> {
    let Some(software) = software else { return Some(example.to_owned()) };
    // Most settings come from a table that was asked for this server alone.
    if !example.lines().filter_map(heading).any(|(other, _)| other != software) {
        return Some(example.to_owned());
    }
    let mut all = read(example);
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
    fn only_for_the_software_seen() {
        let example = only_for(Some(Software::Proftpd), MIXED).unwrap();
        assert!(
            example.ends_with("nft list ruleset\n# proftpd.conf\nPassivePorts 1 2"),
            "{example}"
        );
        assert_eq!(only_for(None, MIXED).as_deref(), Some(MIXED));
        assert_eq!(only_for(Some(Software::Iis), "# vsftpd.conf\nssl_enable=YES"), None);
    }
}
