//! One TCP connection, frame by frame.

use std::net::Ipv4Addr;

use etherparse::PacketBuilder;

/// Another host's on both sides: whoever captures sees the packets, and no TCP answers them.
const CLIENT_MAC: [u8; 6] = [2, 0, 0, 0, 0, 0x11];
const SERVER_MAC: [u8; 6] = [2, 0, 0, 0, 0, 0x12];
const WINDOW: u16 = 64_000;

/// What a segment says beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    Syn,
    Fin,
    None,
}

/// An address and a port.
pub type End = (Ipv4Addr, u16);

/// A connection between a client that dials and a server.
#[derive(Clone, Debug)]
pub struct Tcp {
    client: End,
    server: End,
    /// What the client and the server have sent, as the next sequence number.
    sent: [u32; 2],
    id: u16,
}

impl Tcp {
    pub fn new(client: End, server: End, seed: u32) -> Self {
        let isn = seed.wrapping_mul(0x9e37_79b1);
        Self { client, server, sent: [isn, isn.rotate_left(16)], id: 0 }
    }

    /// The next segment of a side, as a frame in `out`.
    pub fn send(&mut self, from_client: bool, flag: Flag, payload: &[u8], out: &mut Vec<u8>) {
        let (from, to, macs) = if from_client {
            (self.client, self.server, (CLIENT_MAC, SERVER_MAC))
        } else {
            (self.server, self.client, (SERVER_MAC, CLIENT_MAC))
        };
        let (own, other) = if from_client { (0, 1) } else { (1, 0) };
        self.id = self.id.wrapping_add(1);
        let mut ip = etherparse::Ipv4Header::new(
            0,
            64,
            etherparse::IpNumber::TCP,
            from.0.octets(),
            to.0.octets(),
        )
        .unwrap();
        ip.identification = self.id;
        let tcp = PacketBuilder::ethernet2(macs.0, macs.1)
            .ip(etherparse::IpHeaders::Ipv4(ip, etherparse::Ipv4Extensions::default()))
            .tcp(from.1, to.1, self.sent[own], WINDOW);
        let tcp = match flag {
            Flag::Syn => tcp.syn(),
            Flag::Fin => tcp.fin(),
            Flag::None if !payload.is_empty() => tcp.psh(),
            Flag::None => tcp,
        };
        let first = flag == Flag::Syn && from_client;
        let tcp = if first { tcp } else { tcp.ack(self.sent[other]) };
        out.clear();
        tcp.write(out, payload).unwrap();
        let more = payload.len() as u32 + u32::from(flag != Flag::None);
        self.sent[own] = self.sent[own].wrapping_add(more);
    }
}
