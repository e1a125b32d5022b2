//! Classes of addresses.

use std::net::IpAddr;

/// What an address is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 10/8, 172.16/12, 192.168/16 (RFC 1918); fc00::/7 (RFC 4193).
    Private,
    /// 100.64/10 (RFC 6598): a provider's NAT.
    Shared,
    /// 169.254/16, fe80::/10.
    LinkLocal,
    /// 127/8, ::1.
    Loopback,
    /// 0.0.0.0, ::, broadcast, multicast.
    Unusable,
    /// Anything else: can be reached from anywhere.
    Public,
}

impl Class {
    /// The class of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => {
                if v4.is_private() {
                    Self::Private
                } else if matches!(v4.octets(), [100, 64..=127, ..]) {
                    Self::Shared
                } else if v4.is_link_local() {
                    Self::LinkLocal
                } else if v4.is_loopback() {
                    Self::Loopback
                } else if v4.octets()[0] == 0 || v4.is_broadcast() || v4.is_multicast() {
                    Self::Unusable
                } else {
                    Self::Public
                }
            }
            IpAddr::V6(v6) => {
                if v6.is_loopback() {
                    Self::Loopback
                } else if v6.segments()[0] & 0xfe00 == 0xfc00 {
                    Self::Private
                } else if v6.segments()[0] & 0xffc0 == 0xfe80 {
                    Self::LinkLocal
                } else if v6.is_unspecified() || v6.is_multicast() {
                    Self::Unusable
                } else {
                    Self::Public
                }
            }
        }
    }

    /// It can't be reached from other networks.
    pub fn is_internal(self) -> bool {
        matches!(self, Self::Private | Self::Shared | Self::LinkLocal | Self::Loopback)
    }

    /// In words, with the article.
    pub fn name(self) -> &'static str {
        match self {
            Self::Private => "a private address",
            Self::Shared => "an address of a provider's NAT (RFC 6598)",
            Self::LinkLocal => "a link-local address",
            Self::Loopback => "a loopback address",
            Self::Unusable => "no address that can be dialled",
            Self::Public => "a public address",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        let of = |t: &str| Class::of(t.parse().unwrap());
        assert_eq!(of("10.1.2.3"), Class::Private);
        assert_eq!(of("172.32.0.1"), Class::Public);
        assert_eq!(of("100.64.0.1"), Class::Shared);
        assert_eq!(of("0.0.0.0"), Class::Unusable);
        assert_eq!(of("fd00::1"), Class::Private);
        assert_eq!(of("::ffff:192.168.0.1"), Class::Private);
        assert_eq!(of("2001:db8::1"), Class::Public);
    }
}
