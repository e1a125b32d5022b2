//! What a file is, by its first bytes; and the records of the two capture formats.

/// What a file's first bytes say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Pcap,
    Pcapng,
    Gzip,
    Zstd,
    Lz4,
    Xz,
    Bzip2,
    /// Something else, with its name if it has a well-known one.
    Other(Option<&'static str>),
}

/// Bytes needed to tell.
pub(super) const PROBE: usize = 24;

pub(super) fn recognise(head: &[u8]) -> Format {
    match head {
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0xc3, 0xd4, ..]
        | [0x4d, 0x3c, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0x3c, 0x4d, ..]
        | [0x34, 0xcd, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0xcd, 0x34, ..] => Format::Pcap,
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => Format::Pcapng,
        [0x1f, 0x8b, ..] => Format::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Format::Zstd,
        [0x04, 0x22, 0x4d, 0x18, ..] => Format::Lz4,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Format::Xz,
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Format::Bzip2,
        _ => Format::Other(other(head)),
    }
}

fn other(head: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let name = if starts(&[0xff, 0xd8, 0xff]) {
        "a JPEG image"
    } else if starts(b"\x89PNG") {
        "a PNG image"
    } else if starts(b"GIF8") {
        "a GIF image"
    } else if starts(b"%PDF") {
        "a PDF document"
    } else if starts(b"PK\x03\x04") {
        "a ZIP archive"
    } else if starts(b"7z\xbc\xaf") {
        "a 7-Zip archive"
    } else if starts(b"\x7fELF") {
        "a program"
    } else if starts(b"snoop\0") {
        "a snoop capture, which editcap converts to pcapng"
    } else if starts(b"GMBU") || starts(b"RTSS") {
        "a Network Monitor capture, which editcap converts to pcapng"
    } else if starts(b"MDMP") || starts(b"TRSNIFF data") {
        "a Sniffer capture, which editcap converts to pcapng"
    } else if !head.is_empty()
        && head.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
    {
        "a text file"
    } else {
        return None;
    };
    Some(name)
}
