//! Arbitrary bytes: no panic, no endless loop, no packet that isn't there.

use proptest::collection::vec;
use proptest::prelude::*;

use super::build::{NgFile, PcapFile};
use super::read;
use crate::capture::{Reader, decompress};

/// Reads to the end, and checks what must hold of any input.
fn survive(bytes: &[u8]) {
    let Ok(mut reader) = Reader::new(bytes, 0) else { return };
    let mut packets = 0;
    let mut offset = None;
    while let Some(packet) = reader.next() {
        packets += 1;
        assert_eq!(packet.number, packets);
        assert!(offset < Some(packet.offset));
        offset = Some(packet.offset);
        assert!(packet.data.len() <= bytes.len());
    }
    assert!(packets as usize <= bytes.len() / 12);
    assert!(reader.next().is_none());
    reader.finish();
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in vec(any::<u8>(), 0..2000)) {
        survive(&bytes);
    }

    #[test]
    fn arbitrary_bytes_after_a_header(
        bytes in vec(any::<u8>(), 0..4000),
        big: bool,
        magic in prop::sample::select(vec![0xa1b2_c3d4_u32, 0xa1b2_3c4d, 0xa1b2_cd34]),
    ) {
        survive(&PcapFile::with(magic, big, 65535, 1).raw(&bytes).bytes);
        survive(&NgFile::new(big).interface(1, 0, &[]).raw(&bytes).bytes);
    }

    #[test]
    fn small_words_after_a_header(words in vec(prop_oneof![0_u32..64, any::<u32>()], 0..1000)) {
        // Small numbers make block types and lengths that lead far into the code.
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        survive(&NgFile::ethernet().raw(&bytes).bytes);
        survive(&PcapFile::new().raw(&bytes).bytes);
    }

    #[test]
    fn a_few_bytes_changed(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        for file in [PcapFile::new().packets(0, 20).bytes, NgFile::ethernet().packets(0, 20).bytes] {
            let mut bytes = file;
            for (index, value) in &changes {
                let at = index.index(bytes.len());
                bytes[at] = *value;
            }
            survive(&bytes);
        }
    }

    #[test]
    fn one_damaged_record_costs_few_packets(
        which in 1_usize..19,
        header in prop::array::uniform16(any::<u8>()),
    ) {
        let mut bytes = PcapFile::new().packets(0, 20).bytes;
        let at = 24 + which * 116;
        bytes[at..at + 16].copy_from_slice(&header);
        let (seen, _) = read(&bytes);
        // The sound packets in front and behind are there; a length that happens to be plausible
        // swallows some of those behind.
        prop_assert!(seen.len() >= which);
        prop_assert!(seen.iter().take(which).enumerate().all(|(i, s)| s.data == [i as u8; 100]));
        if u32::from_le_bytes([header[8], header[9], header[10], header[11]]) > 262_144 {
            prop_assert_eq!(seen.len(), 19);
        }
    }

    #[test]
    fn damaged_compressed_data(
        which in 0_usize..5,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut: prop::sample::Index,
    ) {
        let file = PcapFile::new().packets(0, 200).bytes;
        let mut bytes = super::compressed::all(&file).swap_remove(which).1;
        for (index, value) in &changes {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
        bytes.truncate(1 + cut.index(bytes.len()));
        if let Ok((mut stream, _)) = decompress::open(Box::new(std::io::Cursor::new(bytes))) {
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    }
}
