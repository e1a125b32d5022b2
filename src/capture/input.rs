//! Inputs: files, compressed files, standard input, folders.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::format::{self, Format};
use super::reader::Reader;

/// Why a named input gave no packets at all to read. Each is one sentence that names the file and
/// says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It can't be opened.
    #[error("{name}: {reason}")]
    Unreadable {
        /// The input.
        name: String,
        /// Why, and what to do.
        reason: String,
    },
    /// It holds nothing.
    #[error("{name}: the file is empty; was the capture stopped before anything was written?")]
    Empty {
        /// The input.
        name: String,
    },
    /// It is no capture.
    #[error(
        "{name}: offset 0: {what}; give a pcap or pcapng file, plain or compressed (gzip, zstd, lz4, xz, bzip2)"
    )]
    UnknownFormat {
        /// The input.
        name: String,
        /// What it seems to be.
        what: String,
    },
    /// A folder without captures.
    #[error(
        "{name}: the folder holds no pcap or pcapng files; name the folder with the captures, or a file"
    )]
    NoCaptures {
        /// The folder.
        name: String,
    },
}

/// How much of the inputs has been read, for a progress bar.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Bytes read so far, as they are stored.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of all inputs; 0 when a pipe is among them.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

struct Counted<R> {
    inner: R,
    progress: Arc<Progress>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.progress.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// What an input is called in reports.
pub fn display_name(path: &Path) -> String {
    if path == Path::new("-") { "-".to_owned() } else { path.display().to_string() }
}

/// Turns folders into the captures in them, sorted by name; `-` is standard input.
///
/// # Errors
/// A folder that can't be read or holds no captures.
pub fn expand(path: &Path) -> Result<Vec<PathBuf>, OpenError> {
    if path == Path::new("-") || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let name = display_name(path);
    let entries = std::fs::read_dir(path).map_err(|e| unreadable(&name, &e))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.is_file() && is_capture(p))
        .collect();
    files.sort();
    if files.is_empty() { Err(OpenError::NoCaptures { name }) } else { Ok(files) }
}

/// By content, compressed or not.
fn is_capture(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut head = [0; format::PROBE];
    let mut read = 0;
    let mut input = BufReader::new(file);
    while let Some(room) = head.get_mut(read..).filter(|r| !r.is_empty()) {
        match input.read(room) {
            Ok(0) | Err(_) => break,
            Ok(n) => read += n,
        }
    }
    match format::recognise(head.get(..read).unwrap_or_default()) {
        Format::Pcap | Format::Pcapng => true,
        Format::Other(_) => false,
        _ => open(path, 0, &Arc::default()).is_ok(),
    }
}

fn unreadable(name: &str, e: &std::io::Error) -> OpenError {
    use std::io::ErrorKind;
    let reason = match e.kind() {
        ErrorKind::NotFound => "no such file; check the path".to_owned(),
        ErrorKind::PermissionDenied => {
            "no permission to read it; run as its owner, or change its mode".to_owned()
        }
        _ => format!("can't be read ({e})"),
    };
    OpenError::Unreadable { name: name.to_owned(), reason }
}

/// Opens one input.
pub(super) fn open(path: &Path, file: u32, progress: &Arc<Progress>) -> Result<Reader, OpenError> {
    let name = display_name(path);
    let input: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let input = File::open(path).map_err(|e| unreadable(&name, &e))?;
        let size = input.metadata().map_err(|e| unreadable(&name, &e))?.len();
        progress.total.fetch_add(size, Ordering::Relaxed);
        Box::new(input)
    };
    reader(Box::new(Counted { inner: input, progress: progress.clone() }), file, &name, true)
}

/// A reader over `input`, decompressing it if need be, once.
fn reader(
    mut input: Box<dyn Read + Send>,
    file: u32,
    name: &str,
    may_decompress: bool,
) -> Result<Reader, OpenError> {
    // A pipe may give less than a header at first.
    let mut head = Vec::with_capacity(format::PROBE);
    let mut probe = input.as_mut().take(format::PROBE as u64);
    if let Err(e) = probe.read_to_end(&mut head) {
        if may_decompress {
            return Err(unreadable(name, &e));
        }
        let what = format!("the compressed file is damaged ({e})");
        return Err(OpenError::UnknownFormat { name: name.to_owned(), what });
    }
    let kind = format::recognise(&head);
    let whole: Box<dyn Read + Send> = Box::new(std::io::Cursor::new(head).chain(input));
    let buffered = |input| BufReader::with_capacity(64 * 1024, input);
    let unpacked: Box<dyn Read + Send> = match kind {
        Format::Pcap | Format::Pcapng | Format::Other(_) => {
            return Reader::new(whole, file)
                .map_err(|(kind, length)| not_a_capture(name, kind, length));
        }
        _ if !may_decompress => {
            let what = "compressed more than once".to_owned();
            return Err(OpenError::UnknownFormat { name: name.to_owned(), what });
        }
        Format::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(whole))),
        Format::Zstd => Box::new(Zstd::new(whole, name)?),
        Format::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(buffered(whole))),
        Format::Xz => Box::new(lzma_rust2::XzReader::new(buffered(whole), true)),
        Format::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(whole))),
    };
    reader(unpacked, file, name, false)
}

fn not_a_capture(name: &str, kind: Format, length: usize) -> OpenError {
    let name = name.to_owned();
    match kind {
        _ if length == 0 => OpenError::Empty { name },
        Format::Other(Some(what)) => {
            OpenError::UnknownFormat { name, what: format!("this is {what}, not a capture") }
        }
        Format::Pcap => {
            let what = format!("the file ends inside its header ({length} bytes)");
            OpenError::UnknownFormat { name, what }
        }
        _ => OpenError::UnknownFormat { name, what: "not a capture of a known format".to_owned() },
    }
}

/// zstd, also several frames in a row, as `cat` makes them.
struct Zstd {
    decoder: Option<ruzstd::decoding::StreamingDecoder<Input, ruzstd::decoding::FrameDecoder>>,
}

type Input = BufReader<Box<dyn Read + Send>>;

impl Zstd {
    fn new(input: Box<dyn Read + Send>, name: &str) -> Result<Self, OpenError> {
        let decoder =
            ruzstd::decoding::StreamingDecoder::new(BufReader::with_capacity(64 * 1024, input))
                .map_err(|e| OpenError::UnknownFormat {
                    name: name.to_owned(),
                    what: format!("the zstd header is damaged ({e})"),
                })?;
        Ok(Self { decoder: Some(decoder) })
    }
}

impl Read for Zstd {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        use std::io::BufRead;
        while let Some(decoder) = &mut self.decoder {
            let n = decoder.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            let Some(done) = self.decoder.take() else { break };
            let mut input = done.into_inner();
            if input.fill_buf()?.is_empty() {
                break;
            }
            let next =
                ruzstd::decoding::StreamingDecoder::new(input).map_err(std::io::Error::other)?;
            self.decoder = Some(next);
        }
        Ok(0)
    }
}
