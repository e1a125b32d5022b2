//! Compressed captures, recognised by content.
//!
//! A compressed file that is cut short or damaged gives everything in front of that place, and then
//! an error which says so.

mod input;
mod lz4;
mod xz;
mod zstd;

use std::io::{self, BufReader, Cursor, ErrorKind, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

use self::input::Input;
use super::content::{Compression, Content};

/// A stream of bytes that may move between threads.
pub(super) type Stream = Box<dyn Read + Send>;

/// Bytes that tell every compression.
const PROBE: usize = 6;
/// How much compressed input is read at a time.
const PIECE: usize = 128 * 1024;

/// The first bytes, and how many there are. `read` is told how many were read before.
pub(super) fn probe(
    mut read: impl FnMut(&mut [u8], usize) -> io::Result<usize>,
) -> io::Result<([u8; PROBE], usize)> {
    let mut probe = [0; PROBE];
    let mut have = 0;
    // A pipe may give fewer bytes than asked for.
    while have < PROBE {
        match read(&mut probe[have..], have) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((probe, have))
}

/// The stream itself, or what is compressed in it, with the compression.
pub(super) fn open(mut stream: Stream) -> io::Result<(Stream, Option<Compression>)> {
    let (probe, have) = probe(|buf, _| stream.read(buf))?;
    let content = Content::of(&probe[..have]);
    let whole = Cursor::new(probe).take(have as u64).chain(stream);
    let Content::Compressed(compression) = content else { return Ok((Box::new(whole), None)) };
    let whole = BufReader::with_capacity(PIECE, whole);
    let decoder: Stream = match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(whole)),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(whole)),
        Compression::Xz => Box::new(xz::Decoder::new(whole)),
        Compression::Zstd => Box::new(zstd::Decoder::new(Input::new(whole))),
        Compression::Lz4 => Box::new(lz4::Decoder::new(Input::new(whole))),
    };
    Ok((Box::new(Named { decoder, compression, failed: false }), Some(compression)))
}

/// Says in errors what was being decompressed.
struct Named {
    decoder: Stream,
    compression: Compression,
    failed: bool,
}

impl Read for Named {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(0);
        }
        self.decoder.read(buf).map_err(|error| {
            if error.kind() == ErrorKind::Interrupted {
                return error;
            }
            // Decoders aren't meant to be asked again.
            self.failed = true;
            let name = self.compression.name();
            let text = match error.kind() {
                ErrorKind::UnexpectedEof => format!("the {name} data is cut short here"),
                _ => format!("the {name} data is damaged here ({error})"),
            };
            io::Error::new(error.kind(), text)
        })
    }
}
