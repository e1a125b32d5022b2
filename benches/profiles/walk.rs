//! What nothing can beat: reading the file, and walking its record headers.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

const PIECE: usize = 256 * 1024;

/// Reads all of it.
pub fn cat(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; PIECE];
    let mut total = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(total),
            n => total += n as u64,
        }
    }
}

/// Reads all of it and steps from record to record; how many there are.
pub fn walk(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; PIECE];
    let (mut filled, mut records) = (0, 0);
    // Bytes still to be passed over.
    let mut ahead: usize = 0;
    let mut pcapng = None;
    loop {
        let n = file.read(&mut piece[filled..])?;
        if n == 0 {
            return Ok(records);
        }
        filled += n;
        let mut at = 0;
        if pcapng.is_none() {
            let is = piece.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
            pcapng = Some(is);
            at = if is { 0 } else { 24 };
        }
        loop {
            if ahead > 0 {
                let step = ahead.min(filled - at);
                at += step;
                ahead -= step;
            }
            let Some(header) = piece.get(at..filled).filter(|h| ahead == 0 && h.len() >= 16) else {
                break;
            };
            let word = |i: usize| {
                u32::from_le_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]])
            };
            if pcapng == Some(true) {
                records += u64::from(word(0) == 6);
                ahead = word(4) as usize;
            } else {
                records += 1;
                ahead = 16 + word(8) as usize;
            }
        }
        piece.copy_within(at..filled, 0);
        filled -= at;
    }
}
