//! Nobody dialled the announced endpoint, as far as can be seen from here.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "data-never-attempted",
    title: "no SYN to the announced endpoint was seen from anyone",
    stage: Stage::DataConnect,
    severities: &[Severity::Critical],
    means: Means::Stalled,
    explains: super::AFTER_A_FAILED_DIAL,
    proof: "The last announcement of the session, or one after which a side waited 3 s or asked again, got no SYN from anyone to either address, and nothing completed after it.",
    look_alikes: "announcement-unused (a later one was used); the capture ends within 3 s; capture-control-only (transfers were confirmed all the same); a late '227 Logout.'.",
    change: "The network in front of this host, or the side that should have dialled: capture there.",
    shown_by: ("passive-range-dropped-server", "control-only"),
    check: Check::when(&[Sign::Undialled], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for channel in ctx.never_attempted() {
        // Next to the side that dials, a capture of nothing but control connections was filtered
        // down to their port, more likely than not: it can't show a dial.
        let near = match channel.mode {
            Mode::Active => VantagePoint::Server,
            _ => VantagePoint::Client,
        };
        if ctx.vantage() == near && !ctx.session.other_traffic {
            continue;
        }
        findings.add(diagnosis(ctx, channel));
    }
}

fn diagnosis(ctx: &Context<'_>, channel: &Channel) -> Diagnosis {
    let s = ctx.session;
    let (dialler, listener) = match channel.mode {
        Mode::Active => ("server", "client"),
        _ => ("client", "server"),
    };
    let near = match channel.mode {
        Mode::Active => VantagePoint::Server,
        _ => VantagePoint::Client,
    };
    let began = channel.began().unwrap_or(s.first);
    let waited = ctx.until_given_up(channel, began);
    let endpoint = channel.listening().map_or("the announced port".to_owned(), |e| e.to_string());
    let at_port = ctx.failed_at_port(channel);
    let at = wording::vantage(ctx);
    let reasoning = match ctx.vantage() {
        point if point == near => format!(
            "{at}: the {dialler} itself never sent a SYN to {endpoint}. Its own firewall may have \
             stopped it before it could be captured, or it gave up for reasons of its own (a client \
             may refuse an announced address that isn't the server's)."
        ),
        VantagePoint::Unknown | VantagePoint::Between => format!(
            "{at}: no attempt came by here, so it was dropped before this point or never sent; which \
             of the two only a capture next to the {dialler} shows."
        ),
        _ if at_port.is_some() => format!(
            "{at}: no attempt arrived here. The server made one, since it dials at PORT itself and its \
             reply says that the connection failed: so it was dropped or rejected before this host."
        ),
        _ => format!(
            "{at}: no attempt arrived here. It was dropped before this host, or never sent; which of \
             the two this side can't tell. A capture on the {dialler} shows whether SYNs leave it."
        ),
    };
    let left_at_once = waited < Duration::from_secs(3);
    let filtered = !s.other_traffic;
    let reasoning = if filtered {
        format!(
            "{reasoning} The capture holds nothing but control connections: if a filter like 'port {}' \
             made it so, it can't show an attempt either.",
            s.server.port
        )
    } else {
        reasoning
    };
    let confidence = if left_at_once && at_port.is_none()
        || filtered && ctx.vantage() == VantagePoint::Unknown
    {
        Confidence::Possible
    } else {
        Confidence::Likely
    };
    let said = at_port.or(ctx.command_of(channel).and_then(|e| e.final_reply));
    // The server said no at once: it was told so, by something that isn't seen here.
    let means = if left_at_once && said.is_some() { Means::Failed } else { Means::Stalled };
    let mut d = Diagnosis::new(RULE.code, Severity::Critical, RULE.stage)
        .channel(channel.id)
        .means(means)
        .confidence(confidence)
        .summary(format!(
            "No attempt of the {dialler} to reach the {listener}'s announced port {endpoint} was seen \
             within {}.",
            wording::duration(waited)
        ))
        .reasoning(reasoning)
        .announced(channel)
        .answered(ctx, channel)
        .evidence_if(at_port.map(|r| r.1), "the server says that it could not connect")
        .evidence_if(ctx.control_closed(), "the control connection ends");
    if let Some(listening) = channel.listening() {
        d = match channel.mode {
            Mode::Active => {
                d.advise([advice::use_passive_mode(), advice::let_active_in(ctx, listening)])
            }
            _ => d.advise(advice::open_passive_range(ctx, listening)),
        };
    }
    d.advise([advice::capture_elsewhere(ctx)])
}
