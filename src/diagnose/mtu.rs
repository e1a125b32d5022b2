//! Which sizes of segments come through: what `data-mtu-blackhole` is made of.

use std::time::Duration;

use super::Context;
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::session::{Connection, Half};

/// A segment of this length may be too long for some link.
const LARGE: u32 = 1000;
/// No kernel tries smaller segments when it looks for the path's MTU (Linux begins at 512 or
/// 1024).
const TRIED: u32 = 400;
/// Where nothing but the control connection says that the path lives, only a segment that fills
/// the usual MTU, less a tunnel's header, is telling.
const FULL: u32 = 1200;
/// Retransmissions of the same bytes that are enough.
const TIMES: u32 = 3;
/// Over at least this time: an outage of a second or two is no black hole.
const LONG: Duration = Duration::from_secs(3);
/// The same when a smaller segment came through in the end.
const SHORT: Duration = Duration::from_secs(1);
/// A receiver that misses something for so long has been sent it again several times.
const MISSING: Duration = Duration::from_secs(3);
/// Room that a segment's TCP options take.
const OPTIONS: u32 = 12;

/// How segments that are too large for the path show in this capture.
pub(super) enum Seen {
    /// At the sender's side of the link: first and latest retransmission, how many, how large.
    Sent { first: Moment, last: Moment, times: u32, len: u32 },
    /// Beyond the link: the packet that is ahead, and how many bytes before it never arrived.
    Ahead { at: Moment, missing: u64 },
    /// Overcome: the first retransmission, when a smaller segment was acknowledged, its size.
    Overcome { first: Moment, acked: Moment, passed: u32 },
}

/// Whether full-size segments of `end` get lost while smaller ones pass.
pub(super) fn seen(ctx: &Context<'_>, c: &Connection, end: Endpoint) -> Option<Seen> {
    let (half, other) = (c.from(end), c.to(end));
    // Without the other side's packets nothing is known to be unanswered.
    if half.acked_unseen() || other.acked_unseen() || other.packets == 0 {
        return None;
    }
    if let Some(u) = half.unanswered {
        let again = u.times >= TIMES && u.last.time.since(u.first.time) >= LONG;
        let never = u.len >= LARGE && passed(ctx, end) < u.len;
        let control = u.len >= FULL && ctx.control_answered_since(u.first);
        let alive = control || small_pass(ctx, c, end);
        let (first, last, times, len) = (u.first, u.last, u.times, u.len);
        return (again && never && alive).then_some(Seen::Sent { first, last, times, len });
    }
    if let Some(r) = &half.recovered {
        let u = r.unanswered;
        // An empty one (a FIN, a probe of the tail) is no size that was tried.
        let smaller = u.last_len >= TRIED && u.last_len * 10 <= u.len * 9;
        let again = u.times >= TIMES && u.last.time.since(u.first.time) >= SHORT;
        if u.len >= LARGE && smaller && again {
            let passed = u.last_len;
            return Some(Seen::Overcome { first: u.first, acked: r.acked, passed });
        }
    }
    ahead(ctx, c, end)
}

/// The largest segment that is known to have come through from this host in this session.
pub(super) fn passed(ctx: &Context<'_>, from: Endpoint) -> u32 {
    let data = ctx.session.channels.iter().filter_map(|c| c.connection.as_deref());
    let all = data.chain([&*ctx.session.control]);
    let halves = all.flat_map(|c| {
        let ends = [c.initiator, c.responder];
        ends.into_iter().filter(|e| e.ip == from.ip).map(|e| c.from(e))
    });
    halves.map(|h| h.largest_acked).max().unwrap_or(0)
}

/// On this very connection: the other side's FIN came and needed no repeating, or the other side
/// went on acknowledging what it could get.
pub(super) fn small_pass(ctx: &Context<'_>, c: &Connection, end: Endpoint) -> bool {
    let (half, other) = (c.from(end), c.to(end));
    let Some(u) = half.unanswered else { return false };
    let heard = other.last_packet.is_some_and(|m| m > u.sent);
    let answered = match other.fin {
        Some(fin) => other.all_acknowledged() && ctx.waited(fin) >= SHORT,
        None => true,
    };
    heard && answered && other.unanswered.is_none()
}

/// Something small arrived, or a FIN, whose sequence number leaves room for full-size segments
/// that never did.
fn ahead(ctx: &Context<'_>, c: &Connection, end: Endpoint) -> Option<Seen> {
    let (half, other) = (c.from(end), c.to(end));
    let mss = [half, other].into_iter().filter_map(|h| h.syn_options.mss).min()?;
    let full = u32::from(mss).saturating_sub(OPTIONS);
    let start = half.stream_start()?;
    let last_byte = half.last_byte.filter(|_| half.coverage.end().is_some());
    let ahead = half.ahead.as_ref().map(|a| (a.offset, a.at));
    let fin = half.fin_offset.zip(half.fin);
    let tail = half.coverage.end().zip(last_byte);
    let (sent, at) = [ahead, fin, tail].into_iter().flatten().max_by_key(|a| a.0)?;
    let missing = sent.saturating_sub(start).saturating_sub(half.bytes());
    // Full-size ones have come through before: the path is another matter.
    let small = half.max_payload < full && !others_full(ctx, end, full);
    let since = [c.established, half.last_byte].into_iter().flatten().max()?;
    let ends = [other.fin, other.rst.map(|r| r.at), half.rst.map(|r| r.at)];
    let until = ends.into_iter().flatten().min().unwrap_or(ctx.session.judged_at);
    let waited = until.time.since(since.time) >= MISSING;
    (missing >= u64::from(LARGE) && small && waited).then_some(Seen::Ahead { at, missing })
}

/// Full-size segments of this host were captured on another connection of the session.
fn others_full(ctx: &Context<'_>, from: Endpoint, full: u32) -> bool {
    let data = ctx.session.channels.iter().filter_map(|c| c.connection.as_deref());
    let large = |h: &Half| h.max_payload >= full;
    data.chain([&*ctx.session.control])
        .flat_map(|c| [(c.initiator, &c.from_initiator), (c.responder, &c.from_responder)])
        .any(|(end, half)| end.ip == from.ip && large(half))
}
