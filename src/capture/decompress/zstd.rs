//! zstd (RFC 8878), several frames in a row.

use std::io::{self, ErrorKind, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::input::Input;

const MAGIC: u32 = 0xfd2f_b528;
/// The last block of a frame, raw and empty, and four bytes that pass for a checksum.
const EMPTY_LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

pub(super) struct Decoder<R> {
    input: Input<R>,
    frame: FrameDecoder,
    in_frame: bool,
    /// What to say once everything in front of it was handed out.
    error: Option<io::Error>,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        Self { input, frame: FrameDecoder::new(), in_frame: false, error: None }
    }

    fn begin_frame(&mut self) -> io::Result<bool> {
        match self.input.next_magic()? {
            None => return Ok(false),
            Some(MAGIC) => {}
            Some(_) => return Err(other("something else follows the compressed data")),
        }
        if let Err(error) = self.frame.init(&mut self.input) {
            return Err(self.explain(&error.to_string()));
        }
        self.in_frame = true;
        Ok(true)
    }

    fn explain(&self, text: &str) -> io::Error {
        if self.input.ended { ErrorKind::UnexpectedEof.into() } else { other(text) }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if self.frame.can_collect() > 0 {
                let count = self.frame.read(buf)?;
                if count > 0 {
                    return Ok(count);
                }
            }
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            if self.in_frame && self.frame.is_finished() {
                self.in_frame = false;
                let told = self.frame.get_checksum_from_data();
                if told.is_some() && told != self.frame.get_calculated_checksum() {
                    return Err(other("its checksum is wrong"));
                }
            }
            if !self.in_frame && !self.begin_frame()? {
                return Ok(0);
            }
            let strategy = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.frame.decode_blocks(&mut self.input, strategy) {
                self.error = Some(self.explain(&error.to_string()));
                // The decoder holds back a window of what it decoded until the frame ends, which
                // may be megabytes: end it.
                let strategy = BlockDecodingStrategy::UptoBlocks(1);
                let _ = self.frame.decode_blocks(&EMPTY_LAST_BLOCK[..], strategy);
            }
        }
    }
}

fn other(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text)
}
