//! Decoding ahead: another thread walks the records of a file and decodes them, a window of its
//! bytes at a time; the engine's thread finds the headers read, and payload where it stands.

use super::brief::{Brief, Bytes};
use super::flows::FlowKey;
use crate::ahead::{Ahead, Maker};
use crate::capture::{LinkType, Moment, Packet, Source, Take};
use crate::decode::{self, Decoded, Decoder, Segment};

/// Decodes the packets of a source.
pub(super) struct Decoding {
    /// Not there any more at its end.
    source: Option<Source>,
    decoder: Decoder,
    /// The source stands at a packet that is in no batch yet.
    pending: bool,
}

/// Decoded packets, in their order.
#[derive(Default)]
pub(super) struct Batch {
    packets: Vec<Item>,
    /// Those that aren't brief.
    others: Vec<Other>,
    /// When the first of them was.
    first: Moment,
    /// The part of the file that they stand in.
    window: Vec<u8>,
    /// Payload that came in fragments.
    reassembled: Vec<u8>,
    /// The source, when this is the last of all.
    pub(super) over: Option<Source>,
}

/// A decoded packet without its payload.
// Small: it is written by one processor and read by another.
pub(super) enum Item {
    Brief(Brief),
    /// Its place among the others.
    Other(u32),
}

/// Any other packet.
struct Other {
    at: Moment,
    link: LinkType,
    decoded: Decoded<'static>,
    payload: Place,
}

/// Where payload is.
#[derive(Clone, Copy)]
enum Place {
    Window { at: u32, len: u32 },
    Reassembled { at: u32, len: u32 },
}

impl Batch {
    /// The packets. What they are, [`Batch::segment`] and [`Batch::other`] say.
    pub(super) fn packets(&self) -> &[Item] {
        &self.packets
    }

    /// When a packet was.
    #[inline(always)]
    pub(super) fn moment(&self, brief: &Brief) -> Moment {
        brief.moment(self.first)
    }

    /// What it holds.
    #[inline(always)]
    pub(super) fn segment(&self, brief: &Brief) -> Segment<'_> {
        brief.segment(&self.window)
    }

    /// The flow that a packet is of.
    #[inline]
    pub(super) fn flow(&self, item: &Item) -> Option<FlowKey> {
        match item {
            Item::Brief(brief) => Some(brief.flow()),
            Item::Other(place) => match &self.others.get(*place as usize)?.decoded {
                Decoded::Segment(s) => Some(FlowKey::of(s)),
                _ => None,
            },
        }
    }

    /// One of the others: what it holds, when, and of which link type.
    pub(super) fn other(&self, place: u32) -> Option<(Decoded<'_>, Moment, LinkType)> {
        let other = self.others.get(place as usize)?;
        let decoded = match other.decoded {
            Decoded::Segment(segment) => {
                Decoded::Segment(Segment { payload: self.payload(other.payload), ..segment })
            }
            decoded => decoded,
        };
        Some((decoded, other.at, other.link))
    }

    fn payload(&self, place: Place) -> &[u8] {
        let (bytes, at, len) = match place {
            Place::Window { at, len } => (&self.window, at, len),
            Place::Reassembled { at, len } => (&self.reassembled, at, len),
        };
        bytes.get(at as usize..at as usize + len as usize).unwrap_or_default()
    }
}

/// Decodes packets into a batch.
struct Filling<'a> {
    decoder: &'a mut Decoder,
    batch: &'a mut Batch,
    window: Bytes,
}

impl Take for Filling<'_> {
    #[inline(always)]
    fn take(&mut self, packet: Packet<'_>) {
        let Packet { moment: Moment { order, time, frame }, link, wire_len, data } = packet;
        if let Some(s) = decode::plain(link, data, &mut None)
            && let Ok(behind) = u32::try_from(order - self.batch.first.order)
            && let Some(brief) = Brief::of(s, time, behind, self.window)
        {
            self.batch.packets.push(Item::Brief(brief));
            return;
        }
        let moment = Moment { order, time, frame };
        self.other(&Packet { moment, link, wire_len, data });
    }
}

impl Filling<'_> {
    #[inline(never)]
    fn other(&mut self, packet: &Packet<'_>) {
        if self.batch.packets.is_empty() {
            self.batch.first = packet.moment;
        }
        let decoded = self.decoder.decode(packet);
        let (decoded, payload) = apart(decoded, self.window, &mut self.batch.reassembled);
        self.batch.packets.push(Item::Other(self.batch.others.len() as u32));
        self.batch.others.push(Other { at: packet.moment, link: packet.link, decoded, payload });
    }
}

impl Decoding {
    /// Has a source's packets decoded ahead, of which the windows are kept.
    pub(super) fn ahead(source: Source) -> Ahead<Self> {
        Ahead::new(vec![Self::here(source)], false)
    }

    /// Decodes a source's packets, of which the windows are kept.
    pub(super) fn here(source: Source) -> Self {
        Self { source: Some(source), decoder: Decoder::new(), pending: false }
    }

    /// Fills a batch with the packets of one window. `false` at the end of the source.
    fn fill(&mut self, source: &mut Source, batch: &mut Batch) -> bool {
        loop {
            if !std::mem::take(&mut self.pending) {
                let more = source.move_on();
                if let Some(left) = source.left_window() {
                    if !batch.packets.is_empty() || !more {
                        self.pending = more;
                        batch.window = left;
                        return more;
                    }
                    source.give_back(left);
                }
                if !more {
                    return false;
                }
            }
            let window = Bytes::of(source.window());
            let mut filling = Filling { decoder: &mut self.decoder, batch, window };
            let Some(packet) = source.here() else { return false };
            filling.other(&packet);
            source.rest(&mut filling);
        }
    }
}

impl Maker for Decoding {
    type Made = Batch;
    type Used = Batch;

    fn make(&mut self, _: u64, used: Option<Batch>) -> Batch {
        let mut batch = used.unwrap_or_default();
        let Some(mut source) = self.source.take() else { return batch };
        batch.packets.clear();
        batch.others.clear();
        batch.reassembled.clear();
        source.give_back(std::mem::take(&mut batch.window));
        if self.fill(&mut source, &mut batch) {
            self.source = Some(source);
        } else {
            batch.over = Some(source);
        }
        batch
    }

    fn is_last(batch: &Batch) -> bool {
        batch.over.is_some()
    }
}

/// What was decoded without its payload, and where that is.
fn apart(
    decoded: Decoded<'_>,
    window: Bytes,
    reassembled: &mut Vec<u8>,
) -> (Decoded<'static>, Place) {
    let mut place = Place::Window { at: 0, len: 0 };
    let decoded = match decoded {
        Decoded::Segment(segment) => {
            let payload = segment.payload;
            let len = payload.len() as u32;
            place = match window.place_of(payload) {
                Some(at) => Place::Window { at, len },
                None => {
                    let at = reassembled.len() as u32;
                    reassembled.extend_from_slice(payload);
                    Place::Reassembled { at, len }
                }
            };
            Decoded::Segment(Segment { payload: &[], ..segment })
        }
        Decoded::Icmp(error) => Decoded::Icmp(error),
        Decoded::Udp { src, dst } => Decoded::Udp { src, dst },
        Decoded::Fragment => Decoded::Fragment,
        Decoded::OtherIp(protocol) => Decoded::OtherIp(protocol),
        Decoded::NotIp => Decoded::NotIp,
        Decoded::UnknownLink => Decoded::UnknownLink,
        Decoded::Malformed => Decoded::Malformed,
    };
    (decoded, place)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::capture::{OpenOptions, open};
    use crate::ftp::recognise::looks_like_greeting;

    fn source(path: &Path) -> Source {
        open(&[path.to_owned()], &OpenOptions::default()).source
    }

    fn all(batch: &Batch) -> impl Iterator<Item = (Decoded<'_>, Moment, LinkType)> {
        batch.packets().iter().filter_map(|item| match item {
            Item::Brief(brief) => {
                let segment = batch.segment(brief);
                assert_eq!(brief.greets(), looks_like_greeting(segment.payload));
                Some((Decoded::Segment(segment), batch.moment(brief), LinkType::ETHERNET))
            }
            Item::Other(place) => batch.other(*place),
        })
    }

    fn told(decoded: &Decoded<'_>, at: Moment, link: LinkType) -> String {
        format!("{decoded:?} {at:?} {link:?}")
    }

    #[test]
    fn packets_are_small() {
        assert_eq!(size_of::<Item>(), 48);
    }

    /// What is decoded ahead is what is decoded, over many windows, fragments included.
    fn compare(path: &Path) -> usize {
        let (mut one, mut decoder, mut want) = (source(path), Decoder::new(), Vec::new());
        while let Some(packet) = one.next_packet() {
            want.push(told(&decoder.decode(&packet), packet.moment, packet.link));
        }
        let (mut got, mut windows) = (Vec::new(), 0);
        for read_ahead in [false, true] {
            let mut other = source(path);
            if read_ahead {
                other.read_ahead();
            }
            assert!(other.keep_windows());
            let mut ahead = Decoding::ahead(other);
            (got, windows) = (Vec::new(), 0);
            let over = loop {
                let mut batch = ahead.next();
                got.extend(all(&batch).map(|(decoded, at, link)| told(&decoded, at, link)));
                windows += 1;
                match batch.over.take() {
                    Some(over) => break over,
                    None => ahead.give_back(batch),
                }
            };
            assert!(got == want, "{}", path.display());
            assert_eq!(over.finish(), source_read(path));
        }
        assert!(!got.is_empty());
        windows
    }

    fn source_read(path: &Path) -> crate::capture::CaptureFacts {
        let mut source = source(path);
        while source.next_packet().is_some() {}
        source.finish()
    }

    /// The records of a pcap file, IPv4 packets over Ethernet in two fragments each.
    fn fragmented(records: &[u8]) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), records);
        while let Some((header, behind)) = rest.split_first_chunk::<16>() {
            let len = u32::from_le_bytes(*header[8..].first_chunk().unwrap()) as usize;
            let (frame, next) = behind.split_at(len);
            rest = next;
            let mut write = |frame: &[u8]| {
                out.extend(&header[..8]);
                out.extend([(frame.len() as u32).to_le_bytes(); 2].concat());
                out.extend(frame);
            };
            let total = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
            if frame[12..15] != [8, 0, 0x45] || total < 60 || frame.len() < total {
                write(frame);
                continue;
            }
            for (part, offset, more) in [(&frame[34..58], 0, 0x20), (&frame[58..total], 3, 0)] {
                let mut fragment = [&frame[..34], part].concat();
                fragment[16..18].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
                fragment[20..22].copy_from_slice(&[more, offset]);
                write(&fragment);
            }
        }
        out
    }

    #[test]
    fn decoded_ahead_is_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        let samples = std::fs::read_dir(samples).unwrap().map(|e| e.unwrap().path());
        let mut samples: Vec<PathBuf> =
            samples.filter(|p| p.extension().is_some_and(|e| e == "pcap")).collect();
        samples.sort();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let long = folder.path().join("long");
        let mut fragments = 0;
        for sample in samples.iter().step_by(20) {
            let bytes = std::fs::read(sample).unwrap();
            if !bytes.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]) {
                continue;
            }
            let pieces = fragmented(&bytes[24..]);
            fragments += usize::from(pieces.len() > bytes.len());
            for records in [&bytes[24..], &pieces] {
                // The same packets again and again, until they fill several windows.
                let mut repeated = bytes[..24].to_vec();
                while repeated.len() < 1_200_000 {
                    repeated.extend(records);
                }
                // Cut in the middle of a packet.
                repeated.truncate(repeated.len() - 5);
                std::fs::write(&long, &repeated).unwrap();
                assert!(pool.install(|| compare(&long)) > 2);
            }
        }
        assert!(fragments > 3);
    }
}
