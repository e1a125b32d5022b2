//! Rules for nftables and iptables, and for the firewall of Windows.
//!
//! They are inserted at the top: what stands after a chain's last drop is never reached. The names
//! `inet filter input`, `forward` and `inet nat postrouting` are those of the usual rulesets.

use std::net::IpAddr;

use super::{Range, Software};

/// On which machine a rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the host itself.
    Host,
    /// On a router in front of it.
    Router,
}

impl Place {
    fn chain(self) -> (&'static str, &'static str) {
        match self {
            Self::Host => ("input", "INPUT"),
            Self::Router => ("forward", "FORWARD"),
        }
    }
}

/// The keyword of nftables for an address of its family.
pub fn family(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "ip" } else { "ip6" }
}

/// The program for an address of its family.
pub fn iptables(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "iptables" } else { "ip6tables" }
}

/// What may open connections where.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub from: Option<IpAddr>,
    /// The port that it dials from.
    pub source_port: Option<u16>,
    pub to: IpAddr,
    pub ports: Range,
}

/// Lets new connections in, in both languages.
pub fn accept(flow: Flow, place: Place) -> Vec<String> {
    let (chain, old_chain) = place.chain();
    let Flow { from, source_port, to, ports } = flow;
    let (family, iptables) = (family(to), iptables(to));
    let one = ports.first == ports.last;
    let range = |c: char| match one {
        true => ports.first.to_string(),
        false => format!("{}{c}{}", ports.first, ports.last),
    };
    let (mut nft, mut old) = (String::new(), String::new());
    if let Some(from) = from {
        nft += &format!("{family} saddr {from} ");
        old += &format!("-s {from} ");
    }
    nft += &format!("{family} daddr {to} tcp ");
    old += &format!("-d {to} ");
    if let Some(port) = source_port {
        nft += &format!("sport {port} tcp ");
        old += &format!("--sport {port} ");
    }
    let (nft_ports, old_ports) = (range('-'), range(':'));
    vec![
        format!("nft insert rule inet filter {chain} {nft}dport {nft_ports} ct state new accept"),
        format!(
            "{iptables} -I {old_chain} -p tcp {old}--dport {old_ports} -m conntrack --ctstate NEW -j ACCEPT"
        ),
    ]
}

/// The same for Windows, on the host.
pub fn accept_on_windows(ports: Range) -> String {
    let ports = if ports.first == ports.last { ports.first.to_string() } else { ports.to_string() };
    format!(
        "netsh advfirewall firewall add rule name=\"FTP {ports}\" dir=in action=allow protocol=TCP localport={ports}"
    )
}

/// Lets new connections to a server in: on the routers before it, on it, or both. The comments are
/// the shell's.
pub fn open(to: IpAddr, ports: Range, places: &[Place], software: Option<Software>) -> String {
    let flow = Flow { from: None, source_port: None, to, ports };
    let mut lines = Vec::new();
    for place in places {
        let (rules, whose) = match place {
            Place::Host if software.is_some_and(Software::on_windows) => {
                (vec![accept_on_windows(ports)], "on the server")
            }
            Place::Host => (accept(flow, Place::Host), "on the server"),
            Place::Router => (accept(flow, Place::Router), "on a router before it"),
        };
        let one = places.len() == 1;
        let rules = rules.into_iter();
        lines.extend(rules.map(|r| if one { r } else { format!("{r}   # {whose}") }));
    }
    // One language after the other, as they are read.
    lines.sort_by_key(|l| !l.starts_with("nft"));
    lines.join("\n")
}

/// Keeps a host out.
pub fn drop_from(from: IpAddr, to_port: Option<u16>, place: Place) -> String {
    let (chain, old_chain) = place.chain();
    let (family, iptables) = (family(from), iptables(from));
    let (nft, old) = match to_port {
        Some(port) => (format!(" tcp dport {port}"), format!(" -p tcp --dport {port}")),
        None => (String::new(), String::new()),
    };
    format!(
        "nft insert rule inet filter {chain} {family} saddr {from}{nft} drop\n\
         {iptables} -I {old_chain} -s {from}{old} -j DROP"
    )
}

/// Connection tracking that reads FTP and lets in what it announces. Since Linux 4.7 no helper
/// is assigned without a rule.
pub fn helper(control_port: u16) -> String {
    format!(
        "modprobe -a nf_conntrack_ftp nf_nat_ftp\n\
         nft add table inet ftp\n\
         nft 'add ct helper inet ftp standard {{ type \"ftp\" protocol tcp; }}'\n\
         nft 'add chain inet ftp prerouting {{ type filter hook prerouting priority filter; }}'\n\
         nft 'add rule inet ftp prerouting tcp dport {control_port} ct helper set \"standard\"'\n\
         nft insert rule inet filter forward ct state established,related accept\n\
         iptables -t raw -I PREROUTING -p tcp --dport {control_port} -j CT --helper ftp\n\
         iptables -I FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_and_both_places() {
        let range = Range { first: 50000, last: 50100 };
        let text = open("2001:db8::1".parse().unwrap(), range, &[Place::Router, Place::Host], None);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].contains("forward ip6 daddr 2001:db8::1 tcp dport 50000-50100"), "{text}");
        assert!(lines[1].starts_with("nft insert rule inet filter input"), "{text}");
        assert!(lines[3].starts_with("ip6tables -I INPUT"), "{text}");
    }

    #[test]
    fn windows_has_its_own() {
        let range = Range { first: 21, last: 21 };
        let text = open("192.0.2.1".parse().unwrap(), range, &[Place::Host], Some(Software::Iis));
        assert!(text.starts_with("netsh") && text.ends_with("localport=21"), "{text}");
    }
}
