//! What decoding yields.

use std::net::{IpAddr, Ipv6Addr};

use crate::pack::{Pack, Packer, Unpacker, packed};

/// An address and a TCP port. IPv4-mapped IPv6 addresses are IPv4 here.
// In the order of C: where a port begins a word, compilers read it as a word, and that must wait until
// what was written there in parts has reached the cache.
#[repr(C)]
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Address.
    pub ip: IpAddr,
    /// TCP port.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint, with an IPv4-mapped IPv6 address turned into the IPv4 address it stands for.
    #[inline(always)]
    pub fn new(ip: IpAddr, port: u16) -> Self {
        match ip {
            // Few addresses begin with zeros, and those alone can be mapped.
            IpAddr::V6(v6) if v6.octets()[..8] == [0; 8] => Self::unmapped(v6, port),
            _ => Self { ip, port },
        }
    }

    #[cold]
    fn unmapped(ip: Ipv6Addr, port: u16) -> Self {
        Self { ip: ip.to_canonical(), port }
    }
}

impl PartialEq for Endpoint {
    // The port first: it tells most of them apart.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.port == other.port && self.ip == other.ip
    }
}

// As one or two numbers: derived, each of its fields would be hashed by itself.
impl std::hash::Hash for Endpoint {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let port = u64::from(self.port);
        match self.ip {
            IpAddr::V4(ip) => state.write_u64(u64::from(ip.to_bits()) << 16 | port),
            IpAddr::V6(ip) => {
                state.write_u128(ip.to_bits());
                state.write_u64(port);
            }
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.ip {
            IpAddr::V4(ip) => write!(f, "{ip}:{}", self.port),
            IpAddr::V6(ip) => write!(f, "[{ip}]:{}", self.port),
        }
    }
}

/// A TCP sequence number: 32 bits that wrap around (RFC 9293, section 3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(pub u32);

impl Seq {
    /// Signed distance from `other` to `self`, right while both are within 2 GiB.
    #[inline]
    pub fn distance(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0) as i32
    }

    /// The sequence number `n` bytes on.
    #[inline]
    pub fn plus(self, n: u32) -> Self {
        Self(self.0.wrapping_add(n))
    }
}

/// The control bits of a TCP header, as in its 14th byte (RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// FIN is set.
    #[inline]
    pub fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// SYN is set.
    #[inline]
    pub fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// RST is set.
    #[inline]
    pub fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// ACK is set.
    #[inline]
    pub fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }
    /// Neither SYN nor RST nor FIN is set: so with nearly every segment.
    #[inline]
    pub fn plain(self) -> bool {
        self.0 & 0x07 == 0
    }
    /// URG is set.
    #[inline]
    pub fn urg(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// What a SYN's options say (RFC 9293, 7323, 2018). Empty on other segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynOptions {
    /// Maximum segment size in bytes.
    pub mss: Option<u16>,
    /// Window scale shift count.
    pub window_scale: Option<u8>,
    /// SACK permitted.
    pub sack: bool,
}

/// One TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Sender.
    pub src: Endpoint,
    /// Receiver.
    pub dst: Endpoint,
    /// Sequence number of the first byte (or of the SYN).
    pub seq: Seq,
    /// Acknowledgment number; meaningless unless `flags.ack()`.
    pub ack: Seq,
    /// Control bits.
    pub flags: Flags,
    /// Window field, unscaled; [`Segment::UNREAD_WINDOW`] when the packet was cut before it.
    pub window: u16,
    /// TTL or hop limit of the (innermost) IP header.
    pub ttl: u8,
    /// Identification field of the IPv4 header; `None` for IPv6.
    pub ip_id: Option<u16>,
    /// Checksum field of the TCP header, unverified; tells a duplicate from a retransmission. 0
    /// when the packet was cut before it.
    pub checksum: u16,
    /// Options, read on SYN segments only.
    pub syn_options: SynOptions,
    /// Captured payload; shorter than `payload_len` when the packet was cut.
    pub payload: &'a [u8],
    /// Payload length by the headers, in bytes.
    pub payload_len: u32,
}

impl Segment<'_> {
    /// The window of a segment whose header was cut before the field. The largest value, so that
    /// a cut header never looks like a closed window.
    pub const UNREAD_WINDOW: u16 = u16::MAX;

    /// It was sent by the first of the two ends of its connection: nearly always, their ports tell.
    #[inline(always)]
    pub fn is_from(&self, first: &Endpoint, second: &Endpoint) -> bool {
        let telling = first.port != second.port;
        self.src.port == first.port && (telling || self.src.ip == first.ip)
    }
}

/// What an ICMP or ICMPv6 error says about a TCP segment it quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpKind {
    /// Network unreachable (v4 code 0; v6 code 0, no route).
    NetUnreachable,
    /// Host unreachable (v4 code 1; v6 code 3, address unreachable).
    HostUnreachable,
    /// Protocol unreachable (v4 code 2).
    ProtocolUnreachable,
    /// Port unreachable (v4 code 3; v6 code 4).
    PortUnreachable,
    /// Fragmentation needed (v4 code 4) or packet too big (v6), with the next hop's MTU in bytes.
    TooBig(u32),
    /// Administratively prohibited (v4 codes 9, 10, 13; v6 codes 1, 5, 6).
    Prohibited,
    /// Time to live exceeded in transit.
    TimeExceeded,
    /// Any other error type or code.
    Other,
}

/// An ICMP or ICMPv6 error quoting a TCP header.
#[derive(Clone, Copy, Debug)]
pub struct IcmpError {
    /// Who sent the error.
    pub from: IpAddr,
    /// TTL or hop limit of the error packet.
    pub ttl: u8,
    /// Its meaning.
    pub kind: IcmpKind,
    /// ICMP type.
    pub icmp_type: u8,
    /// ICMP code.
    pub icmp_code: u8,
    /// Sender of the quoted segment.
    pub src: Endpoint,
    /// Receiver of the quoted segment.
    pub dst: Endpoint,
    /// Sequence number of the quoted segment.
    pub seq: Seq,
}

/// What a packet held.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Segment(Segment<'a>),
    /// An ICMP error that quotes a TCP header.
    Icmp(IcmpError),
    /// A UDP datagram, its ports (for "what did this capture hold").
    Udp {
        /// Source port.
        src: u16,
        /// Destination port.
        dst: u16,
    },
    /// A fragment kept until the rest arrives.
    Fragment,
    /// An IP packet of another protocol (its number).
    OtherIp(u8),
    /// Not IP.
    NotIp,
    /// The link type is not known.
    UnknownLink,
    /// Headers damaged or cut too short to read.
    Malformed,
}

packed!(Endpoint { ip, port });
packed!(SynOptions { mss, window_scale, sack });

impl Pack for Seq {
    fn pack(&self, to: &mut Packer) {
        self.0.to_be_bytes().pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self(u32::from_be_bytes(Pack::unpack(from)?)))
    }
}
