//! One client tries one password after the other.

use super::prelude::*;
use crate::diagnose::findings::Client;
use crate::diagnose::findings::logins::Logins;

pub static RULE: FindingRule = FindingRule {
    code: "login-attempts",
    title: "many logins of one client are refused",
    stage: Stage::Login,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "Names or passwords of one client refused (430, 530 to 532) at least 5 times within 15 minutes, \
            or 10 times in all. Critical, and a matter of security, from 20 within 15 minutes when fewer \
            of its logins succeed.",
    look_alikes: "One user's typo, or that of several behind one NAT address among many logins that \
                  succeed; refusals that demand TLS or speak of too many connections.",
    change: "A limit on failed logins (fail2ban, the server's own); the password in the script that still \
             uses the old one.",
    shown_by: ("login-attempts", "login-typos"),
    check,
};

const SOME: usize = 5;
const SOME_IN_ALL: u64 = 10;
const MANY: usize = 20;
/// User names that are named.
const NAMED: usize = 3;

fn check(learned: &Learner, conclusions: &mut Conclusions) {
    for (ip, client) in learned.clients.sorted(|c| c.logins.refused > 0) {
        if let Some(d) = look(&ip, client) {
            conclusions.add(None, d, &client.logins.sessions);
        }
    }
}

fn look(ip: &std::net::IpAddr, client: &Client) -> Option<Diagnosis> {
    let l = &client.logins;
    let (most, from, to) = l.most?;
    let many = most >= MANY && l.accepted < l.refused;
    if most < SOME && l.refused < SOME_IN_ALL || l.accepted > l.refused * 10 {
        return None;
    }
    let (first, last) = l.span?;
    let (severity, stage) =
        if many { (Severity::Critical, Stage::Security) } else { (Severity::Warning, RULE.stage) };
    let sessions = wording::count(l.sessions.total(), "session");
    let within = wording::duration(to.time.since(from.time));
    let burst = if most as u64 == l.refused {
        format!("all within {within}")
    } else {
        format!("{most} of them within {within}")
    };
    let got_in = match l.got_in {
        Some((_, id)) => format!(" Then it got in (session {id})."),
        None => String::new(),
    };
    let servers: Vec<String> = l.servers.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if l.servers.len() > NAMED { " and others" } else { "" };
    let d = Diagnosis::new(RULE.code, severity, stage)
        .summary(format!(
            "{} of {ip} refused in {sessions}, {burst}, {} at {}{more}.{got_in}",
            wording::count(l.refused, "login"),
            names(l),
            servers.join(", "),
        ))
        .reasoning(reasoning(l, many))
        .evidence(first, "the first login that is refused")
        .evidence(last, "the last one");
    let d = match l.got_in {
        Some((at, id)) => {
            d.evidence(at, format!("session {id} logs in with a name refused before"))
        }
        None => d,
    };
    Some(advise(d, ip, l, many))
}

fn names(l: &Logins) -> String {
    match l.users.len() {
        0 => "without a name".to_owned(),
        1..=NAMED => {
            format!("for {}", l.users.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        n => format!("for {n} different names"),
    }
}

fn reasoning(l: &Logins, many: bool) -> String {
    let accepted = match l.accepted {
        0 => "none of its logins succeeded".to_owned(),
        n => format!("{n} of its logins succeeded"),
    };
    let what = match (l.users.len(), many) {
        (1, true) => {
            "one name again and again: a script with a wrong password, or someone who guesses it"
        }
        (1, false) => {
            "one name again and again: most likely a script or a saved password that is wrong"
        }
        _ => "several names: someone guesses, or a list of accounts is out of date",
    };
    format!(
        "The server answered each time, so the network is not at fault. More than a typo: {accepted}. It \
         is {what}. Several users behind one NAT address would look alike, with more logins that succeed."
    )
}

fn advise(d: Diagnosis, ip: &std::net::IpAddr, l: &Logins, many: bool) -> Diagnosis {
    // Several ports are the same host's most often; one rule is an example for them all.
    let port = l.servers.first().map(|s| s.port);
    let d = if many {
        d.advice_with(
            Audience::Firewall,
            format!("If {ip} is nobody you know, keep it out."),
            advice::drop_from(*ip, port, advice::Place::Host),
        )
    } else {
        d.advice(Audience::Client, "Correct the password where it is saved, or in the script.")
    };
    d.advice_with(
        Audience::Server,
        "Limit failed logins, and see the server's log for the names.",
        "# fail2ban, jail.local; [proftpd] and [pure-ftpd] likewise\n[vsftpd]\nenabled = true\nmaxretry = 5\n\
         findtime = 15m\nbantime = 1h",
    )
}
