//! Where the headers of a TCP segment are, in a packet of a sample.

use crate::capture::{Capture, ETHERNET, Packet, SLL, SLL2};

/// A TCP segment that is no fragment.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Offset of the IP header.
    pub ip: usize,
    pub version: u8,
    /// Offset of the TCP header.
    pub tcp: usize,
    /// Offset of the payload.
    pub payload: usize,
    /// As the IP header says, captured or not.
    pub payload_len: usize,
    pub from: u16,
    pub to: u16,
    pub seq: u32,
}

pub const FIN: u8 = 0x01;
pub const PSH: u8 = 0x08;

fn u16_at(p: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(p.get(at..at + 2)?.try_into().ok()?))
}

/// Offset of the network layer.
pub fn network(capture: &Capture, p: &Packet) -> Option<usize> {
    match capture.link {
        ETHERNET => {
            let mut at = 12;
            while matches!(u16_at(&p.data, at)?, 0x8100 | 0x88a8) {
                at += 4;
            }
            matches!(u16_at(&p.data, at)?, 0x0800 | 0x86dd).then_some(at + 2)
        }
        SLL => Some(16),
        SLL2 => Some(20),
        _ => None,
    }
}

impl Segment {
    pub fn of(capture: &Capture, p: &Packet) -> Option<Self> {
        let (d, ip) = (&p.data, network(capture, p)?);
        let version = d.get(ip)? >> 4;
        let (tcp, end) = match version {
            4 if *d.get(ip + 9)? == 6 => {
                let header = usize::from(d[ip] & 15) * 4;
                (ip + header, ip + usize::from(u16_at(d, ip + 2)?))
            }
            6 if *d.get(ip + 6)? == 6 => (ip + 40, ip + 40 + usize::from(u16_at(d, ip + 4)?)),
            _ => return None,
        };
        let payload = tcp + usize::from(d.get(tcp + 12)? >> 4) * 4;
        Some(Self {
            ip,
            version,
            tcp,
            payload,
            payload_len: end.checked_sub(payload)?,
            from: u16_at(d, tcp)?,
            to: u16_at(d, tcp + 2)?,
            seq: u32::from_be_bytes(d.get(tcp + 4..tcp + 8)?.try_into().ok()?),
        })
    }

    /// On the control connection of a sample.
    pub fn is_control(&self) -> bool {
        [self.from, self.to].iter().any(|p| matches!(p, 21 | 990))
    }

    /// The segment that carries `from..to` of the payload; what was never captured stays so.
    pub fn piece(&self, p: &Packet, from: usize, to: usize) -> Packet {
        let mut data = p.data[..self.payload].to_vec();
        let captured = p.data.len().min(self.payload + self.payload_len);
        let (a, b) = ((self.payload + from).min(captured), (self.payload + to).min(captured));
        data.extend(&p.data[a..b]);
        let headers =
            if self.version == 4 { self.payload - self.ip } else { self.payload - self.ip - 40 };
        let length = ((headers + to - from) as u16).to_be_bytes();
        let at = if self.version == 4 { self.ip + 2 } else { self.ip + 4 };
        data[at..at + 2].copy_from_slice(&length);
        let seq = self.seq.wrapping_add(from as u32).to_be_bytes();
        data[self.tcp + 4..self.tcp + 8].copy_from_slice(&seq);
        if to < self.payload_len {
            data[self.tcp + 13] &= !(FIN | PSH);
        }
        Packet { nanos: p.nanos, wire_len: (self.payload + to - from) as u32, data }
    }
}
