//! Names and constants of link types (the LINKTYPE_ registry of tcpdump.org).

use std::borrow::Cow;

use super::LinkType;

impl LinkType {
    /// BSD loopback: a 4-byte address family in the byte order of the capturing host.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP (RFC 1661, 1662), with or without address and control bytes.
    pub const PPP: Self = Self(9);
    /// PPP in HDLC-like framing, or Cisco's PPP with HDLC framing.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session packets (RFC 2516), beginning with the PPPoE header.
    pub const PPP_ETHER: Self = Self(51);
    /// IPv4 or IPv6, told by the version in the first byte.
    pub const RAW: Self = Self(101);
    /// Cisco PPP with HDLC framing.
    pub const C_HDLC: Self = Self(104);
    /// IEEE 802.11.
    pub const IEEE802_11: Self = Self(105);
    /// OpenBSD loopback: a 4-byte address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// IEEE 802.11 behind a radiotap header.
    pub const IEEE802_11_RADIOTAP: Self = Self(127);
    /// Per-packet information header, then the link type that it names.
    pub const PPI: Self = Self(192);
    /// IPv4 without a link header.
    pub const IPV4: Self = Self(228);
    /// IPv6 without a link header.
    pub const IPV6: Self = Self(229);
    /// Linux netfilter log messages.
    pub const NFLOG: Self = Self(239);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);

    /// The link type that a file's 32-bit field means.
    ///
    /// The upper half of pcap's field carries the length of a frame check sequence, so it is cut
    /// off. Values 12 and 14 are what `DLT_RAW` is on the hosts that write them by mistake; no
    /// LINKTYPE_ has them, so they are RAW.
    pub const fn from_file(value: u32) -> Self {
        match value as u16 {
            12 | 14 => Self::RAW,
            other => Self(other),
        }
    }

    /// The registry's name without `LINKTYPE_`; `LINKTYPE 999` when this program knows none.
    pub fn name(self) -> Cow<'static, str> {
        match NAMES.iter().find(|(value, _)| *value == self.0) {
            Some((_, name)) => Cow::Borrowed(name),
            None => Cow::Owned(format!("LINKTYPE {}", self.0)),
        }
    }
}

const NAMES: &[(u16, &str)] = &[
    (0, "NULL"),
    (1, "ETHERNET"),
    (3, "AX25"),
    (6, "IEEE802_5"),
    (7, "ARCNET_BSD"),
    (8, "SLIP"),
    (9, "PPP"),
    (10, "FDDI"),
    (50, "PPP_HDLC"),
    (51, "PPP_ETHER"),
    (100, "ATM_RFC1483"),
    (101, "RAW"),
    (104, "C_HDLC"),
    (105, "IEEE802_11"),
    (107, "FRELAY"),
    (108, "LOOP"),
    (113, "LINUX_SLL"),
    (114, "LTALK"),
    (117, "PFLOG"),
    (119, "IEEE802_11_PRISM"),
    (122, "IP_OVER_FC"),
    (123, "SUNATM"),
    (127, "IEEE802_11_RADIOTAP"),
    (138, "APPLE_IP_OVER_IEEE1394"),
    (140, "MTP2"),
    (143, "DOCSIS"),
    (144, "LINUX_IRDA"),
    (163, "IEEE802_11_AVS"),
    (166, "PPP_PPPD"),
    (187, "BLUETOOTH_HCI_H4"),
    (189, "USB_LINUX"),
    (192, "PPI"),
    (195, "IEEE802_15_4_WITHFCS"),
    (204, "PPP_WITH_DIR"),
    (220, "USB_LINUX_MMAPPED"),
    (226, "IPNET"),
    (227, "CAN_SOCKETCAN"),
    (228, "IPV4"),
    (229, "IPV6"),
    (239, "NFLOG"),
    (240, "NETANALYZER"),
    (249, "USBPCAP"),
    (252, "WIRESHARK_UPPER_PDU"),
    (253, "NETLINK"),
    (258, "PKTAP"),
    (259, "EPON"),
    (271, "VSOCK"),
    (274, "ETHERNET_MPACKET"),
    (276, "LINUX_SLL2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_registry_s_and_unknown_ones_are_numbers() {
        assert_eq!(LinkType::ETHERNET.name(), "ETHERNET");
        assert_eq!(LinkType::LINUX_SLL2.name(), "LINUX_SLL2");
        assert_eq!(LinkType(999).name(), "LINKTYPE 999");
    }

    #[test]
    fn a_file_s_field_is_masked_and_dlt_raw_is_raw() {
        assert_eq!(LinkType::from_file(0x2400_0001), LinkType::ETHERNET);
        assert_eq!(LinkType::from_file(12), LinkType::RAW);
        assert_eq!(LinkType::from_file(14), LinkType::RAW);
        assert_eq!(LinkType::from_file(113), LinkType::LINUX_SLL);
    }
}
