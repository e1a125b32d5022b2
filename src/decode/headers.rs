//! Headers of a segment that stay where they are.

use std::net::Ipv4Addr;

use etherparse::TcpSlice;

use super::tcp::{self, FLAGS_AT};
use super::view::View;
use super::{Flags, Seq};

/// The headers of a segment over IPv4 that is no SYN, both whole and without anything unusual. For those who
/// keep few of their fields, or put them elsewhere: each is read when it is asked for, and passes through no
/// other place.
pub(crate) struct Headers<'a> {
    ip: &'a [u8; 20],
    tcp: TcpSlice<'a>,
    /// Length of the payload on the wire.
    pub(crate) payload_len: u32,
}

impl<'a> Headers<'a> {
    /// Of the header of IPv4, and what is in the packet.
    #[inline(always)]
    pub(super) fn of(ip: &'a [u8; 20], view: View<'a>) -> Option<Self> {
        let tcp = TcpSlice::from_slice(view.data).ok()?;
        let flags = Flags(*tcp.header_slice().get(FLAGS_AT)?);
        let payload_len = tcp::payload_len(view, tcp.header_slice().len());
        (!flags.syn()).then_some(Self { ip, tcp, payload_len })
    }

    #[inline(always)]
    pub(crate) fn src(&self) -> Ipv4Addr {
        let h = self.ip;
        Ipv4Addr::new(h[12], h[13], h[14], h[15])
    }

    #[inline(always)]
    pub(crate) fn dst(&self) -> Ipv4Addr {
        let h = self.ip;
        Ipv4Addr::new(h[16], h[17], h[18], h[19])
    }

    #[inline(always)]
    pub(crate) fn ports(&self) -> (u16, u16) {
        (self.tcp.source_port(), self.tcp.destination_port())
    }

    #[inline(always)]
    pub(crate) fn ttl(&self) -> u8 {
        self.ip[8]
    }

    #[inline(always)]
    pub(crate) fn ip_id(&self) -> u16 {
        u16::from_be_bytes([self.ip[4], self.ip[5]])
    }

    #[inline(always)]
    pub(crate) fn seq(&self) -> Seq {
        Seq(self.tcp.sequence_number())
    }

    #[inline(always)]
    pub(crate) fn ack(&self) -> Seq {
        Seq(self.tcp.acknowledgment_number())
    }

    #[inline(always)]
    pub(crate) fn flags(&self) -> Flags {
        Flags(self.tcp.header_slice().get(FLAGS_AT).copied().unwrap_or_default())
    }

    #[inline(always)]
    pub(crate) fn window(&self) -> u16 {
        self.tcp.window_size()
    }

    #[inline(always)]
    pub(crate) fn checksum(&self) -> u16 {
        self.tcp.checksum()
    }

    /// What was captured of the payload.
    #[inline(always)]
    pub(crate) fn payload(&self) -> &'a [u8] {
        self.tcp.payload()
    }
}
