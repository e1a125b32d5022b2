//! A password that anyone on the way can read.

use std::net::IpAddr;

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "cleartext-login",
    title: "the password crossed the network in clear",
    stage: Stage::Security,
    severities: &[Severity::Info, Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "USER and PASS were captured in clear. A warning when one of the two hosts has a public address.",
    look_alikes: "anonymous logins, whose password is none; TLS.",
    change: "FTP over TLS, or SFTP.",
    shown_by: ("passive-vsftpd-curl", "ftps-implicit-vsftpd-curl"),
    check: Check::when(&[Sign::Password], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let mut exchanges = s.script.exchanges.iter();
    let Some(pass) = exchanges.find(|e| e.verb == Verb::PASS && !ctx.argument(e).is_empty()) else {
        return;
    };
    let named = s.script.exchanges.iter().rev().filter(|e| e.verb == Verb::USER);
    let user = named.clone().find(|e| e.at < pass.at).map_or("", |e| ctx.argument(e));
    if anonymous(user) {
        return;
    }
    let public = [s.server.ip, s.client.ip].into_iter().find(|ip| routed(*ip));
    let severity = if public.is_some() { Severity::Warning } else { Severity::Info };
    let bare = Diagnosis::of(&RULE, severity).evidence(pass.at, "PASS in clear");
    findings.add_with(bare, |d| told(ctx, d, user, public));
}

fn told(ctx: &Context<'_>, d: Diagnosis, user: &str, public: Option<IpAddr>) -> Diagnosis {
    let s = ctx.session;
    // Nearly every session without TLS has this one: texts are joined, not formatted.
    let server = s.server.to_string();
    let host = server.rsplit_once(':').map_or("", |(host, _)| host.trim_matches(['[', ']']));
    let of = if user.is_empty() { "" } else { " of " };
    let reasoning = match public {
        Some(ip) => format!(
            "{ip} is a public address: the password crosses networks that belong to others, unless a \
             tunnel carries it. Whoever captures there reads it, as this capture does."
        ),
        None => {
            "Whoever captures on the way reads it, as this capture does; keep the file accordingly."
                .to_owned()
        }
    };
    d.summary(["The password", of, user, " was sent to ", &server, " in clear."].concat())
        .reasoning(reasoning)
        .advice_with(
            Audience::Client,
            "Use FTP over TLS, or SFTP, and change the password.",
            ["curl --ssl-reqd ftp://", host, "/   lftp: set ftp:ssl-force true"].concat(),
        )
        .advise_server(ctx, "Refuse logins in clear.", advice::server::TLS_REQUIRED)
}

/// Names for which any password will do (RFC 1635).
fn anonymous(user: &str) -> bool {
    let user = user.trim();
    ["anonymous", "ftp"].iter().any(|name| user.eq_ignore_ascii_case(name))
}

/// Routed on the Internet: public, and not set aside for documentation (RFC 5737, 3849, 9637), which
/// laboratories use.
fn routed(ip: IpAddr) -> bool {
    let documentation = match ip.to_canonical() {
        IpAddr::V4(v4) => {
            matches!(v4.octets(), [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _])
        }
        IpAddr::V6(v6) => matches!(v6.segments(), [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..]),
    };
    Class::of(ip) == Class::Public && !documentation
}

#[cfg(test)]
mod tests {
    use super::{anonymous, routed};
    use crate::diagnose::scene::Scene;

    fn said(client: &str, server: &str, user: &str) -> Vec<String> {
        let mut s = Scene::connected(client, server, 64, 60);
        s.server("220 Ready.").asks(&format!("USER {user}"), "331 Password.");
        s.asks("PASS b", "230 In.").quits();
        let judged = s.judged();
        let told = judged.diagnoses.iter().filter(|d| d.code == super::RULE.code);
        told.map(|d| format!("{} {}", d.severity.name(), d.summary)).collect()
    }

    #[test]
    fn at_home_and_abroad() {
        let home = said("10.0.0.1:40000", "10.0.0.5:21", "a");
        assert_eq!(home, ["info The password of a was sent to 10.0.0.5:21 in clear."]);
        let abroad = said("10.0.0.1:40000", "9.9.9.9:21", "a");
        assert_eq!(abroad, ["warning The password of a was sent to 9.9.9.9:21 in clear."]);
        assert!(said("10.0.0.1:40000", "9.9.9.9:21", "anonymous").is_empty());
    }

    #[test]
    fn names_and_addresses() {
        assert!(anonymous("Anonymous") && anonymous("ftp") && !anonymous("guest"));
        let routed = |t: &str| routed(t.parse().unwrap());
        assert!(routed("9.9.9.9") && routed("2a00::1"));
        assert!(!routed("203.0.113.5") && !routed("2001:db8::1") && !routed("10.1.1.1"));
    }
}
