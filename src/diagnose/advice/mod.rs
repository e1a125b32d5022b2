//! Advice that can be pasted, filled in with the addresses and ports of the session, for the
//! software seen.

mod capture;
mod client;
mod firewall;
mod range;
mod ranges;
mod remedies;
pub mod server;
mod snippet;

pub use capture::{capture_command, capture_elsewhere};
pub use client::{insist_on_tls, use_passive_mode};
pub use firewall::{Place, drop_from, family, iptables};
pub use ranges::Host;
pub use remedies::{
    accept_other_addresses, external_address, let_active_in, let_servers_meet, open_control_port,
    open_passive_range, passive_range, settings, tracking_helper,
};
pub use server::Software;
pub use snippet::{Kind, Snippet, read};

use std::net::IpAddr;

use self::range::Range;
use super::{Advice, Diagnosis};
use crate::session::Session;

impl Advice {
    /// What there is to paste, piece by piece.
    pub fn snippets(&self) -> Vec<Snippet<'_>> {
        self.example.as_deref().map(snippet::read).unwrap_or_default()
    }
}

/// Drops the settings of other servers than the one seen, when that is known.
pub(super) fn for_the_server_seen(s: &Session, diagnosis: &mut Diagnosis) {
    if diagnosis.advice.is_empty() {
        return;
    }
    let software = s.software.as_deref().and_then(Software::of);
    for advice in &mut diagnosis.advice {
        advice.example = advice.example.take().and_then(|e| snippet::only_for(software, e));
    }
}

/// All that may be advised for a server and a client at these addresses: for checks of the
/// examples.
pub fn every_example(server: IpAddr, client: IpAddr) -> Vec<String> {
    let range = Range { first: 50_000, last: 50_100 };
    let flow =
        |source_port| firewall::Flow { from: Some(client), source_port, to: server, ports: range };
    let mut all: Vec<String> = server::TABLES
        .iter()
        .filter_map(|table| server::settings(None, table, range, server))
        .collect();
    for place in [Place::Host, Place::Router] {
        all.push(firewall::open(server, range, &[place], None));
        all.push(firewall::accept(flow(None), place).join("\n"));
        all.push(firewall::accept(flow(Some(20)), place).join("\n"));
        all.push(drop_from(client, Some(21), place));
        all.push(drop_from(client, None, place));
    }
    all.push(firewall::open(server, range, &[Place::Host], Some(Software::Iis)));
    all.push(firewall::helper(21));
    all
}
