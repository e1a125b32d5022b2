//! Link types by their names in the tcpdump.org registry.

use std::borrow::Cow;

use super::LinkType;

#[allow(missing_docs, reason = "names of the registry")]
impl LinkType {
    pub const NULL: Self = Self(0);
    pub const ETHERNET: Self = Self(1);
    pub const RAW: Self = Self(101);

    /// DLT values of hosts that some programs write to files, as the registry's value.
    pub(super) fn normalised(self) -> Self {
        if matches!(self.0, 12 | 14) { Self::RAW } else { self }
    }

    /// The LINKTYPE_ name without its prefix; the number for one that has no name here.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self.0 {
            0 => "NULL",
            1 => "ETHERNET",
            6 => "IEEE802_5",
            9 => "PPP",
            50 => "PPP_HDLC",
            51 => "PPP_ETHER",
            101 => "RAW",
            104 => "C_HDLC",
            105 => "IEEE802_11",
            107 => "FRELAY",
            108 => "LOOP",
            113 => "LINUX_SLL",
            119 => "IEEE802_11_PRISM",
            127 => "IEEE802_11_RADIOTAP",
            147 => "USER0",
            163 => "IEEE802_11_AVS",
            189 => "USB_LINUX",
            192 => "PPI",
            195 => "IEEE802_15_4_WITHFCS",
            220 => "USB_LINUX_MMAPPED",
            228 => "IPV4",
            229 => "IPV6",
            239 => "NFLOG",
            249 => "USBPCAP",
            253 => "NETLINK",
            276 => "LINUX_SLL2",
            other => return Cow::Owned(other.to_string()),
        })
    }
}
