//! One capture, packet by packet.

use std::io::Read;

use super::buffer::Buffer;
use super::format::{self, Format};
use super::pcap::Pcap;
use super::pcapng::Pcapng;
use super::{LinkType, Problem, Timestamp};

/// A packet at the start of the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw {
    /// `None` where the format has none.
    pub(super) time: Option<Timestamp>,
    pub(super) link: LinkType,
    pub(super) wire_len: u32,
    /// Where its data begins, from the start of the buffer.
    pub(super) start: usize,
    pub(super) len: usize,
}

/// What stands at the start of the buffer, and how long it is.
#[derive(Debug)]
pub(super) enum Outcome {
    Packet(Raw, usize),
    /// Nothing of interest.
    Skip(usize),
    /// Something that can't be read: what to say, how much to skip, whether to go on.
    Damage(String, usize, bool),
    End,
}

enum Body {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
}

/// Problems of one file that are kept.
const MAX_PROBLEMS: usize = 1000;

/// Reads one capture.
pub(super) struct Reader {
    buffer: Buffer,
    body: Body,
    file: u32,
    /// Length of what stands at the start of the buffer and was handed out.
    handed_out: usize,
    current: Option<Raw>,
    /// Number of the current packet.
    frame: u32,
    /// Time of the current packet, or of the last that had one.
    time: Timestamp,
    over: bool,
    problems: Vec<Problem>,
    link_types: Vec<LinkType>,
}

impl Reader {
    /// A reader, or what the input is when it is no capture.
    pub(super) fn new(input: Box<dyn Read + Send>, file: u32) -> Result<Self, (Format, usize)> {
        let mut buffer = Buffer::new(input);
        buffer.fill(format::PROBE);
        let head = buffer.data();
        let (kind, length) =
            (format::recognise(head.get(..head.len().min(64)).unwrap_or_default()), head.len());
        let body = match kind {
            Format::Pcap => Pcap::new(&mut buffer).map(Body::Pcap).ok_or((kind, length))?,
            Format::Pcapng => Body::Pcapng(Box::default()),
            _ => return Err((kind, length)),
        };
        let link_types = match &body {
            Body::Pcap(p) => vec![p.link()],
            Body::Pcapng(_) => Vec::new(),
        };
        Ok(Self {
            buffer,
            body,
            file,
            handed_out: 0,
            current: None,
            frame: 0,
            time: Timestamp::default(),
            over: false,
            problems: Vec::new(),
            link_types,
        })
    }

    /// Goes to the next packet; false at the end.
    pub(super) fn advance(&mut self) -> bool {
        self.buffer.consume(std::mem::take(&mut self.handed_out));
        self.current = None;
        while !self.over {
            let outcome = match &mut self.body {
                Body::Pcap(p) => p.next(&mut self.buffer),
                Body::Pcapng(p) => p.next(&mut self.buffer),
            };
            match outcome {
                Outcome::Packet(raw, length) => {
                    self.handed_out = length;
                    self.frame = match &self.body {
                        Body::Pcap(_) => self.frame + 1,
                        Body::Pcapng(p) => p.frame(),
                    };
                    self.time = raw.time.unwrap_or(self.time);
                    if !self.link_types.contains(&raw.link) {
                        self.link_types.push(raw.link);
                    }
                    self.current = Some(raw);
                    return true;
                }
                Outcome::Skip(length) => self.buffer.consume(length),
                Outcome::Damage(text, length, go_on) => {
                    self.problem(text);
                    self.buffer.consume(length);
                    self.over = !go_on;
                }
                Outcome::End => self.over = true,
            }
            if let Some(e) = self.buffer.take_error() {
                let text = format!("reading failed: {e}; what was read so far is reported");
                self.problem(text);
            }
        }
        false
    }

    fn problem(&mut self, text: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem {
                file: self.file,
                offset: Some(self.buffer.offset()),
                frame: Some(self.frame + 1),
                text,
            });
        }
    }

    /// The current packet: frame number, time, facts and bytes.
    pub(super) fn packet(&self) -> Option<(u32, Timestamp, Raw, &[u8])> {
        let raw = self.current?;
        let data = self.buffer.data().get(raw.start..raw.start + raw.len).unwrap_or_default();
        Some((self.frame, self.time, raw, data))
    }

    /// Time of the current packet.
    pub(super) fn time(&self) -> Timestamp {
        self.time
    }

    pub(super) fn problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    pub(super) fn link_types(&self) -> &[LinkType] {
        &self.link_types
    }

    pub(super) fn drops(&self) -> Option<u64> {
        match &self.body {
            Body::Pcap(_) => None,
            Body::Pcapng(p) => p.drops(),
        }
    }

    pub(super) fn comments(&self) -> &[(u32, String)] {
        match &self.body {
            Body::Pcap(_) => &[],
            Body::Pcapng(p) => p.comments(),
        }
    }
}
