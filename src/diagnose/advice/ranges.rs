//! The passive range of a server, from what many sessions show of it.

use std::cmp::Reverse;
use std::net::IpAddr;

use super::super::{Advice, Audience};
use super::firewall::{self, Place};
use super::range::{Range, around};
use super::server::{self, Software};

/// What is known of the server: its software, as it says, and its address.
#[derive(Clone, Copy, Debug)]
pub struct Host<'a> {
    /// See above.
    pub software: Option<&'a str>,
    /// See above.
    pub ip: IpAddr,
}

impl Host<'_> {
    fn named(self) -> Option<Software> {
        self.software.and_then(Software::of)
    }

    fn settings(self, range: Range) -> Option<String> {
        server::settings(self.named(), server::PASSIVE_RANGE, range, self.ip)
    }

    /// Rules that open ranges of ports: on the routers before it, and on itself.
    pub fn open(self, ranges: &[(u16, u16)]) -> String {
        let places = [Place::Router, Place::Host];
        let rules = |(first, last): &(u16, u16)| {
            firewall::open(self.ip, Range { first: *first, last: *last }, &places, self.named())
        };
        ranges.iter().map(rules).collect::<Vec<_>>().join("\n")
    }

    /// Instead of opening more: let the server use only what is open.
    pub fn narrow_range(self, open: &[(u16, u16)]) -> Option<Advice> {
        let (first, last) = *open.iter().max_by_key(|(a, b)| (b - a, Reverse(*a)))?;
        Some(Advice {
            audience: Audience::Server,
            text: format!(
                "Or let the server use only ports that are open, at least {first}-{last}; the same range \
                 on both."
            ),
            example: self.settings(Range { first, last }),
        })
    }

    /// A range twice as wide as the one that was too narrow.
    pub fn wider_range(self, seen: impl Iterator<Item = u16> + Clone) -> Advice {
        let Range { first, last } = around(seen);
        Advice {
            audience: Audience::Server,
            text: "Widen the passive range, and open the same range in the firewall: it needs more ports \
                   than there are transfers at once, and those that rest for a minute after each."
                .to_owned(),
            example: self.settings(Range { first, last: last.saturating_add(last - first) }),
        }
    }

    /// A range at all.
    pub fn set_range(self) -> Advice {
        Advice {
            audience: Audience::Server,
            text: "Set a passive range, so that the firewall can open the same and no more."
                .to_owned(),
            example: self.settings(around(std::iter::empty())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Host<'_> =
        Host { software: Some("vsFTPd 3.0.3"), ip: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST) };

    #[test]
    fn rules_for_each_range() {
        let text = HOST.open(&[(50_034, 50_040), (50_050, 50_050)]);
        assert_eq!(text.lines().count(), 8, "{text}");
        assert!(text.contains("dport 50034-50040") && text.contains("dport 50050 "), "{text}");
        assert!(HOST.open(&[]).is_empty());
    }

    #[test]
    fn the_widest_open_range_and_a_wider_one() {
        assert!(HOST.narrow_range(&[]).is_none());
        let narrow = HOST.narrow_range(&[(1, 2), (5, 9)]).and_then(|a| a.example);
        assert_eq!(narrow.as_deref(), Some("# vsftpd.conf\npasv_min_port=5\npasv_max_port=9"));
        let wide = HOST.wider_range([50_000, 50_001].into_iter()).example;
        assert!(wide.is_some_and(|e| e.ends_with("pasv_max_port=50200")));
    }
}
