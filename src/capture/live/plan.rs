//! Which file a packet is written to, and its number there.
//!
//! Decided before the packet is analysed, so that the frame numbers of a verdict are those of the
//! file that is written meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::capture::{FrameRef, Timestamp};

/// When a new file begins; whichever comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// A file has this many bytes.
    pub size: Option<u64>,
    /// A file holds this much capture time.
    pub time: Option<Duration>,
    /// A file has this many packets.
    pub count: Option<u64>,
    /// Files that are kept; older ones are deleted.
    pub keep: Option<usize>,
}

/// Where captured packets are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The file, or what the names of the files begin and end with.
    pub path: PathBuf,
    /// `None`: one file.
    pub rotation: Option<Rotation>,
}

impl Save {
    /// The folder of the files.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }

    /// The name of a file: its number and the time of its first packet tell it from those of
    /// earlier runs.
    fn name(&self, file: u32, time: Timestamp) -> PathBuf {
        if self.rotation.is_none() {
            return self.path.clone();
        }
        let mut name = self.path.file_stem().unwrap_or_default().to_owned();
        let stamp = jiff::Timestamp::from_nanosecond(i128::from(time.nanos())).unwrap_or_default();
        name.push(format!("-{:05}-{}", file + 1, stamp.strftime("%Y%m%dT%H%M%SZ")));
        if let Some(extension) = self.path.extension() {
            name.push(".");
            name.push(extension);
        }
        self.path.with_file_name(name)
    }
}

/// Bytes of a packet's block beside its data.
const BLOCK: u64 = 32;

/// Gives packets their places.
#[derive(Debug, Default)]
pub(super) struct Plan {
    save: Option<Save>,
    order: u64,
    frame: FrameRef,
    began: Option<Timestamp>,
    bytes: u64,
    /// Files that began since they were last asked for.
    begun: Vec<(u32, PathBuf)>,
}

impl Plan {
    pub(super) fn new(save: Option<Save>) -> Self {
        Self { save, ..Self::default() }
    }

    /// The next packet's place in the order of all, its file and its number there. One that is
    /// not `written` has the number of the last that was.
    pub(super) fn place(&mut self, time: Timestamp, len: usize, written: bool) -> (u64, FrameRef) {
        self.order += 1;
        if !written {
            return (self.order, self.frame);
        }
        if let Some(save) = &self.save
            && self.is_over(save, time)
        {
            let file = if self.began.is_some() { self.frame.file + 1 } else { 0 };
            self.frame = FrameRef { file, number: 0 };
            self.bytes = 0;
            self.began = Some(time);
            self.begun.push((file, save.name(file, time)));
        }
        self.frame.number = self.frame.number.saturating_add(1);
        self.bytes += BLOCK + len.next_multiple_of(4) as u64;
        (self.order, self.frame)
    }

    /// A new file is to begin with a packet of this time.
    fn is_over(&self, save: &Save, time: Timestamp) -> bool {
        let Some(began) = self.began else { return true };
        let Some(rotation) = &save.rotation else { return false };
        rotation.size.is_some_and(|size| self.bytes >= size)
            || rotation.time.is_some_and(|length| time.since(began) >= length)
            || rotation.count.is_some_and(|count| u64::from(self.frame.number) >= count)
    }

    /// Files that began since the last call.
    pub(super) fn begun(&mut self) -> Vec<(u32, PathBuf)> {
        std::mem::take(&mut self.begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(rotation: Option<Rotation>, packets: &[(i64, usize)]) -> (Vec<(u32, u32)>, Plan) {
        let save = Save { path: "/tmp/a.pcapng".into(), rotation };
        let mut plan = Plan::new(Some(save));
        let places = packets.iter().map(|(seconds, len)| {
            let time = Timestamp::from_nanos(seconds * 1_000_000_000);
            let (_, frame) = plan.place(time, *len, true);
            (frame.file, frame.number)
        });
        (places.collect(), plan)
    }

    #[test]
    fn one_file_keeps_its_name() {
        let (places, mut plan) = places(None, &[(0, 9), (1, 9)]);
        assert_eq!(places, [(0, 1), (0, 2)]);
        assert_eq!(plan.begun(), [(0, PathBuf::from("/tmp/a.pcapng"))]);
        // What isn't written doesn't count.
        let (order, frame) = plan.place(Timestamp::default(), 9, false);
        assert_eq!((order, frame.number), (3, 2));
    }

    #[test]
    fn by_size_time_and_count() {
        let by = |size, time: Option<u64>, count| {
            let time = time.map(Duration::from_secs);
            let rotation = Rotation { size, time, count, keep: None };
            places(Some(rotation), &[(0, 60), (1, 60), (2, 60), (9, 60)]).0
        };
        assert_eq!(by(Some(150), None, None), [(0, 1), (0, 2), (1, 1), (1, 2)]);
        assert_eq!(by(None, Some(5), None), [(0, 1), (0, 2), (0, 3), (1, 1)]);
        assert_eq!(by(None, None, Some(1)), [(0, 1), (1, 1), (2, 1), (3, 1)]);
    }

    #[test]
    fn names_tell_files_and_runs_apart() {
        let rotation = Some(Rotation { count: Some(1), ..Rotation::default() });
        let (_, mut plan) = places(rotation, &[(0, 1), (1_700_000_000, 1)]);
        let names: Vec<_> =
            plan.begun().into_iter().map(|(_, p)| p.display().to_string()).collect();
        assert_eq!(
            names,
            ["/tmp/a-00001-19700101T000000Z.pcapng", "/tmp/a-00002-20231114T221320Z.pcapng"]
        );
    }
}
