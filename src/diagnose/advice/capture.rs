//! How to capture what this capture doesn't hold.

use std::net::IpAddr;

use super::super::{Advice, Audience, Context};
use crate::session::VantagePoint;

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
