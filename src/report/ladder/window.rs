//! Which rungs a short ladder shows: those around what a diagnosis is about.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::rung::{Lane, Rung, Step, Tone};
use super::{rungs, verdict};
use crate::capture::Moment;
use crate::diagnose::{Diagnosis, Severity};
use crate::report::text::units;
use crate::session::{Channel, MessageKind, Session};

/// Rungs of a short ladder, stalls and pauses not counted.
const MOST: usize = 14;
/// Rungs after a stall.
const AFTERMATH: usize = 3;
/// A shorter silence is no stall and no pause.
pub(super) const SILENCE: Duration = Duration::from_millis(900);

/// A refusal that took less was no wait.
const REFUSAL: Duration = Duration::from_secs(3);

/// From when to when bytes went over the data channel.
type Flow = (Moment, Moment);

/// The rungs around a diagnosis, with its stall and with what is left out between them.
pub fn around(session: &Session, diagnosis: &Diagnosis, channel: Option<&Channel>) -> Vec<Rung> {
    let all = rungs::all(session, channel);
    let moments: Vec<Moment> = all.iter().filter_map(|r| r.at).collect();
    let Some(Place { begin, end, stall, flows, about }) =
        Place::of(session, diagnosis, channel, &moments)
    else {
        return with_silences(all, None, &[], |_| true);
    };

    // One more rung on either side shows what it came from and what became of it.
    let (from, to) = (begin.saturating_sub(1), (end + 1).min(all.len().saturating_sub(1)));
    let mut kept: Vec<usize> = (from..=to).collect();
    if let Some(stall) = stall {
        kept.retain(|i| *i <= stall + AFTERMATH);
    }
    if kept.len() > MOST {
        let near = |i: &usize| {
            let beside_stall = stall.is_some_and(|s| *i == s || *i == s + 1);
            let named = all.get(*i).is_some_and(|r| {
                r.lane == Lane::Data(0) || r.at.is_some_and(|at| about.contains(&at))
            });
            beside_stall || named || *i == end
        };
        kept.retain(near);
    }
    if kept.len() > MOST {
        let stalled = stall.unwrap_or(end);
        let tail: Vec<usize> = kept.iter().copied().filter(|i| *i + 3 >= stalled).take(8).collect();
        let first_of_tail = tail.first().copied().unwrap_or(0);
        kept.retain(|i| *i < first_of_tail);
        kept.truncate(MOST.saturating_sub(tail.len()));
        kept.extend(tail);
    }
    let what = verdict::verdict(diagnosis, session, channel);
    let lane = verdict::lane(diagnosis, channel);
    with_silences(all, stall.map(|s| (s, lane, what)), &flows, |i| kept.binary_search(&i).is_ok())
}

/// Where a session stalled by a diagnosis: the packets before and after the silence, its lane, and
/// what was waited for. The same as in [`around`], without making a ladder for it.
pub fn gap(
    session: &Session,
    diagnosis: &Diagnosis,
    channel: Option<&Channel>,
) -> Option<(Moment, Moment, Lane, String)> {
    let all = rungs::moments(session, channel);
    let stall = Place::of(session, diagnosis, channel, &all)?.stall?;
    let (before, after) = (*all.get(stall)?, *all.get(stall + 1)?);
    let what = verdict::verdict(diagnosis, session, channel);
    Some((before, after, verdict::lane(diagnosis, channel), what))
}

/// What a diagnosis is about, among the moments of all rungs.
struct Place {
    /// The first rung of it and the last.
    begin: usize,
    end: usize,
    /// The rung before the stall.
    stall: Option<usize>,
    /// When bytes went over the data channel.
    flows: Vec<Flow>,
    /// The packets that the diagnosis is about.
    about: Vec<Moment>,
}

impl Place {
    fn of(
        session: &Session,
        diagnosis: &Diagnosis,
        channel: Option<&Channel>,
        all: &[Moment],
    ) -> Option<Self> {
        let about = moments(session, diagnosis, channel);
        let (first, last) = about.first().copied().zip(about.last().copied())?;
        let begin = all.iter().position(|at| *at >= first).unwrap_or(0);
        let end = all.iter().rposition(|at| *at <= last).unwrap_or(0).max(begin);
        let replied = channel
            .and_then(|c| session.script.exchanges.get(c.command?)?.final_reply)
            .and_then(|(_, replied)| all.iter().position(|at| *at == replied));
        // What comes after the final reply was no longer waited for.
        let waited = replied.map_or(end, |r| end.min(r.saturating_sub(1)));
        let flows = channel.map(rungs::flowing).unwrap_or_default();
        let stall = stall(all, begin..=waited, &flows, diagnosis);
        let end = end.max(stall.map_or(0, |s| s + 1));
        Some(Self { begin, end, stall, flows, about })
    }
}

/// The packets that a diagnosis is about, in order.
fn moments(session: &Session, diagnosis: &Diagnosis, channel: Option<&Channel>) -> Vec<Moment> {
    let mut about: Vec<Moment> = diagnosis.evidence.iter().map(|e| e.at).collect();
    if let Some(channel) = channel {
        let exchange = |i: Option<usize>| i.and_then(|i| session.script.exchanges.get(i));
        let announcing = exchange(channel.announcing);
        let command = exchange(channel.command);
        // Evidence of further channels lies beyond the ladder of this one.
        if diagnosis.channels.len() > 1 {
            about.clear();
        }
        about.extend(channel.began());
        about.extend(announcing.map(|e| e.at));
        about.extend(command.map(|e| e.at));
        let replies = session.script.messages.iter().filter(|m| match m.kind {
            MessageKind::Reply(_, Some(e)) => {
                let e = e as usize;
                Some(e) == channel.announcing || Some(e) == channel.command
            }
            _ => false,
        });
        about.extend(replies.map(|m| m.at));
        about.extend(channel.connection.as_deref().into_iter().flat_map(|c| [c.first, c.last]));
        about.extend(channel.attempts.iter().map(|c| c.first));
    }
    about.sort();
    about
}

/// The longest silence among these rungs and the one after them, by the index of the rung before
/// it.
fn stall(
    all: &[Moment],
    among: RangeInclusive<usize>,
    flows: &[Flow],
    diagnosis: &Diagnosis,
) -> Option<usize> {
    if diagnosis.severity == Severity::Info {
        return None;
    }
    among
        .filter_map(|i| {
            let (a, b) = (*all.get(i)?, *all.get(i + 1)?);
            Some((i, silence(a, b).filter(|_| !flows_between(flows, a, b))?))
        })
        .filter(|(_, length)| !diagnosis.code.ends_with("refused") || *length >= REFUSAL)
        // The first of equals.
        .rev()
        .max_by_key(|(_, length)| *length)
        .map(|(i, _)| i)
}

fn silence(a: Moment, b: Moment) -> Option<Duration> {
    let length = b.time.since(a.time);
    (length >= SILENCE).then_some(length)
}

/// Bytes went over the data channel from the one to the other.
fn flows_between(flows: &[Flow], a: Moment, b: Moment) -> bool {
    flows.iter().any(|(from, to)| a >= *from && b <= *to)
}

/// The rungs to keep, with silences between neighbours and counts of what is left out.
fn with_silences(
    all: Vec<Rung>,
    stall: Option<(usize, Lane, String)>,
    flows: &[Flow],
    keep: impl Fn(usize) -> bool,
) -> Vec<Rung> {
    let mut shown: Vec<Rung> = Vec::new();
    let mut skipped = 0;
    let mut before: Option<Moment> = None;
    let total = all.len();
    for (i, rung) in all.into_iter().enumerate() {
        if !keep(i) {
            skipped += 1;
            before = rung.at;
            continue;
        }
        if skipped > 0 {
            shown.push(Rung { at: None, lane: Lane::Control, step: Step::Skipped(skipped) });
        }
        if skipped == 0
            && let Some((a, b)) = before.zip(rung.at)
            && let Some(length) = silence(a, b)
        {
            shown.push(match &stall {
                Some((s, lane, verdict)) if *s + 1 == i => Rung {
                    at: None,
                    lane: *lane,
                    step: Step::Stall { length, verdict: verdict.clone() },
                },
                _ if flows_between(flows, a, b) => {
                    let text = format!("bytes flow · {}", units::duration(length));
                    let step = Step::Mark { text, tone: Tone::Bulk };
                    Rung { at: None, lane: Lane::Data(0), step }
                }
                _ => Rung { at: None, lane: Lane::Control, step: Step::Pause(length) },
            });
        }
        skipped = 0;
        before = rung.at;
        shown.push(rung);
    }
    if skipped > 0 && skipped < total {
        shown.push(Rung { at: None, lane: Lane::Control, step: Step::Skipped(skipped) });
    }
    shown
}
