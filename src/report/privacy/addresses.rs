//! Addresses and their masks, by themselves and in texts.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks that verdicts name to explain themselves; they tell nothing about anybody.
const WELL_KNOWN: [&str; 10] = [
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

/// What was masked as what; numbers are given in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    known: HashMap<IpAddr, IpAddr>,
    given: HashMap<u128, u32>,
}

impl Addresses {
    /// The mask of an address. What kind of address it is matters to the verdicts, so that stays:
    /// private ones stay private, public ones come from the ranges for documentation (RFC 5737,
    /// RFC 3849).
    pub(super) fn mask(&mut self, ip: IpAddr) -> IpAddr {
        let keep = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast();
        if keep || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return ip;
        }
        if let Some(known) = self.known.get(&ip) {
            return *known;
        }
        let masked = match ip {
            IpAddr::V4(v4) => IpAddr::V4(self.v4(v4)),
            IpAddr::V6(v6) => IpAddr::V6(self.v6(v6)),
        };
        self.known.insert(ip, masked);
        masked
    }

    fn next(&mut self, base: u128) -> u32 {
        let n = self.given.entry(base).or_default();
        *n += 1;
        *n
    }

    fn v4(&mut self, ip: Ipv4Addr) -> Ipv4Addr {
        let base: u32 = match ip.octets() {
            [169, 254, ..] => 0xa9fe_0000,
            [100, 64..=127, ..] => 0x6440_0000,
            _ if ip.is_private() => 0x0a00_0000,
            _ => 0xc000_0200,
        };
        let n = self.next(u128::from(base));
        if base != 0xc000_0200 {
            return Ipv4Addr::from(base + n);
        }
        // Three ranges of 254 are for documentation, the one for benchmarks (RFC 2544) has the rest.
        let public = match n - 1 {
            i @ 0..=253 => 0xc000_0201 + i,
            i @ 254..=507 => 0xc633_6401 + (i - 254),
            i @ 508..=761 => 0xcb00_7101 + (i - 508),
            i => 0xc612_0000u32.saturating_add((i - 761) % 0x2_0000),
        };
        Ipv4Addr::from(public)
    }

    fn v6(&mut self, ip: Ipv6Addr) -> Ipv6Addr {
        let base = match ip.segments() {
            [first, ..] if first & 0xfe00 == 0xfc00 => 0xfd00 << 112,
            [first, ..] if first & 0xffc0 == 0xfe80 => 0xfe80 << 112,
            _ => 0x2001_0db8u128 << 96,
        };
        Ipv6Addr::from(base + u128::from(self.next(base)))
    }

    /// A text with every address in it masked; `wire` when it was written by a host and not by us:
    /// then numbers with commas and blanks between them are an address too.
    pub(super) fn mask_in(&mut self, text: &str, wire: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = ' ';
        while let Some(c) = rest.chars().next() {
            let starts = c.is_ascii_hexdigit() || rest.starts_with("::");
            let found = (starts && !before.is_ascii_alphanumeric() && !matches!(before, '.' | ':'))
                .then(|| self.list(rest, wire).or_else(|| self.plain(rest)))
                .flatten();
            let taken = match found {
                Some((masked, taken)) => {
                    out.push_str(&masked);
                    taken
                }
                None => {
                    out.push(c);
                    c.len_utf8()
                }
            };
            let (done, more) = rest.split_at_checked(taken).unwrap_or((rest, ""));
            before = done.chars().next_back().unwrap_or(' ');
            rest = more;
        }
        out
    }

    /// An address at the beginning of `text`: its mask, and how many bytes it was.
    fn plain<'a>(&mut self, text: &'a str) -> Option<(String, usize)> {
        let part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
        let run = text.split(|c| !part(c)).next()?;
        // A full stop or a colon behind it is the sentence's, and so may a port be.
        let bare = run.trim_end_matches(['.', ':']);
        let without_port = |t: &'a str| Some(t.rsplit_once(':')?.0);
        let mut tries =
            [Some(run), Some(bare), without_port(run), without_port(bare)].into_iter().flatten();
        let (ip, found) = tries.find_map(|t| Some((t.parse::<IpAddr>().ok()?, t)))?;
        let network = text.split(|c: char| !part(c) && c != '/').next()?;
        if WELL_KNOWN.contains(&network) {
            return Some((network.to_owned(), network.len()));
        }
        Some((self.mask(ip).to_string(), found.len()))
    }

    /// Numbers with commas between them: h1,h2,h3,h4,p1,p2 as PORT and 227 have them, or the
    /// longer form of LPRT and 228.
    fn list(&mut self, text: &str, wire: bool) -> Option<(String, usize)> {
        let part = |c: char| c.is_ascii_digit() || c == ',' || (wire && c == ' ');
        let end = text.find(|c| !part(c)).unwrap_or(text.len());
        let run = text.get(..end)?.trim_end_matches([',', ' ']);
        let parts: Vec<&str> = run.split(',').collect();
        let numbers: Vec<u8> = parts.iter().map_while(|p| p.trim().parse().ok()).collect();
        let at = match numbers.as_slice() {
            [4, 4, _, _, _, _, 2, _, _] => 2..6,
            [6, 16, ..] if numbers.len() >= 18 => 2..18,
            // Also five of them: a damaged announcement is quoted as it came.
            _ if numbers.len() >= 4 => 0..4,
            _ => return None,
        };
        let octets = numbers.get(at.clone())?;
        let ip: IpAddr = match <[u8; 4]>::try_from(octets) {
            Ok(v4) => v4.into(),
            Err(_) => <[u8; 16]>::try_from(octets).ok()?.into(),
        };
        let masked: Vec<u8> = match self.mask(ip) {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let shown: Vec<String> = parts
            .iter()
            .enumerate()
            .map(|(i, part)| match i.checked_sub(at.start).and_then(|i| masked.get(i)) {
                Some(octet) => part.replace(part.trim(), &octet.to_string()),
                None => (*part).to_owned(),
            })
            .collect();
        Some((shown.join(","), run.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_in_every_form_are_masked_alike() {
        let mut m = Addresses::default();
        let text = "10.1.2.3:21 says (10,1,2,3,4,1), 203.0.113.9. and [2001:db8:7::9]:21, 1.2 s";
        let masked = "10.0.0.1:21 says (10,0,0,1,4,1), 192.0.2.1. and [2001:db8::1]:21, 1.2 s";
        assert_eq!(m.mask_in(text, true), masked);
        assert_eq!(m.mask_in(text, false), masked);
        for (text, masked) in [
            ("227 =10, 1, 2, 3, 4, 1", "227 =10, 0, 0, 1, 4, 1"),
            ("LPRT 4,4,10,1,2,3,2,4,1", "LPRT 4,4,10,0,0,1,2,4,1"),
            ("EPRT |1|10.1.2.3|1025|", "EPRT |1|10.0.0.1|1025|"),
            ("EPRT |2|2001:db8:7::9|1025|", "EPRT |2|2001:db8::1|1025|"),
            ("fe80::: yes, ::1 and 12:30:45", "fe80::1: yes, ::1 and 12:30:45"),
            ("10.1.2.3:59562 → 10.1.2.3:50032: no", "10.0.0.1:59562 → 10.0.0.1:50032: no"),
            ("vsFTPd 3.0.3 added a bed, dead: 3", "vsFTPd 3.0.3 added a bed, dead: 3"),
        ] {
            assert_eq!(m.mask_in(text, true), masked);
        }
    }

    #[test]
    fn sentences_keep_their_numbers_and_networks() {
        let mut m = Addresses::default();
        for text in [
            "frames 1, 2, 3, 4, 5, 6",
            "private (10.0.0.0/8, RFC 1918; 100.64.0.0/10, fc00::/7)",
            "offset 12, 14",
        ] {
            assert_eq!(m.mask_in(text, false), text);
        }
        assert_eq!(m.mask_in("ip daddr 172.20.3.0/24", false), "ip daddr 10.0.0.1/24");
    }

    #[test]
    fn kinds_stay() {
        let mut m = Addresses::default();
        let mut mask = |ip: &str| m.mask(ip.parse().unwrap()).to_string();
        assert_eq!(mask("192.168.7.7"), "10.0.0.1");
        assert_eq!(mask("100.64.9.9"), "100.64.0.1");
        assert_eq!(mask("8.8.8.8"), "192.0.2.1");
        assert_eq!(mask("fd12::7"), "fd00::1");
        assert_eq!(mask("fe80::7"), "fe80::1");
        assert_eq!(mask("2a00::7"), "2001:db8::1");
        assert_eq!(mask("127.0.0.1"), "127.0.0.1");
    }

    #[test]
    fn public_masks_differ() {
        let mut m = Addresses::default();
        let masks: std::collections::HashSet<IpAddr> =
            (0..2000u32).map(|i| m.mask(Ipv4Addr::from(0x0800_0000 + i).into())).collect();
        assert_eq!(masks.len(), 2000);
    }

    proptest! {
        #[test]
        fn any_text(text in ".{0,60}", wire: bool) {
            Addresses::default().mask_in(&text, wire);
        }

        #[test]
        fn numbers(text in "[0-9a-f:., ]{0,60}", wire: bool) {
            Addresses::default().mask_in(&text, wire);
        }
    }
}
