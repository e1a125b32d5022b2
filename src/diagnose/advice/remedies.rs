//! What several rules advise.

use super::super::{Advice, Audience, Class, Context, Diagnosis};
use super::firewall::{self, Flow, Place};
use super::server::{self, Software, Table};
use super::{Range, range};
use crate::decode::Endpoint;
use crate::session::{Connection, VantagePoint};

fn software(ctx: &Context<'_>) -> Option<Software> {
    ctx.session.software.as_deref().and_then(Software::of)
}

/// What a table says to the server's software; to all of them, when it isn't known.
pub fn settings(ctx: &Context<'_>, table: Table) -> Option<String> {
    server::settings(software(ctx), table, range::passive(ctx), ctx.session.server.ip)
}

/// Fix the range of passive ports on the server and open it in front of it.
pub fn open_passive_range(ctx: &Context<'_>, listening: Endpoint) -> Vec<Advice> {
    let (ip, port) = (listening.ip, listening.port);
    let range = range::passive(ctx);
    // Whose SYN arrived at the host and got no answer was dropped by the host.
    let dials = || ctx.session.channels.iter().flat_map(|c| ctx.dials(c));
    let arrived =
        ctx.vantage() == VantagePoint::Server && dials().any(|d| d.responder == listening);
    let (devices, places): (_, &[Place]) = if arrived {
        (
            "It is the server's own firewall that counts: the SYN came as far as that.",
            &[Place::Host],
        )
    } else {
        (
            "Every device on the way counts: the server's own firewall, a cloud security group, a router \
             with port forwarding.",
            &[Place::Router, Place::Host],
        )
    };
    vec![
        Advice {
            audience: Audience::Firewall,
            text: format!(
                "Let new TCP connections from clients through to the server's whole passive range; \
                 {ip} port {port} was one of it. {devices}",
            ),
            example: Some(firewall::open(ip, range, places, software(ctx))),
        },
        Advice {
            audience: Audience::Server,
            text: "Give the server a fixed passive range, the same one as in the firewall."
                .to_owned(),
            example: settings(ctx, server::PASSIVE_RANGE),
        },
    ]
}

/// Let clients reach the control port.
pub fn open_control_port(ctx: &Context<'_>) -> Advice {
    let to = ctx.session.server;
    let arrived = ctx.vantage() == VantagePoint::Server;
    let places: &[Place] = if arrived { &[Place::Host] } else { &[Place::Router, Place::Host] };
    let ports = Range { first: to.port, last: to.port };
    Advice {
        audience: Audience::Firewall,
        text: format!("Let TCP port {} through to {}.", to.port, to.ip),
        example: Some(firewall::open(to.ip, ports, places, software(ctx))),
    }
}

/// Fix the range of passive ports on the server, wide enough.
pub fn passive_range(ctx: &Context<'_>) -> Vec<Advice> {
    let seen = range::passive(ctx);
    // Twice as wide as the one that was too narrow.
    let last = seen.last.saturating_add(seen.last - seen.first);
    let address = ctx.session.server.ip;
    let wide = Range { first: seen.first, last };
    vec![Advice {
        audience: Audience::Server,
        text: "Give the server a passive range with more ports than it has clients at once: a port rests \
               for a minute or more after each transfer."
            .to_owned(),
        example: server::settings(software(ctx), server::PASSIVE_RANGE, wide, address),
    }]
}

/// Tell the server which address its clients know it by.
pub fn external_address(ctx: &Context<'_>) -> Advice {
    let known = ctx.session.server.ip;
    // Next to the client it is what the client dialled; elsewhere NAT may lie in front of it.
    let behind = ctx.vantage() != VantagePoint::Client && Class::of(known).is_internal();
    let value = if behind { "THE.PUBLIC.ADDRESS".to_owned() } else { known.to_string() };
    Advice {
        audience: Audience::Server,
        text: format!(
            "Let the server announce the address that its clients reach it by{}.",
            if behind { String::new() } else { format!(", {known}") }
        ),
        example: server::settings(
            software(ctx),
            server::EXTERNAL_ADDRESS,
            range::passive(ctx),
            &value,
        ),
    }
}

/// Let the server take data connections from any address.
pub fn accept_other_addresses(ctx: &Context<'_>) -> Advice {
    Advice {
        audience: Audience::Server,
        text: "Only where that can't be changed: accept other addresses, knowing that then anyone who \
               guesses an announced port gets what is sent to it (RFC 2577)."
            .to_owned(),
        example: settings(ctx, server::OTHER_ADDRESSES),
    }
}

/// A rule that lets the server's dials in active mode through.
pub fn let_active_in(ctx: &Context<'_>, listening: Endpoint) -> Advice {
    let s = ctx.session;
    let dials = || s.channels.iter().flat_map(|c| ctx.dials(c));
    let from = dials().find(|d| d.responder == listening).map(|d| d.initiator.port);
    let usual = s.server.port.saturating_sub(1);
    let flow = Flow {
        from: Some(s.server.ip),
        source_port: from.filter(|p| *p == usual),
        to: listening.ip,
        ports: Range { first: 1024, last: u16::MAX },
    };
    let here = ctx.vantage() == VantagePoint::Client && from.is_some();
    let place = if here { Place::Host } else { Place::Router };
    Advice {
        audience: Audience::Firewall,
        text: format!(
            "Or let the server's data connections through to the client: from {} to the ports that \
             the client announces ({} here).",
            s.server.ip, listening.port
        ),
        example: Some(firewall::accept(flow, place).join("\n")),
    }
}

/// Between the two servers of a transfer (FXP): let the one dial the other.
pub fn let_servers_meet(dial: &Connection) -> Advice {
    let (from, to) = (dial.initiator.ip, dial.responder.ip);
    let ports = Range { first: 1024, last: u16::MAX };
    let flow = Flow { from: Some(from), source_port: None, to, ports };
    Advice {
        audience: Audience::Firewall,
        text: format!(
            "Let data connections from {from} through to {to}, or copy the file by way of the client \
             (lftp: set ftp:use-fxp off)."
        ),
        example: Some(firewall::accept(flow, Place::Router).join("\n")),
    }
}

/// Connection tracking that reads FTP, on the client's router; it is blind under TLS.
pub fn tracking_helper(ctx: &Context<'_>) -> Advice {
    Advice {
        audience: Audience::Firewall,
        text: "Or load a connection tracking helper for FTP on the client's router.".to_owned(),
        example: Some(firewall::helper(ctx.session.server.port)),
    }
}

impl Diagnosis {
    /// Advice for the server, with its settings where it has them.
    pub(in crate::diagnose) fn advise_server(
        mut self,
        ctx: &Context<'_>,
        text: impl Into<String>,
        table: Table,
    ) -> Self {
        self.advice.push(Advice {
            audience: Audience::Server,
            text: text.into(),
            example: settings(ctx, table),
        });
        self
    }
}
