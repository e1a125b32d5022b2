//! Packets as bytes: Ethernet, IP, TCP, in pcap or pcapng.

use std::io::{self, Write};
use std::net::Ipv4Addr;

use crate::swap::{Frame, Swaps};

pub const FIN: u8 = 0x11;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x14;
pub const ACK: u8 = 0x10;
pub const PSH: u8 = 0x18;

/// What is between Ethernet and TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    V4,
    /// The same hosts by addresses of 2001:db8::/96.
    V6,
    /// IPv4 behind a VLAN tag.
    Vlan,
}

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
    net: Net,
    swaps: Option<Swaps>,
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
        let packet = Vec::with_capacity(2048);
        let (net, swaps) = (Net::V4, None);
        Ok(Self { out, pcapng, snaplen, net, swaps, packet, id: 0, packets: 0 })
    }

    /// The same on another network, which swaps so many of a thousand packets.
    pub fn over(mut self, net: Net, swapped_per_thousand: u64, seed: u64) -> Self {
        self.net = net;
        self.swaps = (swapped_per_thousand > 0).then(|| Swaps::new(swapped_per_thousand, seed));
        self
    }

    /// Writes a segment seen at `micros`.
    pub fn segment(&mut self, micros: u64, s: &Segment<'_>) -> io::Result<()> {
        self.packets += 1;
        self.id = self.id.wrapping_add(1);
        let p = &mut self.packet;
        p.clear();
        p.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
        let length = u16::try_from(20 + s.payload.len()).unwrap_or(u16::MAX);
        match self.net {
            Net::V4 => ipv4(p, length.saturating_add(20), self.id, s),
            Net::Vlan => {
                p.extend([0x81, 0, 0, 100]);
                ipv4(p, length.saturating_add(20), self.id, s);
            }
            Net::V6 => ipv6(p, length, s),
        }
        p.extend(s.from.1.to_be_bytes());
        p.extend(s.to.1.to_be_bytes());
        p.extend(s.seq.to_be_bytes());
        p.extend(s.ack.to_be_bytes());
        // The checksum stays open, as an offloading network card leaves it.
        p.extend([0x50, s.flags, 0xff, 0xff, 0, 0, 0, 0]);
        p.extend(s.payload);
        if let Some(swaps) = &mut self.swaps {
            let (ends, refuses) = ([s.from, s.to], s.flags == RST);
            let frame = Frame { micros, ends, refuses, bytes: p.clone() };
            return match swaps.take(frame) {
                Some(next) => self.record(next.micros, &next.bytes),
                None => Ok(()),
            };
        }
        let packet = std::mem::take(&mut self.packet);
        let written = self.record(micros, &packet);
        self.packet = packet;
        written
    }

    /// Writes a packet with its header.
    fn record(&mut self, micros: u64, packet: &[u8]) -> io::Result<()> {
        let kept = &packet[..packet.len().min(self.snaplen)];
        let (captured, wire) = (kept.len() as u32, packet.len() as u32);
        if self.pcapng {
            let padded = captured.next_multiple_of(4);
            let total = 32 + padded;
            let words = [6, total, 0, (micros >> 32) as u32, micros as u32, captured, wire];
            for word in words {
                self.out.write_all(&word.to_le_bytes())?;
            }
            self.out.write_all(kept)?;
            self.out.write_all(&[0; 3][..(padded - captured) as usize])?;
            self.out.write_all(&total.to_le_bytes())
        } else {
            let words = [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, captured, wire];
            for word in words {
                self.out.write_all(&word.to_le_bytes())?;
            }
            self.out.write_all(kept)
        }
    }

    pub fn finish(mut self) -> io::Result<u64> {
        if let Some(last) = self.swaps.take().and_then(Swaps::last) {
            self.record(last.micros, &last.bytes)?;
        }
        self.out.flush()?;
        Ok(self.packets)
    }
}

fn ipv4(p: &mut Vec<u8>, length: u16, id: u16, s: &Segment<'_>) {
    p.extend([8, 0]);
    let at = p.len();
    p.extend([0x45, 0]);
    p.extend(length.to_be_bytes());
    p.extend(id.to_be_bytes());
    p.extend([0x40, 0, 64, 6, 0, 0]);
    p.extend(s.from.0.octets());
    p.extend(s.to.0.octets());
    let sum = checksum(&p[at..]);
    p[at + 10..at + 12].copy_from_slice(&sum.to_be_bytes());
}

fn ipv6(p: &mut Vec<u8>, length: u16, s: &Segment<'_>) {
    p.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
    p.extend(length.to_be_bytes());
    p.extend([6, 64]);
    for (host, _) in [s.from, s.to] {
        p.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0]);
        p.extend(host.octets());
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
