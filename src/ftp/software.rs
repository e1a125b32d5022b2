//! The server's software, as it says itself.

/// Names by which servers call themselves, and whether a version follows in these texts.
const NAMES: &[(&str, &str)] = &[
    ("vsftpd", "vsFTPd"),
    ("proftpd", "ProFTPD"),
    ("pure-ftpd", "Pure-FTPd"),
    ("filezilla server", "FileZilla Server"),
    ("microsoft ftp service", "Microsoft FTP Service"),
    ("pyftpdlib", "pyftpdlib"),
    ("serv-u ftp server", "Serv-U"),
    ("serv-u", "Serv-U"),
    ("wu-", "wu-ftpd"),
    ("wing ftp server", "Wing FTP Server"),
    ("crushftp", "CrushFTP"),
    ("gene6 ftp server", "Gene6 FTP Server"),
    ("bulletproof ftp server", "BulletProof FTP Server"),
    ("cerberus ftp server", "Cerberus FTP Server"),
    ("titan ftp server", "Titan FTP Server"),
    ("glftpd", "glFTPd"),
    ("ncftpd", "NcFTPd"),
    ("bftpd", "bftpd"),
    ("xlight", "Xlight FTP Server"),
    ("goanywhere", "GoAnywhere"),
    ("globalscape", "GlobalSCAPE"),
    ("warftpd", "WarFTPd"),
    ("war-ftpd", "WarFTPd"),
    ("twistedftp", "Twisted FTP"),
    ("apache ftpserver", "Apache FtpServer"),
    ("sftpgo", "SFTPGo"),
];

/// The software that a greeting (220), SYST (215), STAT or HELP (211, 214) names, with its version
/// when it gives one.
pub fn of_reply(code: u16, text: &str) -> Option<String> {
    if !matches!(code, 211 | 214 | 215 | 220) {
        return None;
    }
    let letters = text.bytes().fold(0, |all, b| all | initial(&[b]));
    NAMES.iter().find_map(|(needle, name)| {
        // Most names begin with a letter that isn't there, or is seldom there.
        if letters & initial(needle.as_bytes()) == 0 {
            return None;
        }
        let at = find(text, needle)?;
        if *needle == "wu-" && find(text, "ftp server (version wu-").is_none() {
            return None;
        }
        let after = text.get(at + needle.len()..)?;
        Some(match version(after) {
            Some((version, "")) => [name, " ", version].concat(),
            Some((version, beta)) => [name, " ", version, " ", beta].concat(),
            None => (*name).to_owned(),
        })
    })
}

/// Where `needle`, in lower case, stands in `text` for the first time, whatever its case.
fn find(text: &str, needle: &str) -> Option<usize> {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    let first = *needle.first()?;
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text).find(|at| {
        text.get(*at..*at + needle.len()).is_some_and(|t| t.eq_ignore_ascii_case(needle))
    })
}

/// A bit for the letter with which a word begins.
fn initial(word: &[u8]) -> u32 {
    word.first().filter(|b| b.is_ascii_alphabetic()).map_or(0, |b| 1 << (b & 31))
}

/// A version right after the name, and a "beta" after that: "1.3.8", "version 0.9.33 beta", "v1.0".
fn version(after: &str) -> Option<(&str, &str)> {
    let mut words = after
        .split(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '(' | ',' | ':' | '/'))
        .filter(|w| !w.is_empty());
    let mut word = words.next()?;
    if word.eq_ignore_ascii_case("version") || word.eq_ignore_ascii_case("server") {
        word = words.next()?;
    }
    let word = word.trim_start_matches(['v', 'V', '-']).trim_end_matches('.');
    let plausible = word.starts_with(|c: char| c.is_ascii_digit())
        && word.contains('.')
        && word.len() <= 24
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !plausible {
        return None;
    }
    let beta = words.next().filter(|w| w.eq_ignore_ascii_case("beta"));
    Some((word, beta.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions() {
        let of = |text| of_reply(220, text);
        assert_eq!(of("220 (vsFTPd 3.0.3)").as_deref(), Some("vsFTPd 3.0.3"));
        assert_eq!(of("220 ProFTPD Server (Debian) [::ffff:10.0.0.1]").as_deref(), Some("ProFTPD"));
        assert_eq!(of("220 ProFTPD 1.3.8 Server").as_deref(), Some("ProFTPD 1.3.8"));
        let filezilla = of("220-FileZilla Server version 0.9.33 beta\n220 Please visit");
        assert_eq!(filezilla.as_deref(), Some("FileZilla Server 0.9.33 beta"));
        assert_eq!(of("220 Microsoft FTP Service").as_deref(), Some("Microsoft FTP Service"));
        assert_eq!(of("220 pyftpdlib 2.2.0 ready.").as_deref(), Some("pyftpdlib 2.2.0"));
        assert_eq!(of("220 hello"), None);
        assert_eq!(of_reply(230, "230 vsftpd"), None);
    }
}
