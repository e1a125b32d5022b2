//! A capture without FTP: what it did hold, and what to try.

use ratatui::text::Line;

use super::lines::{Lines, paragraph, span};
use super::palette::{PLAIN, QUIET, STRONG};
use super::units;
use super::view::View;
use crate::capture::LinkType;

/// Ports that are listed.
const PORTS: usize = 8;

/// What the capture held instead, and what to try.
pub fn lines(view: &View<'_>, filtered: bool) -> Lines {
    if filtered {
        return vec![Line::from(span("No FTP session matches.", STRONG))];
    }
    let mut lines = vec![Line::from(span("No FTP in this capture.", STRONG))];
    if view.analysis.capture.packets == 0 {
        let text = "It holds no packets. Was anything sent while it ran, on this interface, and \
                    did its filter let it through?";
        lines.extend(paragraph(text, PLAIN, view.width, "  ", "  "));
        return lines;
    }
    lines.push(Line::default());
    lines.extend(paragraph(&held(view), PLAIN, view.width, "  It held  ", "           "));
    lines.extend(ports(view));
    lines.push(Line::default());
    for advice in advice(view) {
        lines.extend(paragraph(&advice, PLAIN, view.width, "  • ", "    "));
    }
    lines
}

fn held(view: &View<'_>) -> String {
    let o = &view.analysis.overview;
    let mut held = vec![units::count(view.analysis.capture.packets, "packet")];
    for (n, what) in [
        (o.tcp_segments, "TCP segment"),
        (o.udp, "UDP datagram"),
        (o.icmp_errors, "ICMP error"),
        (o.other_ip, "other IP packet"),
        (o.fragments, "IP fragment"),
        (o.malformed, "damaged or cut packet"),
    ] {
        if n > 0 {
            held.push(units::count(n, what));
        }
    }
    if o.not_ip > 0 {
        held.push(format!("{} not IP", units::grouped(o.not_ip)));
    }
    for (link, n) in &o.unknown_links {
        let n = units::count(*n, "packet");
        held.push(format!("{n} of link type {}, which isn't read", name(*link)));
    }
    held.join(" · ")
}

/// The name of a link type, its number when it has none.
fn name(link: LinkType) -> String {
    link.name().trim_start_matches("LINKTYPE ").to_owned()
}

fn ports(view: &View<'_>) -> Lines {
    let mut ports: Vec<(u16, u64)> = view.analysis.overview.tcp_ports.iter().collect();
    if ports.is_empty() {
        return Lines::new();
    }
    ports.sort_by_key(|p| std::cmp::Reverse(p.1));
    let more = ports.len().saturating_sub(PORTS);
    let mut shown: Vec<String> = ports
        .into_iter()
        .take(PORTS)
        .map(|(port, n)| match service(port) {
            Some(name) => format!("{port} ({name}) {}", units::grouped(n)),
            None => format!("{port} {}", units::grouped(n)),
        })
        .collect();
    if more > 0 {
        shown.push(format!("{} more", units::grouped(more as u64)));
    }
    let text = format!("{}  (segments by the lower port)", shown.join(" · "));
    paragraph(&text, QUIET, view.width, "  TCP      ", "           ")
}

fn service(port: u16) -> Option<&'static str> {
    Some(match port {
        20 => "ftp-data",
        21 => "ftp",
        22 => "ssh",
        23 => "telnet",
        25 => "smtp",
        53 => "domain",
        80 => "http",
        110 => "pop3",
        139 | 445 => "smb",
        143 => "imap",
        443 => "https",
        587 => "submission",
        873 => "rsync",
        989 => "ftps-data",
        990 => "ftps",
        993 => "imaps",
        995 => "pop3s",
        3306 => "mysql",
        3389 => "rdp",
        5432 => "postgresql",
        _ => return None,
    })
}

fn advice(view: &View<'_>) -> Vec<String> {
    let (o, c) = (&view.analysis.overview, &view.analysis.capture);
    let mut advice = Vec::new();
    if o.tcp_ports.get(22) > 0 {
        advice.push(
            "Port 22 is SSH. SFTP runs inside it and is no FTP: it has no data connections that \
             could be blocked, and nothing of it can be read from a capture."
                .to_owned(),
        );
    }
    for link in o.unknown_links.keys() {
        advice.push(format!(
            "Packets of link type {} aren't read. Capture on the network interface itself, or \
             convert the file.",
            name(*link)
        ));
    }
    if o.tcp_segments == 0 {
        advice.push(
            "There is no TCP in it: was it captured on the right interface, and where the \
             traffic passes?"
                .to_owned(),
        );
    } else {
        advice.push(
            "Is the server on another port? Name it with --port N: FTP on other ports is found \
             by what it says, but not when it is encrypted or the beginning is missing."
                .to_owned(),
        );
    }
    if c.truncated_packets > 0 {
        advice.push("Packets are cut by the snap length: capture with -s 0.".to_owned());
    }
    advice.push(
        "Capture by host, not by port: `tcpdump -s 0 -w ftp.pcap host SERVER`. Data connections \
         use other ports than 21."
            .to_owned(),
    );
    advice
}
