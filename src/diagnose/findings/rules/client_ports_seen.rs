//! From which ephemeral ranges clients dial.

use super::prelude::*;
use crate::diagnose::findings::client_ports::ClientPorts;
use crate::diagnose::findings::ids::Ids;

pub static RULE: FindingRule = FindingRule {
    code: "client-ports-seen",
    title: "the ephemeral range that clients dial from, and how soon ports come again",
    stage: Stage::Capture,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "At least 20 connections of a client, from at least 10 different ports, all within the default \
            range of a system: 32768-60999 is Linux's, 49152-65535 that of Windows, macOS and the BSDs, \
            1025-5000 that of old Windows. Or from anywhere: a NAT that rewrites ports, or a range that \
            was set.",
    look_alikes: "Few ports lie within several ranges.",
    change: "Nothing, unless ports come again within a minute: see data-port-reused.",
    shown_by: ("range-partly-open-client", "accept-timer"),
    check,
};

const CONNECTIONS: u64 = 20;
const DIFFERENT: usize = 10;

/// Default ranges, and whose they are.
const RANGES: &[(u16, u16, &str)] = &[
    (49_152, 65_535, "Windows, macOS or a BSD"),
    (32_768, 60_999, "Linux"),
    (1_025, 5_000, "old Windows"),
];

fn check(learned: &Learner, conclusions: &mut Conclusions) {
    let told = |p: &ClientPorts| p.connections >= CONNECTIONS && p.different() >= DIFFERENT;
    let tellers = learned.clients.sorted(|c| told(&c.ports));
    for range in RANGES.iter().map(Some).chain([None]) {
        let mut d: Option<Diagnosis> = None;
        let (mut sessions, mut clients) = (Ids::default(), Vec::new());
        let mut all = ClientTotals::default();
        for (ip, client) in &tellers {
            if range_of(&client.ports) != range {
                continue;
            }
            clients.push(ip.to_string());
            client.sessions.sorted().into_iter().for_each(|id| sessions.add(id));
            all.add(&client.ports);
            if d.is_none()
                && let Some((first, last)) = client.ports.span
            {
                d = Some(
                    Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
                        .confidence(Confidence::Likely)
                        .evidence(first, format!("the first connection of {ip}"))
                        .evidence(last, "its last one"),
                );
            }
        }
        if let Some(d) = d {
            let d = all.said_of(&clients, range, d);
            conclusions.add(None, d, &sessions);
        }
    }
}

fn range_of(ports: &ClientPorts) -> Option<&'static (u16, u16, &'static str)> {
    let (low, high) = ports.range()?;
    RANGES.iter().find(|(from, to, _)| *from <= low && high <= *to)
}

/// The ports of several clients together.
#[derive(Default)]
struct ClientTotals {
    connections: u64,
    different: usize,
    again: u64,
    range: Option<(u16, u16)>,
    soonest: Option<(Duration, u16)>,
}

impl ClientTotals {
    fn add(&mut self, p: &ClientPorts) {
        self.connections += p.connections;
        self.different += p.different();
        self.again += p.again;
        if let Some((low, high)) = p.range() {
            let (l, h) = self.range.unwrap_or((low, high));
            self.range = Some((l.min(low), h.max(high)));
        }
        if let Some((after, _, port)) = p.soonest {
            let sooner = self.soonest.is_none_or(|(s, _)| after < s);
            self.soonest = if sooner { Some((after, port)) } else { self.soonest };
        }
    }

    fn said_of(
        &self,
        clients: &[String],
        range: Option<&(u16, u16, &str)>,
        d: Diagnosis,
    ) -> Diagnosis {
        const NAMED: usize = 4;
        let mut who = clients.get(..NAMED.min(clients.len())).unwrap_or_default().join(", ");
        if clients.len() > NAMED {
            who.push_str(&format!(" and {} more", clients.len() - NAMED));
        }
        let (low, high) = self.range.unwrap_or_default();
        let whose = range
            .map_or("no one system's default range".to_owned(), |(from, to, system)| {
                format!("the range of {system} ({from}-{to})")
            });
        let again = match (self.again, self.soonest) {
            (0, _) => "none came twice".to_owned(),
            (n, None) => format!("{n} came again, to other endpoints"),
            (n, Some((after, port))) => format!(
                "{n} came again, soonest {port} to the same endpoint after {}",
                wording::duration(after)
            ),
        };
        d.summary(format!(
            "{who} {} from ports {low} to {high}, within {whose}: {}, {again}.",
            if clients.len() == 1 { "dials" } else { "dial" },
            wording::count(self.connections, "connection"),
        ))
        .reasoning(format!(
            "{} different ports, all within it. Where NAT rewrites ports, they are the NAT's.",
            self.different
        ))
    }
}
