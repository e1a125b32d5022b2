//! Writes what an interface captures, while it is analysed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::{Interface, Statistics, Writer};
use crate::capture::Timestamp;
use crate::capture::live::{Batch, Counters, InterfaceFacts, News, Receiver, Save};

/// A disk is written to in pieces of this size.
const PIECE: usize = 256 * 1024;

/// The file that is being written.
struct Current {
    writer: Writer<BufWriter<File>>,
    path: PathBuf,
    /// The interfaces' counters when it began.
    since: Vec<Counters>,
}

/// Writes batches to a file, or to one file after the other.
pub struct Saver {
    save: Save,
    interfaces: Vec<InterfaceFacts>,
    /// A single file is made while there are still rights to make it; whether it is new.
    made: Option<(File, bool)>,
    current: Option<Current>,
    written: VecDeque<PathBuf>,
    counters: Vec<Counters>,
    now: Option<Timestamp>,
}

impl Saver {
    /// Makes the file; or, when one follows the other, leaves that to the first packet.
    ///
    /// # Errors
    /// A sentence: it can't be made.
    pub fn new(save: Save, interfaces: Vec<InterfaceFacts>) -> Result<Self, String> {
        let made = match save.rotation {
            None => Some(make(&save.path).map_err(|e| sentence(&save.path, &e))?),
            Some(_) => None,
        };
        Ok(Self {
            save,
            counters: vec![Counters::default(); interfaces.len()],
            interfaces,
            made,
            current: None,
            written: VecDeque::new(),
            now: None,
        })
    }

    /// The file, if there was none before: for whoever is to own it.
    pub fn made(&self) -> Option<&File> {
        self.made.as_ref().filter(|made| made.1).map(|made| &made.0)
    }

    /// Writes until the capture is over.
    ///
    /// # Errors
    /// A sentence: a file can't be written. What was written stays.
    pub fn run(mut self, batches: &Receiver) -> Result<(), String> {
        let result = self.write(batches);
        let path = self.current.as_ref().map_or(&self.save.path, |c| &c.path);
        result.map_err(|e| {
            format!(
                "{}: from here on nothing is written any more, only analysed",
                sentence(path, &e)
            )
        })
    }

    fn write(&mut self, batches: &Receiver) -> io::Result<()> {
        if let Some((file, _)) = self.made.take() {
            // Also a capture without packets is one.
            self.begin(file, self.save.path.clone())?;
        }
        while let Some(batch) = batches.next_batch() {
            self.batch(&batch)?;
            // Whoever reads along sees what there is.
            if batches.is_idle()
                && let Some(current) = &mut self.current
            {
                current.writer.flush()?;
            }
        }
        self.end()
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        let mut files: VecDeque<(u32, &Path)> = VecDeque::new();
        for news in &batch.news {
            match news {
                News::File(file, path) => files.push_back((*file, path)),
                News::Counted { interface, counters } => {
                    if let Some(counted) = self.counters.get_mut(*interface) {
                        *counted = *counters;
                    }
                }
                News::Lost(_) | News::Interface { .. } => {}
            }
        }
        for captured in batch.packets() {
            let packet = captured.packet;
            if files.front().is_some_and(|(file, _)| *file == packet.moment.frame.file)
                && let Some((_, path)) = files.pop_front()
                && self.save.rotation.is_some()
            {
                self.end()?;
                self.begin(make(path)?.0, path.to_owned())?;
            }
            if let Some(current) = &mut self.current {
                let (interface, time) = (captured.interface, packet.moment.time);
                current.writer.packet_on(interface, time, packet.wire_len, packet.data, &[])?;
            }
        }
        self.now = batch.now.or(self.now);
        Ok(())
    }

    fn begin(&mut self, file: File, path: PathBuf) -> io::Result<()> {
        let mut writer = Writer::new(BufWriter::with_capacity(PIECE, file))?;
        for i in &self.interfaces {
            let (name, filter) = (i.name.as_str(), i.filter.as_str());
            writer.interface(&Interface {
                link: i.link,
                name,
                filter,
                snap_length: i.snap_length,
            })?;
        }
        writer.flush()?;
        self.written.push_back(path.clone());
        self.current = Some(Current { writer, path, since: self.counters.clone() });
        let keep = self.save.rotation.as_ref().and_then(|r| r.keep);
        while keep.is_some_and(|keep| self.written.len() > keep.max(1)) {
            if let Some(oldest) = self.written.pop_front() {
                std::fs::remove_file(&oldest)?;
            }
        }
        Ok(())
    }

    /// Ends the current file with what was lost meanwhile.
    fn end(&mut self) -> io::Result<()> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        let time = self.now.unwrap_or_default();
        for (i, (now, then)) in self.counters.iter().zip(&current.since).enumerate() {
            let counted = Statistics {
                received: now.received.saturating_sub(then.received),
                interface_dropped: now.interface_dropped.saturating_sub(then.interface_dropped),
                system_dropped: now.dropped.saturating_sub(then.dropped),
            };
            current.writer.statistics(i, time, counted)?;
        }
        current.writer.finish().map(drop)
    }
}

/// Makes a file, or empties the one that is there. Whether it is new.
fn make(path: &Path) -> io::Result<(File, bool)> {
    match File::options().write(true).create_new(true).open(path) {
        Ok(file) => Ok((file, true)),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            Ok((File::options().write(true).truncate(true).open(path)?, false))
        }
        Err(e) => Err(e),
    }
}

fn sentence(path: &Path, error: &io::Error) -> String {
    format!("{}: can't be written: {error}", path.display())
}
