//! Packets read again by their number: for a view that shows one, for saving a session's.

use std::path::PathBuf;

use super::inputs::{open_reader, regular_size};
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

/// The inputs of a capture, to be read again. Files are walked from their beginning, which costs
/// what reading them costs and works for compressed ones as well.
#[derive(Clone, Debug)]
pub struct PacketStore {
    inputs: Vec<PathBuf>,
}

impl PacketStore {
    /// A store of these inputs, in the order of [`FrameRef::file`].
    pub fn new(inputs: Vec<PathBuf>) -> Self {
        Self { inputs }
    }

    /// One packet.
    ///
    /// # Errors
    /// A sentence: the input was a pipe, can't be read any more, or is shorter than it was.
    pub fn packet(&self, frame: FrameRef) -> Result<Stored, String> {
        let mut found = None;
        self.walk(frame.file, |p| {
            if p.number == frame.number {
                found = Some(Stored {
                    frame,
                    time: p.time,
                    link: p.link,
                    wire_len: p.wire_len,
                    data: p.data.to_vec(),
                });
            }
            p.number < frame.number
        })?;
        let name = || self.inputs.get(frame.file as usize).map(|p| p.display().to_string());
        found.ok_or_else(|| {
            let name = name().unwrap_or_default();
            format!("frame {} is no longer in {name}: has the file changed?", frame.number)
        })
    }

    /// Hands out the packets of an input until `more` says no.
    ///
    /// # Errors
    /// A sentence, as above.
    pub fn walk(
        &self,
        file: u32,
        mut more: impl FnMut(&RawPacket<'_>) -> bool,
    ) -> Result<(), String> {
        let Some(path) = self.inputs.get(file as usize) else {
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

    /// How many inputs there are.
    pub fn files(&self) -> u32 {
        u32::try_from(self.inputs.len()).unwrap_or(u32::MAX)
    }
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
