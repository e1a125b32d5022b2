//! Advice that several rules give, filled in with the addresses and ports of the session.

use std::net::IpAddr;

use super::{Advice, Audience, Context};
use crate::decode::Endpoint;
use crate::session::{Session, VantagePoint};

/// Servers whose settings are known here.
const PASSIVE_RANGE: &[(&str, &str, &str)] = &[
    ("vsftpd", "vsftpd.conf", "pasv_min_port=50000\npasv_max_port=50100"),
    ("proftpd", "proftpd.conf", "PassivePorts 50000 50100"),
    ("pure-ftpd", "command line or /etc/pure-ftpd/conf/PassivePortRange", "-p 50000:50100"),
    ("filezilla", "Server > Configure > Passive mode", "use custom port range 50000-50100"),
    ("microsoft", "IIS Manager > FTP Firewall Support", "Data Channel Port Range 50000-50100"),
    ("pyftpdlib", "the handler", "handler.passive_ports = range(50000, 50101)"),
];

const EXTERNAL_ADDRESS: &[(&str, &str, &str)] = &[
    ("vsftpd", "vsftpd.conf", "pasv_address={}"),
    ("proftpd", "proftpd.conf", "MasqueradeAddress {}"),
    ("pure-ftpd", "command line or /etc/pure-ftpd/conf/ForcePassiveIP", "-P {}"),
    ("filezilla", "Server > Configure > Passive mode", "public IP: {}"),
    ("microsoft", "IIS Manager > FTP Firewall Support", "External IP Address of Firewall: {}"),
    ("pyftpdlib", "the handler", "handler.masquerade_address = '{}'"),
];

const OTHER_ADDRESSES: &[(&str, &str, &str)] = &[
    ("vsftpd", "vsftpd.conf", "pasv_promiscuous=YES"),
    ("proftpd", "proftpd.conf", "AllowForeignAddress on"),
    ("pure-ftpd", "command line or /etc/pure-ftpd/conf/AllowUserFXP", "-w"),
    ("pyftpdlib", "the handler", "handler.permit_foreign_addresses = True"),
];

/// The lines of a table for the server's software; all of them, briefly, when it isn't known.
fn for_software(s: &Session, table: &[(&str, &str, &str)], value: &str) -> String {
    for_named(s.software.as_deref(), table, value)
}

fn for_named(software: Option<&str>, table: &[(&str, &str, &str)], value: &str) -> String {
    let software = software.unwrap_or_default().to_lowercase();
    let known: Vec<_> =
        table.iter().filter(|(name, ..)| !software.is_empty() && software.contains(name)).collect();
    let chosen = if known.is_empty() { table.iter().collect() } else { known };
    let one = chosen.len() == 1;
    let lines: Vec<String> = chosen
        .into_iter()
        .map(|(name, place, text)| {
            let text = text.replace("{}", value);
            if one { format!("# {place}\n{text}") } else { format!("# {name}: {place}\n{text}") }
        })
        .collect();
    lines.join("\n")
}

/// Fix the range of passive ports on the server and open it in front of it.
pub fn open_passive_range(ctx: &Context<'_>, listening: Endpoint) -> Vec<Advice> {
    let s = ctx.session;
    let (ip, port) = (listening.ip, listening.port);
    let family = if ip.is_ipv4() { "ip" } else { "ip6" };
    vec![
        Advice {
            audience: Audience::Firewall,
            text: format!(
                "Let new TCP connections from clients through to the server's whole passive range; \
                 {ip} port {port} was one of it. Every device on the way counts: the server's own \
                 firewall, a cloud security group, a router with port forwarding.",
            ),
            example: Some(format!(
                "nft add rule inet filter forward {family} daddr {ip} tcp dport 50000-50100 ct state new accept\n\
                 iptables -I FORWARD -p tcp -d {ip} --dport 50000:50100 -j ACCEPT   # on the server: INPUT"
            )),
        },
        Advice {
            audience: Audience::Server,
            text: "Give the server a fixed passive range, the same one as in the firewall."
                .to_owned(),
            example: Some(for_software(s, PASSIVE_RANGE, "")),
        },
    ]
}

/// Fix the range of passive ports on the server, wide enough.
pub fn passive_range(ctx: &Context<'_>) -> Vec<Advice> {
    vec![Advice {
        audience: Audience::Server,
        text: "Give the server a passive range with more ports than it has clients at once: a port rests \
               for a minute or more after each transfer."
            .to_owned(),
        example: Some(for_software(ctx.session, PASSIVE_RANGE, "")),
    }]
}

/// Wait with widening the firewall's range: let the server use only what is open.
pub fn narrow_passive_range(software: Option<&str>, open: &[(u16, u16)]) -> Advice {
    let widest = open.iter().max_by_key(|(a, b)| (b - a, std::cmp::Reverse(*a)));
    let (low, high) = widest.copied().unwrap_or((50_000, 50_100));
    let example = for_named(software, PASSIVE_RANGE, "")
        .replace("50101", &format!("{}", u32::from(high) + 1))
        .replace("50000", &low.to_string())
        .replace("50100", &high.to_string());
    Advice {
        audience: Audience::Server,
        text: format!(
            "Or let the server use only ports that are open, at least {low}-{high}; the same range on both."
        ),
        example: Some(example),
    }
}

/// A passive range with room for all clients.
pub fn wider_passive_range(software: Option<&str>) -> Advice {
    Advice {
        audience: Audience::Server,
        text: "Widen the passive range, and open the same range in the firewall: it needs more ports than \
               there are transfers at once, and those that rest for a minute after each."
            .to_owned(),
        example: Some(for_named(software, PASSIVE_RANGE, "")),
    }
}

/// Tell the server which address its clients know it by.
pub fn external_address(ctx: &Context<'_>) -> Advice {
    let s = ctx.session;
    let known = s.server.ip;
    let behind = super::Class::of(known).is_internal();
    let value = if behind { "THE.PUBLIC.ADDRESS".to_owned() } else { known.to_string() };
    Advice {
        audience: Audience::Server,
        text: format!(
            "Let the server announce the address that its clients reach it by{}.",
            if behind { String::new() } else { format!(", {known}") }
        ),
        example: Some(for_software(s, EXTERNAL_ADDRESS, &value)),
    }
}

/// Let the server take data connections from any address.
pub fn accept_other_addresses(ctx: &Context<'_>) -> Advice {
    Advice {
        audience: Audience::Server,
        text: "Only where that can't be changed: accept other addresses, knowing that then anyone who \
               guesses an announced port gets what is sent to it (RFC 2577)."
            .to_owned(),
        example: Some(for_software(ctx.session, OTHER_ADDRESSES, "")),
    }
}

/// Use passive mode: then the client opens all connections.
pub fn use_passive_mode() -> Advice {
    Advice {
        audience: Audience::Client,
        text: "Use passive mode, so that the client opens the data connections itself.".to_owned(),
        example: Some(
            "curl: leave out --ftp-port   lftp: set ftp:passive-mode on   ftp: passive".to_owned(),
        ),
    }
}

/// Capture on the side that this capture can't speak for.
pub fn capture_elsewhere(ctx: &Context<'_>) -> Advice {
    let s = ctx.session;
    let (place, file) = match ctx.vantage() {
        VantagePoint::Client => ("on the server", "server.pcap"),
        VantagePoint::Server => ("on the client", "client.pcap"),
        _ => ("on the client and on the server at once", "side.pcap"),
    };
    let peer = if ctx.vantage() == VantagePoint::Client { s.client.ip } else { s.server.ip };
    Advice {
        audience: Audience::Capture,
        text: format!(
            "Capture the same attempt {place} as well, without a port filter, and compare."
        ),
        example: Some(capture_command(peer, file)),
    }
}

/// How to capture all of a host's traffic.
pub fn capture_command(host: IpAddr, file: &str) -> String {
    format!("tcpdump -ni any -s 0 -w {file} 'host {host}'")
}

/// A rule that lets the server's dials in active mode through.
pub fn let_active_in(ctx: &Context<'_>, listening: Endpoint) -> Advice {
    let s = ctx.session;
    let family = if s.server.ip.is_ipv4() { "ip" } else { "ip6" };
    Advice {
        audience: Audience::Firewall,
        text: format!(
            "Or let the server's data connections through to the client: from {} to the ports that \
             the client announces ({} here), with a connection tracking helper for FTP.",
            s.server.ip, listening.port
        ),
        example: Some(format!(
            "nft add rule inet filter forward {family} saddr {} {family} daddr {} tcp dport 1024-65535 ct state new accept",
            s.server.ip, listening.ip
        )),
    }
}
