//! lz4 frames, several in a row.

use std::io::{self, ErrorKind, Read};

use lz4_flex::frame::FrameDecoder;

use super::input::Input;

/// Frames of the legacy format, which end where the input ends.
const LEGACY_MAGIC: u32 = 0x184c_2102;

pub(super) struct Decoder<R: Read> {
    state: State<R>,
    legacy: bool,
}

enum State<R: Read> {
    Between(Input<R>),
    Frame(Box<FrameDecoder<Input<R>>>),
    Ended,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        Self { state: State::Between(input), legacy: false }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            // On an early return the state stays ended: decoders aren't asked again after errors.
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(mut input) => {
                    let Some(magic) = input.next_magic()? else { return Ok(0) };
                    self.legacy = magic == LEGACY_MAGIC;
                    input.ended = false;
                    // A decoder for each frame: lz4_flex expects its buffers to fit exactly.
                    self.state = State::Frame(Box::new(FrameDecoder::new(input)));
                }
                State::Frame(mut frame) => {
                    let count = frame.read(buf)?;
                    if count > 0 {
                        self.state = State::Frame(frame);
                        return Ok(count);
                    }
                    // lz4_flex says 0 at the end of a frame, but also when the input ends in it.
                    let input = frame.into_inner();
                    if input.ended {
                        if self.legacy {
                            return Ok(0);
                        }
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                    self.state = State::Between(input);
                }
            }
        }
    }
}
