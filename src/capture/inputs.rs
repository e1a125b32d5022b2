//! From what was named on the command line to captures: files, folders, `-`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content::Compression;
use super::decompress::{self, Stream};
use super::error::OpenError;
use super::feed::{Feed, Plain};
use super::progress::{Counted, Progress};
use super::reader::Reader;

/// The name of standard input.
const STDIN: &str = "-";

/// Inputs with each folder replaced by the captures in it.
#[derive(Clone, Debug, Default)]
pub struct Expanded {
    /// Files, pipes and `-`, in the order in which they were named; a folder's by name.
    pub inputs: Vec<PathBuf>,
    /// Inputs that give nothing.
    pub failures: Vec<OpenError>,
}

/// Replaces each folder by the captures in it, recognised by content and sorted by name; folders
/// below it are not searched. Other inputs stay as they are, whether they can be read or not.
pub fn expand(inputs: &[PathBuf]) -> Expanded {
    let mut expanded = Expanded::default();
    for input in inputs {
        if !is_stdin(input) && input.is_dir() {
            expand_folder(input, &mut expanded);
        } else {
            expanded.inputs.push(input.clone());
        }
    }
    expanded
}

fn expand_folder(folder: &Path, expanded: &mut Expanded) {
    let mut files: Vec<PathBuf> = match fs::read_dir(folder) {
        // Regular files only: reading a pipe that happens to lie there would wait for its writer.
        Ok(entries) => {
            entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect()
        }
        Err(error) => {
            expanded.failures.push(OpenError::from_io(folder, &error));
            return;
        }
    };
    files.sort();
    let count = files.len();
    let failures = expanded.failures.len();
    let found = expanded.inputs.len();
    for file in files {
        match open_reader(&file, 0, None) {
            Ok(_) => expanded.inputs.push(file),
            // It might have been one, so it isn't passed over in silence.
            Err(error @ (OpenError::Denied { .. } | OpenError::Unreadable { .. })) => {
                expanded.failures.push(error);
            }
            Err(_) => {}
        }
    }
    if expanded.inputs.len() == found && expanded.failures.len() == failures {
        let path = folder.to_owned();
        expanded.failures.push(OpenError::NoCaptures { path, files: count });
    }
}

/// Opens one capture; `file` is its index in the list of input files.
pub(super) fn open_reader(
    path: &Path,
    file: u32,
    progress: Option<&Arc<Progress>>,
) -> Result<Reader<Feed>, OpenError> {
    let from_io = |error: io::Error| OpenError::from_io(path, &error);
    let (feed, compression) = feed(path, progress).map_err(from_io)?;
    Reader::new(feed, file).map_err(|reason| {
        OpenError::from_content(path, reason, compression.map(|compression| compression.name()))
    })
}

fn feed(path: &Path, progress: Option<&Arc<Progress>>) -> io::Result<(Feed, Option<Compression>)> {
    let pipe = |stream: Stream| {
        let stream: Stream = match progress {
            Some(progress) => Box::new(Counted::new(stream, Arc::clone(progress))),
            None => stream,
        };
        let (stream, compression) = decompress::open(stream)?;
        Ok((Feed::Stream { stream, waits: true }, compression))
    };
    if is_stdin(path) {
        return pipe(Box::new(io::stdin()));
    }
    let file = File::open(path)?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return pipe(Box::new(file));
    }
    let plain = Plain::new(file, progress.cloned());
    if !plain.is_compressed()? {
        return Ok((Feed::File(plain), None));
    }
    let (stream, compression) = decompress::open(Box::new(Feed::File(plain)))?;
    Ok((Feed::Stream { stream, waits: false }, compression))
}

/// Bytes of these inputs together; `None` when one of them isn't a file.
pub fn size(inputs: &[PathBuf]) -> Option<u64> {
    inputs.iter().map(|path| regular_size(path)).sum()
}

/// The size of a regular file, which can be read again; `None` for pipes and devices.
pub(super) fn regular_size(path: &Path) -> Option<u64> {
    if is_stdin(path) {
        return None;
    }
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}
