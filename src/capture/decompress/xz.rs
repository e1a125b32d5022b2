//! xz, several streams in a row.

use std::io::{self, BufRead, ErrorKind, Read};

use lzma_rust2::{Action, Status, XzStream};

/// The most memory that a dictionary may take, in KiB; `xz -9` needs 64 MiB.
const MEMORY: u32 = 256 * 1024;
/// How much is decoded at a time: what is decoded in a call that then fails is lost.
const PIECE: usize = 16 * 1024;

/// Drives the decoder over slices; the reader of the same crate drops up to a whole buffer of
/// decoded data when its input ends early.
pub(super) struct Decoder<R> {
    input: R,
    stream: XzStream,
    ended: bool,
}

impl<R: BufRead> Decoder<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, stream: XzStream::new_mem_limit(true, MEMORY), ended: false }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let piece = buf.len().min(PIECE);
        let buf = &mut buf[..piece];
        while !self.ended {
            let input = self.input.fill_buf()?;
            let at_end = input.is_empty();
            let mut result = self.stream.process(input, buf, Action::Run)?;
            if at_end && result.bytes_produced == 0 && result.status == Status::Ok {
                // Only now tell the decoder, which then says whether it may end here.
                result = self
                    .stream
                    .process(&[], buf, Action::Finish)
                    .map_err(|_| io::Error::from(ErrorKind::UnexpectedEof))?;
                if result.bytes_produced == 0 && result.status == Status::Ok {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            self.input.consume(result.bytes_consumed);
            self.ended = result.status == Status::StreamEnd;
            if result.bytes_produced > 0 {
                return Ok(result.bytes_produced);
            }
            if !self.ended && !at_end && result.bytes_consumed == 0 {
                return Err(io::Error::new(ErrorKind::InvalidData, "it makes no progress"));
            }
        }
        Ok(0)
    }
}
