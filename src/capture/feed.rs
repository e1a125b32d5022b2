//! Where the bytes of one input come from.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use super::content::Content;
use super::decompress::{self, Stream};
use super::progress::Progress;

/// The (decompressed) bytes of one input.
pub(super) enum Feed {
    /// A plain file: any part of it may be read, by several threads at once.
    File(Plain),
    /// Everything else: byte after byte.
    Stream {
        stream: Stream,
        /// It may take long until more bytes come, so those that are there must be handed on.
        waits: bool,
    },
}

impl Feed {
    /// It may take long until more bytes come.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Stream { waits: true, .. })
    }
}

impl Read for Feed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(plain) => {
                let count = plain.read_at(buf, plain.at)?;
                plain.at += count as u64;
                Ok(count)
            }
            Self::Stream { stream, .. } => stream.read(buf),
        }
    }
}

/// A file that is read as it is.
pub(super) struct Plain {
    file: File,
    /// Where the next byte is read that nobody asks for by its place.
    pub(super) at: u64,
    progress: Option<Arc<Progress>>,
}

impl Plain {
    pub(super) fn new(file: File, progress: Option<Arc<Progress>>) -> Self {
        Self { file, at: 0, progress }
    }

    /// Whether its first bytes say that it is compressed.
    pub(super) fn is_compressed(&self) -> io::Result<bool> {
        decompress::probe(|buf, have| read_at(&self.file, buf, have as u64))
            .map(|(probe, have)| matches!(Content::of(&probe[..have]), Content::Compressed(_)))
    }

    /// Reads at a place, whatever was read before.
    pub(super) fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        let count = read_at(&self.file, buf, at)?;
        if let Some(progress) = &self.progress {
            progress.add(count);
        }
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

#[cfg(windows)]
fn read_at(file: &File, buf: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, at)
}
