//! Captures in memory: read from the samples, written as pcap or pcapng.

use std::path::{Path, PathBuf};

/// LINKTYPE_ETHERNET.
pub const ETHERNET: u32 = 1;
/// LINKTYPE_LINUX_SLL.
pub const SLL: u32 = 113;
/// LINKTYPE_LINUX_SLL2.
pub const SLL2: u32 = 276;

#[derive(Clone, Debug)]
pub struct Packet {
    pub nanos: u64,
    pub wire_len: u32,
    pub data: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Capture {
    pub name: String,
    pub link: u32,
    pub packets: Vec<Packet>,
}

impl Capture {
    pub fn with(&self, packets: Vec<Packet>) -> Self {
        Self { packets, ..self.clone() }
    }

    /// One packet made of each, or none, or several.
    pub fn map(&self, change: impl FnMut(&Packet) -> Vec<Packet>) -> Self {
        self.with(self.packets.iter().flat_map(change).collect())
    }

    /// In the order of time, as capturing writes them.
    pub fn in_order(mut self) -> Self {
        self.packets.sort_by_key(|p| p.nanos);
        self
    }
}

/// All samples.
pub fn samples() -> Vec<Capture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"))
        .collect();
    found.sort();
    assert!(found.len() > 80, "only {} samples", found.len());
    found.iter().map(|p| read(p)).collect()
}

pub fn sample(name: &str) -> Capture {
    samples().into_iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no sample {name}"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn read(path: &Path) -> Capture {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let (link, packets) = match u32_at(&bytes, 0) {
        0xa1b2_c3d4 => pcap(&bytes, 1000),
        0xa1b2_3c4d => pcap(&bytes, 1),
        0x0a0d_0d0a => pcapng(&bytes),
        magic => panic!("{name}: {magic:#x}"),
    };
    Capture { name, link, packets }
}

fn pcap(bytes: &[u8], scale: u64) -> (u32, Vec<Packet>) {
    let (mut at, mut packets) = (24, Vec::new());
    while at < bytes.len() {
        let length = u32_at(bytes, at + 8) as usize;
        let fraction = u64::from(u32_at(bytes, at + 4)) * scale;
        packets.push(Packet {
            nanos: u64::from(u32_at(bytes, at)) * 1_000_000_000 + fraction,
            wire_len: u32_at(bytes, at + 12),
            data: bytes[at + 16..at + 16 + length].to_vec(),
        });
        at += 16 + length;
    }
    (u32_at(bytes, 20), packets)
}

/// One section, interfaces of one link type, enhanced packet blocks: what editcap writes.
fn pcapng(bytes: &[u8]) -> (u32, Vec<Packet>) {
    let (mut at, mut link, mut scale, mut packets) = (0, 0, 1000, Vec::new());
    while at < bytes.len() {
        let length = u32_at(bytes, at + 4) as usize;
        let body = &bytes[at + 8..at + length - 4];
        match u32_at(bytes, at) {
            1 => {
                link = u32_at(body, 0) & 0xffff;
                // if_tsresol: code 9, one byte, the negative power of ten.
                let option = body[8..].windows(5).find(|o| o[..4] == [9, 0, 1, 0]);
                scale = 10_u64.pow(9 - u32::from(option.map_or(6, |o| o[4])));
            }
            6 => {
                let ticks = u64::from(u32_at(body, 4)) << 32 | u64::from(u32_at(body, 8));
                let captured = u32_at(body, 12) as usize;
                packets.push(Packet {
                    nanos: ticks * scale,
                    wire_len: u32_at(body, 16),
                    data: body[20..20 + captured].to_vec(),
                });
            }
            _ => {}
        }
        at += length;
    }
    (link, packets)
}

/// How a capture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Micros,
    Nanos,
    /// As a big-endian machine writes it.
    MicrosBigEndian,
    Pcapng,
}

pub fn bytes(capture: &Capture, format: Format) -> Vec<u8> {
    let big = format == Format::MicrosBigEndian;
    let word = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let half = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    if format == Format::Pcapng {
        return pcapng_bytes(capture);
    }
    let nano = format == Format::Nanos;
    let mut out = word(if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }).to_vec();
    out.extend([half(2), half(4)].concat());
    [0, 0, 262_144, capture.link].iter().for_each(|n| out.extend(word(*n)));
    for p in &capture.packets {
        let fraction = (p.nanos % 1_000_000_000) as u32 / if nano { 1 } else { 1000 };
        let seconds = (p.nanos / 1_000_000_000) as u32;
        for n in [seconds, fraction, p.data.len() as u32, p.wire_len] {
            out.extend(word(n));
        }
        out.extend(&p.data);
    }
    out
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let length = ((12 + body.len() + padding.len()) as u32).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &padding, &length].concat()
}

/// Nanoseconds, two interfaces used in turn, and a comment on every third packet.
fn pcapng_bytes(capture: &Capture) -> Vec<u8> {
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    let link = (capture.link as u16).to_le_bytes();
    let interface =
        [&link[..], &[0, 0], &[0, 0, 4, 0], &[9, 0, 1, 0, 9, 0, 0, 0], &[0, 0, 0, 0]].concat();
    let mut out = block(0x0a0d_0d0a, &section);
    out.extend(block(1, &interface));
    out.extend(block(1, &interface));
    for (i, p) in capture.packets.iter().enumerate() {
        let mut body = Vec::new();
        let (high, low) = ((p.nanos >> 32) as u32, p.nanos as u32);
        for n in [i as u32 % 2, high, low, p.data.len() as u32, p.wire_len] {
            body.extend(n.to_le_bytes());
        }
        body.extend(&p.data);
        body.resize(body.len().next_multiple_of(4), 0);
        if i % 3 == 0 {
            body.extend([1, 0, 3, 0, b'w', b'h', b'y', 0, 0, 0, 0, 0]);
        }
        out.extend(block(6, &body));
    }
    out
}

pub fn write(folder: &Path, name: &str, capture: &Capture, format: Format) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes(capture, format)).unwrap();
    path
}
