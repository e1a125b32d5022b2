//! A whole session as a ladder: the control connection and every data channel in a lane.

use super::rung::{Lane, Rung, Step, Tone};
use super::window::{SILENCE, gap};
use super::{DataChannel, Heading, Ladder, rungs};
use crate::capture::Moment;
use crate::diagnose::{Judged, Severity};
use crate::report::text::units;
use crate::session::{Channel, Session};

impl Ladder {
    /// A session with all its channels; channels that lived one after the other share a lane. With
    /// the stall of each critical diagnosis and each warning.
    pub fn session(judged: &Judged, several_files: bool) -> Self {
        let s = &judged.session;
        let mut data: Vec<Vec<DataChannel>> = Vec::new();
        let mut ends: Vec<Option<Moment>> = Vec::new();
        let mut all = rungs::control(s);
        let mut flows = Vec::new();
        for channel in &s.channels {
            let began = channel.began();
            let free = ends.iter().position(|end| *end < began);
            let lane = free.unwrap_or(data.len());
            if free.is_none() {
                data.push(Vec::new());
                ends.push(None);
            }
            if let (Some(channels), Some(end)) = (data.get_mut(lane), ends.get_mut(lane)) {
                channels.push(DataChannel::new(judged, channel));
                *end = last(s, channel).max(*end);
            }
            all.extend(marks(channel, Lane::Data(lane)));
            all.extend(rungs::data(s, channel, Lane::Data(lane)));
            flows.extend(rungs::flowing(channel));
        }
        all.sort_by_key(|r| r.at);
        let control = Heading {
            client: s.client.to_string(),
            title: "control".to_owned(),
            server: s.server.to_string(),
        };
        let rungs = with_gaps(all, &stalls(judged, &data), &flows);
        Self { control, data, rungs, origin: s.first.time, several_files }
    }
}

/// A lane stays with a channel until its last packet and its final reply.
fn last(s: &Session, channel: &Channel) -> Option<Moment> {
    let dials = channel.attempts.iter().chain(&channel.connection).map(|c| c.last).max();
    let exchange = channel.command.and_then(|i| s.script.exchanges.get(i));
    let reply = exchange.and_then(|e| e.final_reply).map(|r| r.1);
    dials.max(reply).max(channel.began())
}

/// Where a channel begins, and what it came to.
fn marks(channel: &Channel, lane: Lane) -> Vec<Rung> {
    let mut marks = Vec::new();
    if let Some(a) = &channel.announcement {
        let to = a.advertised.map_or_else(|| "unreadable".to_owned(), |e| e.to_string());
        let text = format!("data {}: {} {to}", channel.id, a.kind.name());
        marks.push(Rung::mark(a.at, lane, text, Tone::Quiet));
    } else if let Some(c) = &channel.connection {
        let text = format!("data {}", channel.id);
        marks.push(Rung::mark(c.first, lane, text, Tone::Quiet));
    }
    if let Some(c) = channel.connection.as_ref().filter(|c| c.ended() && c.bytes() > 0)
        && let Some((first, last)) = c.first_byte().zip(c.last_byte())
    {
        let length = last.time.since(first.time);
        let mut text = units::bytes(c.bytes());
        if !length.is_zero() {
            let rate = c.bytes() as f64 / length.as_secs_f64();
            text.push_str(&format!(" · {}/s", units::bytes(rate as u64)));
        }
        marks.push(Rung::mark(c.last, lane, text, Tone::Bulk));
    }
    marks
}

/// The silence of one diagnosis.
struct Stall {
    before: Moment,
    after: Moment,
    lane: Lane,
    verdict: String,
}

fn stalls(judged: &Judged, data: &[Vec<DataChannel>]) -> Vec<Stall> {
    let s = &judged.session;
    let mut stalls: Vec<Stall> = Vec::new();
    for d in judged.diagnoses.iter().filter(|d| d.severity != Severity::Info) {
        let ids = d.channels.iter().copied().map(Some);
        let ids: Vec<Option<u32>> = if d.channels.is_empty() { vec![None] } else { ids.collect() };
        for id in ids {
            let Some((before, after, lane, verdict)) = gap(s, d, id.and_then(|id| s.channel(id)))
            else {
                continue;
            };
            let lane_of = |id| data.iter().position(|c| c.iter().any(|c| Some(c.id) == id));
            let lane = match lane {
                Lane::Control => Lane::Control,
                Lane::Data(_) => lane_of(id).map_or(Lane::Control, Lane::Data),
            };
            if !stalls.iter().any(|s| s.after == after) {
                stalls.push(Stall { before, after, lane, verdict });
            }
        }
    }
    stalls
}

/// Stalls where they happened; other silences as pauses, or as bytes flowing.
fn with_gaps(all: Vec<Rung>, stalls: &[Stall], flows: &[(Moment, Moment)]) -> Vec<Rung> {
    let mut shown: Vec<Rung> = Vec::with_capacity(all.len() + 8);
    let mut before: Option<Moment> = None;
    for rung in all {
        let ends = |s: &&Stall| rung.at >= Some(s.after) && before < Some(s.after);
        if let Some(stall) = stalls.iter().find(ends) {
            let length = stall.after.time.since(stall.before.time);
            let step = Step::Stall { length, verdict: stall.verdict.clone() };
            shown.push(Rung { at: None, lane: stall.lane, step });
        } else if let Some((a, b)) = before.zip(rung.at)
            && b.time.since(a.time) >= SILENCE
        {
            let length = b.time.since(a.time);
            let step = match flows.iter().any(|(from, to)| a >= *from && b <= *to) {
                true => Step::Mark {
                    text: format!("bytes flow · {}", units::duration(length)),
                    tone: Tone::Bulk,
                },
                false => Step::Pause(length),
            };
            shown.push(Rung { at: None, lane: Lane::Control, step });
        }
        before = rung.at.or(before);
        shown.push(rung);
    }
    shown
}
