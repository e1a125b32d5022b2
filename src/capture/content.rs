//! What a stream holds, told by its first bytes.

/// What the first bytes of a stream say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Empty,
    Pcap,
    Pcapng,
    Compressed(Compression),
    /// Something else, with the words for it.
    Other(&'static str),
    Unknown,
}

/// Compressions that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Lz4,
    Xz,
    Bzip2,
}

impl Compression {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// The first bytes by which compressions are told; the longest decides how many are needed.
const COMPRESSIONS: &[(&[u8], Compression)] = &[
    (&[0x1f, 0x8b, 0x08], Compression::Gzip),
    (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
    (&[0x04, 0x22, 0x4d, 0x18], Compression::Lz4),
    (&[0x02, 0x21, 0x4c, 0x18], Compression::Lz4),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0x00], Compression::Xz),
    (b"BZh", Compression::Bzip2),
];

/// Formats that are worth a name, so that nobody wonders what is wrong with the capture.
const OTHERS: &[(&[u8], &str)] = &[
    (&[0xff, 0xd8, 0xff], "a JPEG image"),
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (unpack it first)"),
    (b"7z\xbc\xaf", "a 7-Zip archive (unpack it first)"),
    (b"Rar!", "a RAR archive (unpack it first)"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program (Windows)"),
    (b"SQLite format 3", "an SQLite database"),
    (b"snoop\0\0\0", "a snoop capture (convert it: editcap -F pcapng IN OUT)"),
    (b"RTSS", "a Network Monitor 1 capture (convert it: editcap -F pcapng IN OUT)"),
    (b"GMBU", "a Network Monitor 2 capture (convert it: editcap -F pcapng IN OUT)"),
    (b"TRSNIFF data", "a Sniffer capture (convert it: editcap -F pcapng IN OUT)"),
    (b"iptrace ", "an AIX iptrace capture (convert it: editcap -F pcapng IN OUT)"),
    (b"XCP\0", "a Sniffer or NetXRay capture (convert it: editcap -F pcapng IN OUT)"),
    (b"\x54\x52\x00\x64", "a Novell LANalyzer capture (convert it: editcap -F pcapng IN OUT)"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "an HTML document"),
    (b"<html", "an HTML document"),
];

/// Where a tar archive's header has its magic.
const TAR: usize = 257;

impl Content {
    /// What begins with `bytes`: four suffice for captures, six for compressions; more of them
    /// name more of the rest.
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        match bytes {
            [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0xc3, 0xd4, ..] => return Self::Pcap,
            [0x4d, 0x3c, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0x3c, 0x4d, ..] => return Self::Pcap,
            [0x34, 0xcd, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0xcd, 0x34, ..] => return Self::Pcap,
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => return Self::Pcapng,
            _ => {}
        }
        if let Some((_, compression)) =
            COMPRESSIONS.iter().find(|(magic, _)| bytes.starts_with(magic))
        {
            return Self::Compressed(*compression);
        }
        if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Self::Other(name);
        }
        if bytes.get(TAR..).is_some_and(|rest| rest.starts_with(b"ustar")) {
            return Self::Other("a tar archive (unpack it first)");
        }
        if bytes.iter().all(|&byte| byte == 0) {
            return Self::Other("nothing but zeros");
        }
        if is_text(bytes) {
            return Self::Other("a text file");
        }
        Self::Unknown
    }
}

/// Printable ASCII or UTF-8, with line breaks and tabs.
fn is_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A character may be cut where the bytes end.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_named() {
        assert_eq!(Content::of(&[0xff, 0xd8, 0xff, 0xe0]), Content::Other("a JPEG image"));
        assert_eq!(Content::of(b"hello\nw\xc3\xb6rld \xc3"), Content::Other("a text file"));
        assert_eq!(Content::of(&[0; 40]), Content::Other("nothing but zeros"));
        assert_eq!(Content::of(&[1, 2, 3, 4]), Content::Unknown);
        assert_eq!(Content::of(b"snoop\0\0\0\0\0\0\x02").clone(), Content::of(b"snoop\0\0\0"));
        let mut tar = vec![b'a'; 512];
        tar[100] = 0;
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(Content::of(&tar), Content::Other("a tar archive (unpack it first)"));
    }
}
