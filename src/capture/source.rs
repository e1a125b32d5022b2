//! All inputs as one sequence of packets.

use std::path::PathBuf;
use std::sync::Arc;

use super::bpf::Filter;
use super::input::{self, OpenError, Progress};
use super::reader::Reader;
use super::{CaptureFacts, FrameRef, Moment, Packet, Timestamp};

/// Which packets to take.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Only packets at or after this time.
    pub since: Option<Timestamp>,
    /// Only packets at or before this time.
    pub until: Option<Timestamp>,
    /// Only packets that this BPF expression lets through.
    pub bpf: Option<String>,
}

/// What opening gave: a source of the inputs that could be opened, and why others could not.
pub struct Opened {
    /// Packets of the inputs that could be opened.
    pub source: Source,
    /// Inputs that gave nothing.
    pub failures: Vec<OpenError>,
}

/// Packets of several inputs, merged by time: ties by file; never reordered within a file.
pub struct Source {
    readers: Vec<Reader>,
    /// Readers that stand at a packet.
    alive: Vec<usize>,
    /// The reader whose packet was handed out last.
    last: Option<usize>,
    order: u64,
    options: OpenOptions,
    filter: Option<Filter>,
    facts: CaptureFacts,
    progress: Arc<Progress>,
}

/// Opens inputs: files, folders of captures, `-` for standard input.
///
/// # Errors
/// Only a BPF expression that can't be compiled is an error as a whole, in one sentence.
pub fn open(inputs: &[PathBuf], options: &OpenOptions) -> Result<Opened, String> {
    let filter = options.bpf.as_deref().map(Filter::new).transpose()?;
    let progress = Arc::new(Progress::default());
    let mut facts = CaptureFacts::default();
    let mut readers = Vec::new();
    let mut failures = Vec::new();
    for path in inputs {
        let files = input::expand(path).unwrap_or_else(|e| {
            failures.push(e);
            Vec::new()
        });
        for path in files {
            let number = u32::try_from(readers.len()).unwrap_or(u32::MAX);
            match input::open(&path, number, &progress) {
                Ok(reader) => {
                    readers.push(reader);
                    facts.files.push(input::display_name(&path));
                }
                Err(e) => failures.push(e),
            }
        }
    }
    let mut source = Source {
        alive: Vec::new(),
        readers,
        last: None,
        order: 0,
        options: options.clone(),
        filter,
        facts,
        progress,
    };
    source.alive = (0..source.readers.len()).filter(|i| source.advance(*i)).collect();
    Ok(Opened { source, failures })
}

impl Source {
    /// How much has been read.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }

    /// How many inputs could be opened.
    pub fn files(&self) -> usize {
        self.readers.len()
    }

    fn advance(&mut self, index: usize) -> bool {
        self.readers.get_mut(index).is_some_and(Reader::advance)
    }

    /// The next packet in the merged order.
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        loop {
            if let Some(last) = self.last.take()
                && !self.advance(last)
            {
                self.alive.retain(|i| *i != last);
            }
            let next = match self.alive.as_slice() {
                [] => return None,
                [only] => *only,
                several => *several
                    .iter()
                    .min_by_key(|i| self.readers.get(**i).map(|r| (r.time(), **i)))?,
            };
            self.last = Some(next);
            if self.admit(next) {
                break;
            }
        }
        let index = self.last?;
        let (frame, time, raw, data) = self.readers.get(index)?.packet()?;
        self.order += 1;
        let file = u32::try_from(index).unwrap_or(u32::MAX);
        let frame = FrameRef { file, number: frame };
        let moment = Moment { order: self.order, time, frame };
        Some(Packet { moment, link: raw.link, wire_len: raw.wire_len, data })
    }

    /// Whether the packet of a reader is to be handed out; counts it if so.
    fn admit(&mut self, index: usize) -> bool {
        let Some((_, time, raw, data)) = self.readers.get(index).and_then(Reader::packet) else {
            return false;
        };
        let o = &self.options;
        if o.since.is_some_and(|s| time < s) || o.until.is_some_and(|u| time > u) {
            return false;
        }
        if let Some(filter) = &mut self.filter
            && !filter.lets_through(raw.link, data)
        {
            return false;
        }
        let f = &mut self.facts;
        f.packets += 1;
        f.bytes += u64::from(raw.wire_len);
        f.truncated_packets += u64::from((data.len() as u64) < u64::from(raw.wire_len));
        f.first_packet = Some(f.first_packet.map_or(time, |t| t.min(time)));
        f.last_packet = Some(f.last_packet.map_or(time, |t| t.max(time)));
        true
    }

    /// What is known of the capture now that it has been read.
    pub fn finish(mut self) -> CaptureFacts {
        for reader in &mut self.readers {
            for link in reader.link_types() {
                if !self.facts.link_types.contains(link) {
                    self.facts.link_types.push(*link);
                }
            }
            self.facts.problems.append(&mut reader.problems());
            self.facts.comments.extend(reader.comments().iter().cloned());
            let drops = [self.facts.dropped_packets, reader.drops()];
            self.facts.dropped_packets = drops.into_iter().flatten().reduce(|a, b| a + b);
        }
        if let Some(text) = self.filter.and_then(|f| f.problem()) {
            self.facts.problems.push(super::Problem { file: 0, offset: None, frame: None, text });
        }
        self.facts
    }
}
