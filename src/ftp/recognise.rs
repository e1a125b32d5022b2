//! Telling FTP from what else greets with three digits, or doesn't.

use super::command::{Command, Verb};

/// The first bytes of a server's greeting: 220. SMTP says it too.
pub fn looks_like_greeting(bytes: &[u8]) -> bool {
    matches!(bytes, [b'2', b'2', b'0', b' ' | b'-', ..])
}

/// What a client's command says about the protocol: `Some(true)` only FTP has it, `Some(false)` FTP has
/// it not and SMTP does, `None` both or neither.
pub fn command(command: &Command<'_>) -> Option<bool> {
    let smtp = ["HELO", "EHLO", "LHLO", "RCPT", "DATA", "VRFY", "EXPN", "STARTTLS"];
    let verb = command.verb;
    if smtp.contains(&verb.as_str()) {
        return Some(false);
    }
    if verb == Verb::MAIL && command.argument.to_ascii_uppercase().starts_with(b"FROM:") {
        return Some(false);
    }
    // SMTP has these as well (RFC 5321, 4954), and so have others.
    let shared = [Verb::AUTH, Verb::HELP, Verb::MAIL, Verb::NOOP, Verb::QUIT];
    (!shared.contains(&verb) && verb.is_known()).then_some(true)
}

/// What a reply says about the protocol; see [`command`].
pub fn server_reply(code: u16, text: &str) -> Option<bool> {
    match code {
        227 | 229 | 230 | 257 | 331 | 215 => Some(true),
        220 => {
            let smtp = text.as_bytes().windows(4).any(|w| w.eq_ignore_ascii_case(b"SMTP"));
            smtp.then_some(false)
        }
        _ => None,
    }
}

/// What a server's first bytes are, when they are no reply of three digits.
pub fn not_ftp(bytes: &[u8]) -> Option<&'static str> {
    let starts = |prefix: &[u8]| bytes.starts_with(prefix);
    if starts(b"SSH-") {
        Some("SSH")
    } else if starts(b"HTTP/") {
        Some("HTTP")
    } else if starts(b"+OK") {
        Some("POP3")
    } else if starts(b"* OK") {
        Some("IMAP")
    } else if starts(b"RFB ") {
        Some("VNC")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ftp_and_smtp() {
        let line = |line| command(&Command::parse(line)?);
        assert_eq!(line(b"USER a"), Some(true));
        assert_eq!(line(b"EHLO mail"), Some(false));
        assert_eq!(line(b"MAIL FROM:<a@b>"), Some(false));
        assert_eq!(line(b"QUIT"), None);
        assert_eq!(line(b"XYZZY"), None);
        assert_eq!(server_reply(220, "220 mail ESMTP ready"), Some(false));
        assert_eq!(server_reply(220, "220 ready"), None);
        assert_eq!(server_reply(331, "331 go on"), Some(true));
    }

    #[test]
    fn greetings() {
        assert!(looks_like_greeting(b"220-a") && looks_like_greeting(b"220 a"));
        assert!(!looks_like_greeting(b"2200") && !looks_like_greeting(b"220"));
        assert_eq!(not_ftp(b"SSH-2.0-OpenSSH_9"), Some("SSH"));
        assert_eq!(not_ftp(b"220 x"), None);
    }
}
