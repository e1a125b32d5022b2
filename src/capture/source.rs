//! All inputs as one capture, merged by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use super::bpf::{BpfExpression, Filter};
use super::decompress::Stream;
use super::error::OpenError;
use super::facts::CaptureFacts;
use super::inputs::{Expanded, expand, open_reader, regular_size};
use super::notes::Notes;
use super::progress::Progress;
use super::reader::{Reader, Record};
use super::{FrameRef, Moment, Packet, Problem, Timestamp};

/// Which packets of the inputs to hand out. Others keep their frame numbers and their places in
/// the order of all packets.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Leave out packets before this time.
    pub since: Option<Timestamp>,
    /// Leave out packets after this time.
    pub until: Option<Timestamp>,
    /// Leave out packets that don't match.
    pub bpf: Option<BpfExpression>,
}

/// Inputs that could be opened, and those that gave nothing.
pub struct Opened {
    /// The packets; of no files when every input failed.
    pub source: Source,
    /// Named inputs that give no packets at all to read.
    pub failures: Vec<OpenError>,
}

/// Opens files, folders and `-` (standard input) as one capture.
///
/// Folders stand for the captures in them, see [`expand`].
pub fn open(inputs: &[PathBuf], options: &OpenOptions) -> Opened {
    let Expanded { inputs, mut failures } = expand(inputs);
    let progress = Arc::new(Progress::default());
    let merging = inputs.len() > 1;
    let mut slots: Vec<Slot> = Vec::new();
    let mut heads = BinaryHeap::new();
    let mut total_bytes = Some(0_u64);
    for path in inputs {
        let file = slots.len() as u32;
        let size = regular_size(&path);
        let (state, first) = if merging && size.is_some() {
            // Rotated files follow each other, so few of them are needed at a time: only the time
            // of the first packet is kept.
            match open_reader(&path, file, None) {
                Ok(mut reader) => match reader.advance() {
                    Some(record) => (State::Parked, record.time),
                    None => (State::Open(Box::new(reader)), Timestamp::from_nanos(i64::MIN)),
                },
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            }
        } else {
            // Not a packet is read before it is asked for: a pipe may be slow.
            match open_reader(&path, file, Some(&progress)) {
                Ok(reader) => (State::Open(Box::new(reader)), Timestamp::from_nanos(i64::MIN)),
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            }
        };
        total_bytes = total_bytes.zip(size).map(|(total, size)| total.saturating_add(size));
        heads.push(Reverse((first, file)));
        slots.push(Slot { path, state, record: None });
    }
    let source = Source {
        current: None,
        heads,
        order: 0,
        since: options.since.unwrap_or(Timestamp::from_nanos(i64::MIN)),
        until: options.until.unwrap_or(Timestamp::from_nanos(i64::MAX)),
        filter: options.bpf.clone().map(Filter::new),
        facts: CaptureFacts {
            files: slots.iter().map(|slot| slot.path.display().to_string()).collect(),
            ..CaptureFacts::default()
        },
        closed: Vec::new(),
        slots,
        progress,
        total_bytes,
    };
    Opened { source, failures }
}

/// The packets of all inputs in order of time; at the same time, in order of file and frame. Never
/// reordered within a file.
pub struct Source {
    slots: Vec<Slot>,
    /// The slot of which the packet was handed out last.
    current: Option<usize>,
    /// Times of the next packets of the other slots; the earliest on top.
    heads: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// Packets of all inputs so far.
    order: u64,
    since: Timestamp,
    until: Timestamp,
    filter: Option<Filter>,
    facts: CaptureFacts,
    /// Notes of the files that were read to their end.
    closed: Vec<Notes>,
    progress: Arc<Progress>,
    total_bytes: Option<u64>,
}

struct Slot {
    path: PathBuf,
    state: State,
    /// The packet that stands in the reader's buffer.
    record: Option<Record>,
}

enum State {
    /// Not yet needed; opened again when its first packet is next.
    Parked,
    Open(Box<Reader<Stream>>),
    Ended,
}

impl Source {
    /// The next packet of all inputs; `None` at the end.
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        let (file, record) = loop {
            let file = self.step()?;
            self.order += 1;
            let slot = &self.slots[file];
            let (State::Open(reader), Some(record)) = (&slot.state, slot.record) else { continue };
            let mut wanted = (self.since..=self.until).contains(&record.time);
            if wanted && let Some(filter) = &mut self.filter {
                wanted = filter.matches(record.link, reader.data(&record)).unwrap_or_else(|text| {
                    self.facts.problems.push(Problem {
                        file: file as u32,
                        offset: Some(record.offset),
                        frame: Some(record.number),
                        text,
                    });
                    false
                });
            }
            if wanted {
                break (file, record);
            }
            self.facts.skipped_packets += 1;
        };
        let State::Open(reader) = &self.slots[file].state else { return None };
        let frame = FrameRef { file: file as u32, number: record.number };
        let packet = Packet {
            moment: Moment { order: self.order, time: record.time, frame },
            link: record.link,
            wire_len: record.wire_len,
            data: reader.data(&record),
        };
        self.facts.count(&packet);
        Some(packet)
    }

    /// Byte offset, in the (decompressed) file, of the record of the packet handed out last.
    pub fn record_offset(&self) -> Option<u64> {
        let slot = self.slots.get(self.current?)?;
        slot.record.map(|record| record.offset)
    }

    /// What was read so far.
    pub fn facts(&self) -> &CaptureFacts {
        &self.facts
    }

    /// Names of the files, in the order of [`FrameRef::file`].
    pub fn files(&self) -> &[String] {
        &self.facts.files
    }

    /// The files, in the order of [`FrameRef::file`].
    pub fn paths(&self) -> Vec<PathBuf> {
        self.slots.iter().map(|slot| slot.path.clone()).collect()
    }

    /// How far reading has come; may be watched from another thread.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Sizes of all inputs, to compare [`Progress::bytes`] with; `None` when one is a pipe.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// What was read, also when it wasn't read to the end.
    pub fn finish(mut self) -> CaptureFacts {
        for file in 0..self.slots.len() {
            self.close(file);
        }
        let mut facts = self.facts;
        self.closed.sort_by_key(|notes| notes.file);
        for notes in self.closed {
            facts.add(notes);
        }
        // Stable: those of one file stay in the order in which they were met.
        facts.problems.sort_by_key(|problem| problem.file);
        facts
    }

    /// Moves to the next packet of all, and returns its slot.
    #[inline]
    fn step(&mut self) -> Option<usize> {
        if let Some(current) = self.current
            && let Some(time) = self.advance(current)
        {
            match self.heads.peek() {
                Some(Reverse(first)) if *first < (time, current as u32) => {
                    self.heads.push(Reverse((time, current as u32)));
                }
                _ => return Some(current),
            }
        }
        self.next_slot()
    }

    /// Takes the slot with the earliest packet off the heap.
    fn next_slot(&mut self) -> Option<usize> {
        self.current = None;
        while let Some(Reverse((_, file))) = self.heads.pop() {
            let index = file as usize;
            if self.slots[index].record.is_some() {
                self.current = Some(index);
                return self.current;
            }
            // Its first packet: a pipe's time wasn't known yet, and a file may have changed.
            let Some(time) = self.wake(index) else { continue };
            if self.heads.peek().is_some_and(|Reverse(first)| *first < (time, file)) {
                self.heads.push(Reverse((time, file)));
                continue;
            }
            self.current = Some(index);
            return self.current;
        }
        None
    }

    /// Reads the first packet of a slot.
    fn wake(&mut self, file: usize) -> Option<Timestamp> {
        let slot = &mut self.slots[file];
        if let State::Parked = slot.state {
            match open_reader(&slot.path, file as u32, Some(&self.progress)) {
                Ok(reader) => slot.state = State::Open(Box::new(reader)),
                Err(error) => {
                    slot.state = State::Ended;
                    let mut notes = Notes::new(file as u32);
                    notes.problem(0, format!("could be read, and then no more: {error}"));
                    self.closed.push(notes);
                    return None;
                }
            }
        }
        self.advance(file)
    }

    /// Reads the next packet of a slot and returns its time.
    #[inline]
    fn advance(&mut self, file: usize) -> Option<Timestamp> {
        let slot = &mut self.slots[file];
        let State::Open(reader) = &mut slot.state else { return None };
        slot.record = reader.advance();
        match slot.record {
            Some(record) => Some(record.time),
            None => {
                self.close(file);
                None
            }
        }
    }

    /// Keeps what was noted of a file and lets go of its buffer.
    #[cold]
    fn close(&mut self, file: usize) {
        let slot = &mut self.slots[file];
        slot.record = None;
        if let State::Open(reader) = std::mem::replace(&mut slot.state, State::Ended) {
            self.closed.push(reader.finish());
        }
    }
}
