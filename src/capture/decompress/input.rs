//! Compressed input of formats whose frames follow each other.

use std::io::{self, ErrorKind, Read};

/// Lets a decoder look at the next frame's magic, and tells when the input ended.
pub(super) struct Input<R> {
    inner: R,
    /// Bytes read ahead, of which `ahead[at..have]` are left.
    ahead: [u8; 4],
    at: usize,
    have: usize,
    /// Bytes handed out.
    pub(super) consumed: u64,
    /// Whether a read found nothing more.
    pub(super) ended: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, ahead: [0; 4], at: 0, have: 0, consumed: 0, ended: false }
    }

    /// The four bytes at which a frame begins, which stay unread, after skippable frames. `None` at
    /// the end; an error when fewer are left.
    pub(super) fn next_magic(&mut self) -> io::Result<Option<u32>> {
        loop {
            let mut magic = [0; 4];
            let mut have = 0;
            while have < 4 {
                match self.read(&mut magic[have..]) {
                    Ok(0) if have == 0 => return Ok(None),
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(count) => have += count,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            let number = u32::from_le_bytes(magic);
            if number & 0xffff_fff0 != 0x184d_2a50 {
                self.ahead = magic;
                self.at = 0;
                self.have = 4;
                return Ok(Some(number));
            }
            // Skippable, in zstd (RFC 8878, 3.1.2) and lz4 alike: a length and so many bytes.
            let mut len = [0; 4];
            self.read_exact(&mut len)?;
            let len = u64::from(u32::from_le_bytes(len));
            if io::copy(&mut self.by_ref().take(len), &mut io::sink())? < len {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let count = if self.at < self.have {
            let count = (self.have - self.at).min(buf.len());
            buf[..count].copy_from_slice(&self.ahead[self.at..self.at + count]);
            self.at += count;
            count
        } else {
            self.inner.read(buf)?
        };
        self.ended = count == 0;
        self.consumed += count as u64;
        Ok(count)
    }
}
