//! Packets as bytes: Ethernet, IPv4, TCP, in pcap or pcapng.

use std::io::{self, Write};
use std::net::Ipv4Addr;

pub const FIN: u8 = 0x11;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x14;
pub const ACK: u8 = 0x10;
pub const PSH: u8 = 0x18;

/// Bytes before the payload.
const HEADERS: usize = 14 + 20 + 20;

/// One direction of a segment.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    pub from: (Ipv4Addr, u16),
    pub to: (Ipv4Addr, u16),
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub payload: &'a [u8],
}

/// Writes a capture file.
pub struct Capture<W> {
    out: W,
    pcapng: bool,
    snaplen: usize,
    packet: Vec<u8>,
    id: u16,
    /// Packets written.
    pub packets: u64,
}

impl<W: Write> Capture<W> {
    pub fn new(mut out: W, pcapng: bool, snaplen: usize) -> io::Result<Self> {
        if pcapng {
            let section: [u32; 7] =
                [0x0A0D_0D0A, 28, 0x1A2B_3C4D, 0x0000_0001, u32::MAX, u32::MAX, 28];
            let interface: [u32; 5] = [1, 20, 1, 0, 20];
            for word in section.iter().chain(&interface) {
                out.write_all(&word.to_le_bytes())?;
            }
        } else {
            let snap = u32::try_from(snaplen).unwrap_or(u32::MAX);
            let header: [u32; 6] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, snap, 1];
            for word in header {
                out.write_all(&word.to_le_bytes())?;
            }
        }
        Ok(Self { out, pcapng, snaplen, packet: Vec::with_capacity(2048), id: 0, packets: 0 })
    }

    /// Writes a segment seen at `micros`.
    pub fn segment(&mut self, micros: u64, s: &Segment<'_>) -> io::Result<()> {
        self.packets += 1;
        self.id = self.id.wrapping_add(1);
        let wire = HEADERS + s.payload.len();
        let p = &mut self.packet;
        p.clear();
        p.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
        let length = u16::try_from(wire - 14).unwrap_or(u16::MAX).to_be_bytes();
        p.extend([0x45, 0, length[0], length[1]]);
        p.extend(self.id.to_be_bytes());
        p.extend([0x40, 0, 64, 6, 0, 0]);
        p.extend(s.from.0.octets());
        p.extend(s.to.0.octets());
        let sum = checksum(&p[14..34]);
        p[24..26].copy_from_slice(&sum.to_be_bytes());
        p.extend(s.from.1.to_be_bytes());
        p.extend(s.to.1.to_be_bytes());
        p.extend(s.seq.to_be_bytes());
        p.extend(s.ack.to_be_bytes());
        // The checksum stays open, as an offloading network card leaves it.
        p.extend([0x50, s.flags, 0xff, 0xff, 0, 0, 0, 0]);
        p.extend(s.payload);
        let captured = p.len().min(self.snaplen);
        let (captured, wire) = (captured as u32, wire as u32);
        if self.pcapng {
            let padded = captured.next_multiple_of(4);
            let total = 32 + padded;
            let words = [6, total, 0, (micros >> 32) as u32, micros as u32, captured, wire];
            for word in words {
                self.out.write_all(&word.to_le_bytes())?;
            }
            p.resize(captured as usize, 0);
            p.resize(padded as usize, 0);
            self.out.write_all(p)?;
            self.out.write_all(&total.to_le_bytes())
        } else {
            let words = [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, captured, wire];
            for word in words {
                self.out.write_all(&word.to_le_bytes())?;
            }
            self.out.write_all(&p[..captured as usize])
        }
    }

    pub fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.packets)
    }
}

fn checksum(header: &[u8]) -> u16 {
    let mut sum: u32 =
        header.chunks(2).map(|c| u32::from(c[0]) << 8 | u32::from(*c.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
