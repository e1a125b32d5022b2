//! In active mode the server dials from another port than its data port.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "active-source-port",
    title: "in active mode the server dials from another port than 20 (control port - 1)",
    stage: Stage::DataConnect,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[],
    proof: "A SYN of the server to an announced endpoint, from another port than the one below its control port (RFC 959, section 3.2).",
    look_alikes: "NAT in front of the server, which may change the port on the way; fxp (the other server's port).",
    change: "Matters only to firewalls on the client's side that expect port 20.",
    shown_by: ("active-source-port", "active-vsftpd-ftplib"),
    check: Check::when(&[Sign::Active], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let Some(usual) = s.server.port.checked_sub(1) else { return };
    let unusual = |d: &&Connection| {
        d.initiator_known && d.initiator.ip == s.server.ip && d.initiator.port != usual
    };
    let mut found: Option<Diagnosis> = None;
    let announced = |c: &&Channel| c.mode == Mode::Active && c.announcement.is_some();
    for channel in s.channels.iter().filter(announced) {
        let Some(dial) = ctx.dials(channel).find(unusual) else { continue };
        let d = found.unwrap_or_else(|| first(ctx, channel, dial, usual));
        found = Some(d.channel(channel.id));
    }
    if let Some(d) = found {
        findings.add(d);
    }
}

fn first(ctx: &Context<'_>, channel: &Channel, dial: &Connection, usual: u16) -> Diagnosis {
    let on_the_way = match ctx.vantage() {
        VantagePoint::Server => "",
        _ => " A NAT on the way may have changed it.",
    };
    Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
        .summary(format!(
            "In active mode the server dials from port {}, not from {usual}.",
            dial.initiator.port
        ))
        .reasoning(format!(
            "{}: RFC 959 has the server dial from the port below its control port; a server that runs \
             without privileges takes any.{on_the_way} Only a firewall in front of the client that \
             expects port {usual} minds.",
            wording::vantage(ctx)
        ))
        .announced(channel)
        .dialled(dial)
        .advise_server(
            ctx,
            format!("If a firewall on the client's side lets in port {usual} alone, dial from it."),
            advice::server::SOURCE_PORT_20,
        )
}
