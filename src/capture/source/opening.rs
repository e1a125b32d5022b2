//! Inputs are opened as one source.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::bpf::{BpfExpression, Filter};
use super::super::error::OpenError;
use super::super::inputs::{Expanded, expand, open_reader, regular_size};
use super::super::progress::Progress;
use super::{CaptureFacts, Slot, Source, State, Tally, Timestamp};

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
                    true => (State::Parked, reader.record().time),
                    false => (State::Open(Box::new(reader)), Timestamp::MIN),
                },
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            }
        } else {
            // Not a packet is read before it is asked for: a pipe may be slow.
            match open_reader(&path, file, Some(&progress)) {
                Ok(reader) => (State::Open(Box::new(reader)), Timestamp::MIN),
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            }
        };
        total_bytes = total_bytes.zip(size).map(|(total, size)| total.saturating_add(size));
        heads.push(Reverse((first, file)));
        slots.push(Slot { path, state, begun: false });
    }
    let source = Source {
        current: None,
        heads,
        order: 0,
        since: options.since.unwrap_or(Timestamp::MIN),
        until: options.until.unwrap_or(Timestamp::MAX),
        filter: options.bpf.clone().map(Filter::new),
        tally: Tally::new(),
        facts: CaptureFacts {
            files: slots.iter().map(|slot| slot.path.display().to_string()).collect(),
            ..CaptureFacts::default()
        },
        closed: Vec::new(),
        slots,
        progress,
        total_bytes,
        ahead: false,
        last_window: None,
        cells: None,
    };
    Opened { source, failures }
}
