//! The receive window, not the path, decides how fast it goes.

use super::prelude::*;
use crate::diagnose::flow::Flow;

pub(super) static RULE: Rule = Rule {
    code: "data-window-limited",
    title: "the sender waits for the receiver's small window again and again",
    stage: Stage::DataTransfer,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &["data-paused"],
    proof: "For 3 s or more the sender fills the receiver's window to the last byte and waits: a window smaller than a segment, or one with which the throughput is window / round trip. At the receiver: segments of exactly the window as it is without its scale.",
    look_alikes: "a rate limit or a slow disk (the window isn't filled); a slow link (its queue makes the round trip longer); data-zero-window (the receiver doesn't read).",
    change: "The device that strips or rewrites the window scale option; the receiver's buffer.",
    shown_by: ("data-window-limited", "slow-link"),
    check: Check::when(&[Sign::Long], check),
};

/// Fewer waits than this say nothing.
const FEW: u64 = 10;
/// A shorter transfer isn't slow.
const LONG: Duration = Duration::from_secs(3);
/// Windows larger than this are what a long path needs.
const LARGE: u64 = 256 * 1024;
/// A window smaller than this holds no segment.
const TINY: u64 = 1000;

/// What limits it.
enum Limit {
    /// The window without its scale, as the sender takes it: seen beyond the device that did it.
    Unscaled,
    /// A window that holds no segment.
    Tiny(u64),
    /// Window and round trip.
    Pinned(u64, Duration),
}

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    for flow in Flow::all(ctx).filter(|f| !f.has_loss()) {
        let s = flow.sender;
        let span = s.first_byte.zip(s.last_byte).map(|(a, b)| b.time.since(a.time));
        let Some(took) = span.filter(|t| *t >= LONG) else { continue };
        let Some(limit) = limit(&flow, took) else { continue };
        findings.add(diagnosis(ctx, &flow, took, &limit));
    }
}

fn limit(flow: &Flow<'_>, took: Duration) -> Option<Limit> {
    let (s, w) = (flow.sender, flow.sender.windows);
    if w.unscaled >= FEW && w.unscaled * 2 >= w.segments {
        return Some(Limit::Unscaled);
    }
    if w.filled < FEW || w.largest_filled > LARGE {
        return None;
    }
    if w.largest_filled < TINY {
        // A receiver that doesn't read closes its window as well, but to zero.
        let closed = flow.receiver.zero_window.spans > 0;
        return (!closed && w.filled * 2 >= w.segments).then_some(Limit::Tiny(w.largest_filled));
    }
    let trip = s.round_trip?;
    // Full in most round trips.
    let trips = took.as_secs_f64() / trip.as_secs_f64();
    if (w.filled as f64) < trips / 2.0 {
        return None;
    }
    let throughput = s.bytes() as f64 / took.as_secs_f64();
    let most = w.largest_filled as f64 / trip.as_secs_f64();
    (0.5..1.5).contains(&(throughput / most)).then_some(Limit::Pinned(w.largest_filled, trip))
}

fn diagnosis(ctx: &Context<'_>, flow: &Flow<'_>, took: Duration, limit: &Limit) -> Diagnosis {
    let (s, r) = (flow.sender, flow.receiver);
    let sender = flow.sender_name();
    let receiver = if flow.upload { "server" } else { "client" };
    let rate = s.bytes() as f64 / took.as_secs_f64() / 1000.0;
    let offered = |h: &crate::session::Half| h.syn_options.window_scale.is_some();
    let one_scales = offered(s) != offered(r);
    let mut d = Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .channel(flow.channel.id)
        .summary(match limit {
            Limit::Unscaled => format!(
                "The {sender} takes the {receiver}'s window without its scale: {} arrives at {rate:.1} kB/s, in segments of {} \
                 bytes and less.",
                flow.what(),
                r.windows.latest >> r.syn_options.window_scale.unwrap_or(0)
            ),
            Limit::Tiny(window) => format!(
                "The {receiver}'s window is never more than {window} bytes, less than a segment: {} goes at {rate:.1} kB/s.",
                flow.what()
            ),
            Limit::Pinned(window, trip) => format!(
                "{} goes at {rate:.1} kB/s, as fast as a window of {window} bytes and a round trip of {:.0} ms allow.",
                flow.what(),
                trip.as_secs_f64() * 1000.0
            ),
        })
        .reasoning(format!(
            "{}: {} times the {sender} filled the window and had to wait for an ACK, though it had more to send. {}",
            wording::vantage(ctx),
            s.windows.filled.max(s.windows.unscaled),
            match limit {
                Limit::Unscaled => format!(
                    "Both SYNs seen here agree on window scaling, yet the {sender} sends exactly what the window field says \
                     without it: on the way to it a device has taken the option out of a SYN."
                ),
                Limit::Tiny(_) if one_scales => format!(
                    "Only one of the SYNs seen here offers window scaling, so the window field counts as it stands; but it is as \
                     small as if the {receiver} scaled it. On the way a device has taken the option out of the other SYN."
                ),
                Limit::Tiny(_) => format!(
                    "The {receiver} reads, for its window never closes; it is only far too small."
                ),
                Limit::Pinned(..) => "A rate limit or a slow disk would leave room in the window, and a slow link would make \
                     the round trip longer.".to_owned(),
            }
        ))
        .evidence_if(s.syn, &format!("the {sender}'s SYN, {}", scaling(s)))
        .evidence_if(r.syn, &format!("the {receiver}'s SYN, {}", scaling(r)));
    if let Some((first, last)) = s.windows.filled_at {
        d = d.evidence(first, "the window is full").evidence(last, "and again, for the last time");
    }
    if matches!(limit, Limit::Pinned(..)) && !one_scales {
        let audience = if flow.upload { Audience::Server } else { Audience::Client };
        return d.advice_with(
            audience,
            format!("Give the {receiver} a larger receive buffer, or let its kernel choose one."),
            "sysctl -w net.ipv4.tcp_rmem='4096 131072 6291456' net.ipv4.tcp_window_scaling=1",
        );
    }
    d.advice(
        Audience::Firewall,
        "See which device on the way strips or rewrites TCP options (a firewall's \"TCP normalization\", an old load balancer \
         or router), and let the window scale option (kind 3) through in both SYNs.",
    )
    .advice_with(
        Audience::Server,
        "Until then, switch scaling off on one of the two hosts: the window is 64 kB then.",
        "sysctl -w net.ipv4.tcp_window_scaling=0",
    )
    .advise([advice::capture_elsewhere(ctx)])
}

fn scaling(half: &crate::session::Half) -> String {
    match half.syn_options.window_scale {
        Some(scale) => format!("with a window scale of {scale}"),
        None => "without a window scale".to_owned(),
    }
}
