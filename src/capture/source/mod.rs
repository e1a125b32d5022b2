//! All inputs as one capture, merged by time.

mod opening;
mod walk;

pub use opening::{OpenOptions, Opened, open};
pub(super) use walk::Rest;
pub use walk::Take;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use super::bpf::Filter;
use super::facts::{Ledger, Tally};
use super::feed::Feed;
use super::inputs::open_reader;
use super::notes::Notes;
use super::progress::Progress;
use super::reader::Reader;
use super::scout::{Cells, Found, Scout, Scouting};
use super::{CaptureFacts, FrameRef, Moment, Packet, Problem, Timestamp};

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
    tally: Tally,
    /// All facts but those.
    facts: CaptureFacts,
    /// Notes of the files that were read to their end.
    closed: Vec<Notes>,
    progress: Arc<Progress>,
    total_bytes: Option<u64>,
    /// Whether other threads read ahead.
    ahead: bool,
    /// The window of the last packets.
    last_window: Option<Vec<u8>>,
    /// The cells of time by which scouts count.
    cells: Option<Arc<Cells>>,
}

struct Slot {
    path: PathBuf,
    state: State,
    /// A packet stands in the reader's buffer.
    begun: bool,
}

enum State {
    /// Not yet needed; opened again when its first packet is next.
    Parked,
    Open(Box<Reader<Feed>>),
    Ended,
}

impl Source {
    /// From now on, other threads of the current pool read files ahead while their packets are
    /// asked for. Changes nothing else.
    pub fn read_ahead(&mut self) {
        self.ahead = true;
        for slot in &mut self.slots {
            if let State::Open(reader) = &mut slot.state {
                reader.read_ahead();
            }
        }
    }

    /// From now on, the bytes that packets stand in are kept whole until they are asked for; for
    /// whoever takes many packets at once. `false`, and nothing happens, for several inputs, and for
    /// those of which a packet must be handed out before the next one is there.
    pub(crate) fn keep_windows(&mut self) -> bool {
        match &mut self.slots[..] {
            [Slot { state: State::Open(reader), .. }] => reader.keep_windows(),
            _ => false,
        }
    }

    /// Whether [`Source::scout`] may be of use: of a single file that isn't compressed, without a filter.
    pub(crate) fn can_be_scouted(&self) -> bool {
        match &self.slots[..] {
            [Slot { state: State::Open(reader), .. }] => {
                self.filter.is_none() && reader.can_be_scouted()
            }
            _ => false,
        }
    }

    /// From now on, pieces of the file behind the current packet are walked ahead by other threads, and
    /// windows are kept; if [`Source::can_be_scouted`], and if there is a current packet.
    pub(crate) fn scout(&mut self, scout: Arc<dyn Scout>) {
        if !self.can_be_scouted() {
            return;
        }
        let Some(lattice) = self.tally.lattice() else { return };
        let [Slot { state: State::Open(reader), .. }] = &mut self.slots[..] else { return };
        let bounds = (self.since, self.until);
        let cells = Arc::new(Cells::from(lattice.origin));
        reader.scout(|format| Scouting { scout, format, bounds, cells: Arc::clone(&cells) });
        self.cells = Some(cells);
    }

    /// What was made of the packets behind the current one, and the window that all of them stand in. They
    /// are handed out with that, and there is no current packet afterwards. `None`, and nothing happens,
    /// if they weren't looked at.
    pub(crate) fn scouted<T: Send + 'static>(&mut self) -> Option<(Box<T>, Vec<u8>)> {
        let [Slot { state: State::Open(reader), .. }] = &mut self.slots[..] else { return None };
        if let Some(cells) = &self.cells {
            cells.reach(reader.record().time);
        }
        let (seen, found, window) = reader.scouted::<T>()?;
        self.order += u64::from(seen.packets);
        for run in seen.runs {
            self.tally.stand_at(run.time, run.link);
            self.tally.add(run.counted);
        }
        if let (Some(cells), Some(lattice)) = (&self.cells, self.tally.lattice()) {
            cells.grow(lattice);
        }
        Some((found, window))
    }

    /// The bytes that all packets stood in that were handed out before the current one, if that
    /// stands in others.
    pub(crate) fn left_window(&mut self) -> Option<Vec<u8>> {
        match &mut self.slots[..] {
            [Slot { state: State::Open(reader), .. }] => reader.left_window(),
            _ => self.last_window.take(),
        }
    }

    /// The bytes that the current packet stands in.
    pub(crate) fn window(&self) -> &[u8] {
        match &self.slots[..] {
            [Slot { state: State::Open(reader), .. }] => reader.window(),
            _ => &[],
        }
    }

    /// A window that is used up, and what a scout had made of it.
    pub(crate) fn give_back(&mut self, window: Vec<u8>, found: Option<Found>) {
        if let [Slot { state: State::Open(reader), .. }] = &mut self.slots[..] {
            reader.give_back(window, found);
        }
    }

    /// The next packet of all inputs; `None` at the end.
    #[inline]
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        if self.move_on() { self.here() } else { None }
    }

    /// Moves to the next packet of all inputs; `false` at the end.
    #[inline]
    pub(crate) fn move_on(&mut self) -> bool {
        // What nearly every packet of nearly every capture needs: the next one of the only file that
        // is left.
        if self.heads.is_empty()
            && self.filter.is_none()
            && let Some(file) = self.current
            && let Some(Slot { state: State::Open(reader), .. }) = self.slots.get_mut(file)
        {
            while reader.advance() {
                self.order += 1;
                let record = reader.record();
                if record.time >= self.since && record.time <= self.until {
                    self.tally.count(record.time, record.link, record.wire_len, record.data_len);
                    return true;
                }
                self.facts.skipped_packets += 1;
            }
            self.close(file);
        }
        self.merge_on()
    }

    /// The same for any number of files, with a filter or without.
    #[inline(never)]
    fn merge_on(&mut self) -> bool {
        loop {
            let Some(file) = self.step() else { return false };
            self.order += 1;
            if self.is_wanted(file) {
                return true;
            }
            self.facts.skipped_packets += 1;
        }
    }

    /// The packet that was moved to.
    #[inline]
    pub(crate) fn here(&self) -> Option<Packet<'_>> {
        let file = self.current?;
        let State::Open(reader) = &self.slots.get(file)?.state else { return None };
        let record = reader.record();
        let frame = FrameRef { file: file as u32, number: record.number };
        Some(Packet {
            moment: Moment { order: self.order, time: record.time, frame },
            link: record.link,
            wire_len: record.wire_len,
            data: reader.data(),
        })
    }

    /// Whether the packet at which a slot stands is to be handed out, and counts it then.
    #[inline]
    fn is_wanted(&mut self, file: usize) -> bool {
        let Some(State::Open(reader)) = self.slots.get(file).map(|slot| &slot.state) else {
            return false;
        };
        let record = reader.record();
        let within = record.time >= self.since && record.time <= self.until;
        if !within || (self.filter.is_some() && !self.matches(file)) {
            return false;
        }
        let Some(State::Open(reader)) = self.slots.get(file).map(|slot| &slot.state) else {
            return false;
        };
        let record = reader.record();
        self.tally.count(record.time, record.link, record.wire_len, record.data_len);
        true
    }

    /// Whether the filter lets the packet through at which a slot stands.
    #[inline(never)]
    fn matches(&mut self, file: usize) -> bool {
        let Some(State::Open(reader)) = self.slots.get(file).map(|slot| &slot.state) else {
            return false;
        };
        let Some(filter) = &mut self.filter else { return true };
        let record = reader.record();
        filter.matches(record.link, reader.data()).unwrap_or_else(|text| {
            self.facts.problems.push(Problem {
                file: file as u32,
                offset: Some(record.offset),
                frame: Some(record.number),
                text,
            });
            false
        })
    }

    /// Byte offset, in the (decompressed) file, of the record of the packet handed out last.
    pub fn record_offset(&self) -> Option<u64> {
        let State::Open(reader) = &self.slots.get(self.current?)?.state else { return None };
        Some(reader.record().offset)
    }

    /// What was read so far.
    pub fn facts(&self) -> CaptureFacts {
        let mut facts = self.facts.clone();
        facts.add_tally(&self.tally);
        facts
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
        facts.add_tally(&self.tally);
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
                    return self.other_slot(time, current);
                }
                _ => return Some(current),
            }
        }
        self.next_slot()
    }

    /// The current slot's next packet comes later than another one's.
    #[inline(never)]
    fn other_slot(&mut self, time: Timestamp, current: usize) -> Option<usize> {
        self.heads.push(Reverse((time, current as u32)));
        self.next_slot()
    }

    /// Takes the slot with the earliest packet off the heap.
    #[inline(never)]
    fn next_slot(&mut self) -> Option<usize> {
        self.current = None;
        while let Some(Reverse((_, file))) = self.heads.pop() {
            let index = file as usize;
            if self.slots[index].begun {
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
                Ok(mut reader) => {
                    if self.ahead {
                        reader.read_ahead();
                    }
                    slot.state = State::Open(Box::new(reader));
                }
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
        let slot = self.slots.get_mut(file)?;
        let State::Open(reader) = &mut slot.state else { return None };
        if reader.advance() {
            slot.begun = true;
            return Some(reader.record().time);
        }
        self.close(file);
        None
    }

    /// Keeps what was noted of a file and lets go of its buffer.
    #[cold]
    fn close(&mut self, file: usize) {
        let slot = &mut self.slots[file];
        slot.begun = false;
        if let State::Open(mut reader) = std::mem::replace(&mut slot.state, State::Ended) {
            self.last_window = reader.last_window();
            self.closed.push(reader.finish());
        }
    }
}
