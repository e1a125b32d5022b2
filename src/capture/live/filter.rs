//! The kernel filter: what reaches this program at all.

/// What FTP needs: TCP on any port, for nobody knows data ports beforehand; ICMP errors about it;
/// fragments of either. For IPv6 also packets whose TCP header stands behind extension headers
/// (hop-by-hop 0, routing 43, fragment 44, destination options 60).
const WANTED: &str = "tcp or icmp or icmp6 or (ip[6:2] & 0x3fff != 0) or \
                      (ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60))";

/// Expressions to try, the best first: a link type may not know VLANs (RAW, `any`).
pub(super) fn expressions(own: Option<&str>) -> Vec<String> {
    match own {
        // What the user writes is taken as it is.
        Some(own) => vec![own.to_owned()],
        // `vlan` shifts all that is written after it by one tag, so it comes last, and again
        // inside for two tags.
        None => vec![
            format!("({WANTED}) or (vlan and (({WANTED}) or (vlan and ({WANTED}))))"),
            WANTED.to_owned(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap::{Capture, Linktype};

    /// Ethernet addresses, then tags and what they carry.
    fn frame(ethertypes: &[u8], ip: &[u8]) -> Vec<u8> {
        let mut frame = vec![2; 12];
        frame.extend(ethertypes);
        frame.extend(ip);
        frame.resize(120, 0);
        frame
    }

    fn ipv4(protocol: u8, fragment: u16) -> Vec<u8> {
        let mut ip = vec![0x45, 0, 0, 60, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        ip[6..8].copy_from_slice(&fragment.to_be_bytes());
        ip
    }

    #[test]
    fn tcp_icmp_and_fragments_pass_with_and_without_vlan_tags() {
        let dead = Capture::dead(Linktype::ETHERNET).unwrap();
        let program = dead.compile(&expressions(None)[0], true).unwrap();
        let tags: [&[u8]; 3] = [&[], &[0x81, 0, 0, 7], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8]];
        for tag in tags {
            let tagged = |ethertype: u16, ip: &[u8]| {
                let mut head = tag.to_vec();
                head.extend(ethertype.to_be_bytes());
                frame(&head, ip)
            };
            let passes = |ethertype, ip: &[u8]| program.filter(&tagged(ethertype, ip));
            assert!(passes(0x0800, &ipv4(6, 0)), "TCP behind {tag:?}");
            assert!(passes(0x0800, &ipv4(1, 0)), "ICMP behind {tag:?}");
            assert!(passes(0x0800, &ipv4(17, 185)), "a fragment behind {tag:?}");
            assert!(!passes(0x0800, &ipv4(17, 0)), "UDP behind {tag:?}");
            assert!(!passes(0x0806, &[0; 28]), "ARP behind {tag:?}");
            for next in [6, 58, 44, 0] {
                let mut ip = vec![0x60, 0, 0, 0, 0, 20, next, 64];
                ip.extend([0xfd; 32]);
                assert!(passes(0x86dd, &ip), "IPv6 with {next} behind {tag:?}");
                ip[6] = 17;
                assert!(!passes(0x86dd, &ip), "UDP over IPv6 behind {tag:?}");
            }
        }
    }

    #[test]
    fn link_types_without_vlans_have_a_filter_too() {
        for link in [113, 276, 12, 0] {
            let Ok(dead) = Capture::dead(Linktype(link)) else { continue };
            let one = expressions(None).iter().any(|e| dead.compile(e, true).is_ok());
            assert!(one, "{link}");
        }
    }
}
