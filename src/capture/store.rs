//! Packets read again by their number: for a view that shows one, for saving a session's.

use std::path::{Path, PathBuf};

use super::inputs::{open_reader, regular_size};
use super::recent::Recent;
use super::{FrameRef, LinkType, RawPacket, Timestamp};

/// A packet that was read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which.
    pub frame: FrameRef,
    /// Capture time.
    pub time: Timestamp,
    /// What `data` begins with.
    pub link: LinkType,
    /// Length on the wire in bytes.
    pub wire_len: u32,
    /// The captured bytes.
    pub data: Vec<u8>,
}

/// The packets of a capture, to be had again. Files are walked from their beginning, which costs
/// what reading them costs and works for compressed ones as well.
#[derive(Clone, Debug)]
pub struct PacketStore(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Files(Vec<PathBuf>),
    Recent(Recent),
}

impl PacketStore {
    /// A store of these inputs, in the order of [`FrameRef::file`].
    pub fn new(inputs: Vec<PathBuf>) -> Self {
        Self(Kept::Files(inputs))
    }

    /// A store of what is kept of a live capture.
    pub fn recent(recent: Recent) -> Self {
        Self(Kept::Recent(recent))
    }

    /// One packet.
    ///
    /// # Errors
    /// A sentence: the input was a pipe, can't be read any more, or is shorter than it was.
    pub fn packet(&self, frame: FrameRef) -> Result<Stored, String> {
        let stored = |p: &RawPacket<'_>| Stored {
            frame,
            time: p.time,
            link: p.link,
            wire_len: p.wire_len,
            data: p.data.to_vec(),
        };
        let inputs = match &self.0 {
            Kept::Recent(recent) => {
                return recent
                    .find(frame, stored)
                    .ok_or_else(|| format!("frame {} is no longer kept in memory", frame.number));
            }
            Kept::Files(inputs) => inputs,
        };
        let mut found = None;
        walk(inputs, frame.file, |p| {
            if p.number == frame.number {
                found = Some(stored(p));
            }
            p.number < frame.number
        })?;
        let name = || inputs.get(frame.file as usize).map(|p| p.display().to_string());
        found.ok_or_else(|| {
            let name = name().unwrap_or_default();
            format!("frame {} is no longer in {name}: has the file changed?", frame.number)
        })
    }

    /// Hands out the packets of an input until `more` says no.
    ///
    /// # Errors
    /// A sentence, as above.
    pub fn walk(&self, file: u32, more: impl FnMut(&RawPacket<'_>) -> bool) -> Result<(), String> {
        match &self.0 {
            Kept::Files(inputs) => walk(inputs, file, more),
            Kept::Recent(recent) => {
                recent.walk(file, more);
                Ok(())
            }
        }
    }

    /// How many inputs there are.
    pub fn files(&self) -> u32 {
        match &self.0 {
            Kept::Files(inputs) => u32::try_from(inputs.len()).unwrap_or(u32::MAX),
            Kept::Recent(recent) => recent.files(),
        }
    }
}

fn walk(
    inputs: &[impl AsRef<Path>],
    file: u32,
    mut more: impl FnMut(&RawPacket<'_>) -> bool,
) -> Result<(), String> {
    let Some(path) = inputs.get(file as usize).map(AsRef::as_ref) else {
        return Err("these packets are not kept".to_owned());
    };
    if regular_size(path).is_none() {
        return Err(format!("{} can't be read twice: it is no file", path.display()));
    }
    let mut reader = open_reader(path, file, None).map_err(|e| e.to_string())?;
    while let Some(packet) = reader.next() {
        if !more(&packet) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn sample(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
    }

    #[test]
    fn a_packet_is_found_again_by_its_number() {
        let store = PacketStore::new(vec![sample("data-silent.pcap")]);
        let third = store.packet(FrameRef { file: 0, number: 3 }).unwrap();
        assert_eq!((third.frame.number, third.data.len() as u32), (3, third.wire_len));
        assert!(
            store.packet(FrameRef { file: 0, number: 99_999 }).unwrap_err().contains("no longer")
        );
        assert!(store.packet(FrameRef { file: 1, number: 1 }).is_err());
    }

    #[test]
    fn a_pipe_can_not_be_read_twice() {
        let store = PacketStore::new(vec![PathBuf::from("-")]);
        assert!(store.packet(FrameRef { file: 0, number: 1 }).unwrap_err().contains("twice"));
    }
}
