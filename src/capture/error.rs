//! Why an input gave nothing to read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::reader::NotACapture;

/// A named input that gives no packets; each message is one sentence that names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("{}: no such file or folder; check the path", path.display())]
    Missing {
        /// The input as it was named.
        path: PathBuf,
    },
    /// It may not be read.
    #[error(
        "{}: permission denied; run as a user who may read it, or make it readable with \
         `chmod +r`",
        path.display()
    )]
    Denied {
        /// The input as it was named.
        path: PathBuf,
    },
    /// It has no content.
    #[error("{}: empty, 0 bytes; nothing was captured, or it was not written yet", path.display())]
    Empty {
        /// The input as it was named.
        path: PathBuf,
    },
    /// It ends before a capture's header does.
    #[error(
        "{}: has {have} of the {need} bytes of a capture's header; it was cut off at offset {have}",
        path.display()
    )]
    HeaderCut {
        /// The input as it was named.
        path: PathBuf,
        /// Bytes that there are, after decompression.
        have: usize,
        /// Bytes of the header.
        need: usize,
    },
    /// It is something else.
    #[error("{}: {what}, not a capture; give a pcap or pcapng file", path.display())]
    NotACapture {
        /// The input as it was named.
        path: PathBuf,
        /// What it is, with its article.
        what: String,
    },
    /// A folder without captures.
    #[error(
        "{}: none of the {files} files in this folder is a capture; name the files, or the folder \
         they are in (folders below it are not searched)",
        path.display()
    )]
    NoCaptures {
        /// The folder as it was named.
        path: PathBuf,
        /// Files that were looked at.
        files: usize,
    },
    /// Reading it failed.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// The input as it was named.
        path: PathBuf,
        /// What the system, or the decompressor, says.
        error: String,
    },
}

impl OpenError {
    /// The input that it is about, as it was named.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::Denied { path }
            | Self::Empty { path }
            | Self::HeaderCut { path, .. }
            | Self::NotACapture { path, .. }
            | Self::NoCaptures { path, .. }
            | Self::Unreadable { path, .. } => path,
        }
    }

    pub(super) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::NotFound => Self::Missing { path },
            ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Unreadable { path, error: error.to_string() },
        }
    }

    /// `inside` names the compression in which the content was found.
    pub(super) fn from_content(
        path: &Path,
        reason: NotACapture,
        inside: Option<&'static str>,
    ) -> Self {
        let path = path.to_owned();
        match (reason, inside) {
            (NotACapture::Empty, None) => Self::Empty { path },
            (NotACapture::Empty, Some(name)) => {
                Self::NotACapture { path, what: format!("{name} data with nothing in it") }
            }
            (NotACapture::HeaderCut { have, need }, _) => Self::HeaderCut { path, have, need },
            (NotACapture::Other(what), None) => {
                let what = what.unwrap_or("a file of unknown format");
                Self::NotACapture { path, what: what.to_owned() }
            }
            (NotACapture::Other(what), Some(name)) => {
                let what = what.unwrap_or("an unknown format");
                Self::NotACapture { path, what: format!("{name} data with {what} in it") }
            }
            (NotACapture::Read(error), _) => Self::Unreadable { path, error },
        }
    }
}
