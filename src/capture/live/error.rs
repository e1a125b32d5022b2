//! Why an interface can't be captured on.

use std::path::PathBuf;

/// One sentence each, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// The system doesn't let this user capture.
    #[error(
        "{interface}: no right to capture; run it as root, or give this program the right once: sudo \
         setcap cap_net_raw=ep {}",
        quoted(program)
    )]
    NoRights {
        /// The interface.
        interface: String,
        /// This program.
        program: PathBuf,
    },
    /// There is none of that name.
    #[error("{interface}: there is no such interface; `ftpscope interfaces` lists them")]
    NoSuch {
        /// Its name.
        interface: String,
    },
    /// It is down.
    #[error("{interface} is down; bring it up first: ip link set {interface} up")]
    Down {
        /// Its name.
        interface: String,
    },
    /// The expression can't be used on it.
    #[error(
        "{interface}: `{expression}` can't be used as a filter here: {error}; see pcap-filter(7)"
    )]
    Filter {
        /// The interface.
        interface: String,
        /// The expression.
        expression: String,
        /// What libpcap says.
        error: String,
    },
    /// The interface doesn't offer the link type.
    #[error("{interface}: no link type {name} here; it offers {offered}")]
    LinkType {
        /// The interface.
        interface: String,
        /// The one that was asked for.
        name: String,
        /// Those it offers.
        offered: String,
    },
    /// Anything else.
    #[error("{interface}: can't be captured on: {error}")]
    Other {
        /// The interface.
        interface: String,
        /// What libpcap says.
        error: String,
    },
}

impl LiveError {
    /// From what libpcap says when an interface is opened. Its status codes don't come through the
    /// crate, so its words are all there is.
    pub(super) fn on_opening(interface: &str, error: &pcap::Error) -> Self {
        let interface = interface.to_owned();
        let error = words(error);
        let lower = error.to_ascii_lowercase();
        let says = |any: &[&str]| any.iter().any(|text| lower.contains(text));
        if says(&["permi", "cap_net_raw", "not permitted", "denied"]) {
            let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("ftpscope"));
            Self::NoRights { interface, program }
        } else if says(&["no such device", "doesn't exist", "does not exist", "no such network"]) {
            Self::NoSuch { interface }
        } else if says(&["not up", "is down"]) {
            Self::Down { interface }
        } else {
            Self::Other { interface, error }
        }
    }
}

/// What libpcap says.
pub(super) fn words(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A path as a word of a shell's command line.
fn quoted(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_libpcap_become_sentences() {
        let error = |text: &str| {
            LiveError::on_opening("eth0", &pcap::Error::PcapError(text.to_owned())).to_string()
        };
        let denied = error("socket: Operation not permitted");
        assert!(denied.contains("sudo setcap cap_net_raw=ep /"), "{denied}");
        assert!(error("No such device exists").contains("ftpscope interfaces"));
        assert!(error("That device is not up").contains("ip link set eth0 up"));
        assert_eq!(error("Whatever"), "eth0: can't be captured on: Whatever");
    }

    #[test]
    fn paths_can_be_pasted() {
        assert_eq!(quoted("/usr/bin/ftpscope".as_ref()), "/usr/bin/ftpscope");
        assert_eq!(quoted("/home/it's me/x".as_ref()), r"'/home/it'\''s me/x'");
    }
}
