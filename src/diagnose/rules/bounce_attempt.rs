//! Somebody wants the server to connect for him (RFC 2577).

use std::collections::BTreeSet;

use super::prelude::*;
use crate::decode::Endpoint;

pub(super) static RULE: Rule = Rule {
    code: "bounce-attempt",
    title: "PORT names a service of another host: an FTP bounce",
    stage: Stage::Security,
    severities: &[Severity::Critical],
    means: Means::Failed,
    explains: &[
        "port-private-address",
        "port-refused",
        "data-syn-unanswered",
        "data-refused",
        "data-rejected",
        "data-never-attempted",
        "transfer-refused",
        "reply-missing",
        "announcement-unused",
        "no-data-announcement",
    ],
    proof: "PORT or EPRT names a port below 1024 of another host than the client, several other hosts, or the server itself; next to the client any other host. Accepted or refused.",
    look_alikes: "port-private-address (NAT: one address that never shows); a low port of the client itself (NAT that maps ports); fxp (the data flowed); a client told its public address; loopback from a wrong entry in hosts.",
    change: "Keep refusing it (RFC 2577, section 3).",
    shown_by: ("bounce-attempt", "port-private-address-refused-server"),
    check: Check::when(&[Sign::Active], check),
};

/// A port that only the system's services listen at.
const PRIVILEGED: std::ops::Range<u16> = 1..1024;

/// A channel, and the endpoint that its PORT names.
type Named<'a> = (&'a Channel, Endpoint);

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let named: Vec<Named<'_>> = s
        .channels
        .iter()
        .filter(|c| c.mode == Mode::Active)
        .filter_map(|c| Some((c, c.announcement.as_ref()?.advertised?)))
        .collect();
    let foreign = |e: Endpoint| e.ip != s.client.ip;
    // A low port of the client itself is NAT's doing, or a helper's that miswrites it.
    let low = |e: Endpoint| PRIVILEGED.contains(&e.port) && foreign(e);
    let hosts: BTreeSet<_> =
        named.iter().filter(|(c, e)| other_host(ctx, c, *e)).map(|(_, e)| e.ip).collect();
    let at_client = ctx.vantage() == VantagePoint::Client;
    let suspicious: Vec<Named<'_>> = named
        .into_iter()
        .filter(|(c, e)| {
            let other = other_host(ctx, c, *e);
            let third = at_client && !told_its_public_address(ctx, *e);
            low(*e) || other && (hosts.len() > 1 || third || e.ip == s.server.ip)
        })
        .collect();
    if !suspicious.is_empty() {
        findings.add(diagnosis(ctx, &suspicious, suspicious.iter().any(|(_, e)| low(*e))));
    }
}

/// Another host than the client that a connection could be wanted to. Not where data flowed between
/// two servers and was confirmed, or where a server announced it to this client: that is FXP.
fn other_host(ctx: &Context<'_>, c: &Channel, e: Endpoint) -> bool {
    let client = ctx.session.client.ip;
    let dialable = !matches!(Class::of(e.ip), Class::Loopback | Class::Unusable);
    let family = e.ip.is_ipv4() == client.is_ipv4() && c.partner.is_none();
    e.ip != client && dialable && family && !ctx.confirmed(c) && !ctx.worked(c)
}

/// Behind NAT clients can be told the address that the world knows them by.
fn told_its_public_address(ctx: &Context<'_>, e: Endpoint) -> bool {
    let s = ctx.session;
    let inside = Class::of(s.client.ip).is_internal();
    inside && Class::of(e.ip) == Class::Public && e.ip != s.server.ip
}

fn diagnosis(ctx: &Context<'_>, suspicious: &[Named<'_>], low: bool) -> Diagnosis {
    let s = ctx.session;
    let accepted: Vec<&Named<'_>> = suspicious
        .iter()
        .filter(|(c, _)| c.announcement.as_ref().is_some_and(|a| a.accepted == Some(true)))
        .collect();
    let dialled = suspicious.iter().any(|(c, _)| c.connection.is_some());
    let targets: BTreeSet<String> = suspicious.iter().map(|(_, e)| e.to_string()).collect();
    let shown: Vec<&str> = targets.iter().take(3).map(String::as_str).collect();
    let more = targets.len().saturating_sub(shown.len());
    let answer = if dialled {
        "the server dialled it"
    } else if accepted.is_empty() {
        "the server refused it"
    } else {
        "the server accepted it"
    };
    let why = if low {
        "A port below 1024 is no client's: a service listens there, and the server is to talk to it in the \
         client's stead"
    } else if ctx.vantage() == VantagePoint::Client {
        "Here no NAT has touched the packets yet, so a client names its own address; this one names \
         another host"
    } else {
        "NAT gives a client one other address at most; these are other hosts"
    };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .confidence(Confidence::Likely)
        .summary(format!(
            "{} names {}{} as where the server shall connect to: {answer}.",
            s.client.ip,
            shown.join(", "),
            if more > 0 { format!(" and {more} more") } else { String::new() },
        ))
        .reasoning(format!(
            "{}. {why} (RFC 2577, the bounce attack). {}",
            wording::vantage(ctx),
            if low {
                "A transfer between two servers (FXP) goes to a port that a server announced: none of \
                 those is below 1024."
            } else {
                "A transfer between two servers (FXP) looks like it at first, but no data was confirmed \
                 here."
            }
        ));
    for (channel, _) in suspicious {
        d = d.channel(channel.id);
    }
    // The first and the last are enough of a scan.
    let ends = suspicious.first().into_iter().chain(suspicious.get(1..).and_then(<[_]>::last));
    for (channel, _) in ends.chain(accepted.first().copied().filter(|_| suspicious.len() > 2)) {
        d = d.announced(channel);
        if let Some((code, at)) = ctx.reply_to_announcement(channel) {
            d = d.evidence(at, format!("answered with {code}"));
        }
        for dial in ctx.dials(channel) {
            d = d.dialled(dial);
        }
    }
    d.evidence.sort_by_key(|e| e.at);
    d.evidence.dedup_by(|a, b| a.at == b.at && a.text == b.text);
    let server = if accepted.is_empty() {
        "Leave it so: the server refused to connect to third hosts and well-known ports."
    } else {
        "Let the server connect to the client's own address only, and to no port below 1024."
    };
    d.advise_server(ctx, server, advice::server::CLIENTS_ADDRESS_ONLY).advice_with(
        Audience::Firewall,
        format!("See who {} is; keep it out if it is a stranger.", s.client.ip),
        advice::drop_from(s.client.ip, Some(s.server.port), advice::Place::Host),
    )
}

#[cfg(test)]
mod tests {
    use crate::diagnose::scene::Scene;

    const BOUNCE: &str = "critical bounce-attempt";

    fn at_server() -> Scene {
        Scene::between("198.51.100.9:40000", "203.0.113.5:21", 60, 64)
    }

    fn bounces(s: &mut Scene) -> bool {
        s.quits().says().contains(&BOUNCE.to_owned())
    }

    #[test]
    fn a_low_port_and_several_hosts() {
        for (first, second) in [
            ("PORT 10,0,0,9,0,25", "NOOP"),
            ("PORT 10,0,0,9,160,0", "PORT 10,0,0,10,160,0"),
            ("EPRT |1|203.0.113.5|40000|", "NOOP"),
        ] {
            let mut s = at_server();
            s.asks(first, "500 Illegal.").asks(second, "500 Illegal.").wait(4000);
            assert_eq!(s.quits().says(), [BOUNCE], "{first}");
        }
    }

    #[test]
    fn one_address_behind_nat_loopback_and_the_clients_own() {
        for port in [
            "PORT 10,0,0,9,160,0",
            "PORT 127,0,1,1,160,0",
            "PORT 198,51,100,9,160,0",
            "PORT 198,51,100,9,1,59",
        ] {
            let mut s = at_server();
            assert!(!bounces(s.asks(port, "500 Illegal.").wait(4000)), "{port}");
        }
    }

    #[test]
    fn next_to_the_client() {
        let own = || Scene::between("10.0.0.9:40000", "203.0.113.5:21", 64, 60);
        assert!(bounces(own().asks("PORT 10,0,0,10,160,0", "500 Illegal.")));
        // Told the address that the world knows it by.
        assert!(!bounces(own().asks("PORT 198,51,100,9,160,0", "500 Illegal.")));
        assert!(!bounces(own().asks("PORT 10,0,0,9,160,0", "500 Illegal.")));
    }

    #[test]
    fn a_transfer_between_two_servers() {
        let mut s = Scene::between("10.0.0.9:40000", "203.0.113.5:21", 64, 60);
        s.asks("PORT 203,0,113,77,160,0", "200 Ok.").client("RETR a");
        let mut data = s.open("203.0.113.5:20", "203.0.113.77:40960");
        s.server("150 Here.");
        s.send(&mut data, true, 0x18, b"all of it");
        s.close(&mut data, true);
        assert!(!bounces(s.server("226 Done.")));
    }
}
