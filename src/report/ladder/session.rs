//! A whole session as a ladder: the control connection and every data channel in a lane.

use std::time::Duration;

use super::rung::{Lane, Rung, Step, Tone};
use super::window::{SILENCE, gap};
use super::{DataChannel, Heading, Ladder, rungs};
use crate::capture::Moment;
use crate::diagnose::{Diagnosis, Judged, Severity};
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
                // A dial without an answer has no end of its own: the next one in its lane is it.
                if let Some(before) = channels.last_mut() {
                    before.life.until = before.life.until.or(*end);
                }
                channels.push(DataChannel::new(judged, channel));
                *end = last(s, channel).max(*end);
            }
            all.extend(marks(s, channel, Lane::Data(lane)));
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
        let frame_columns = super::frame_columns(&rungs, several_files);
        Self { control, data, rungs, origin: s.first.time, several_files, frame_columns }
    }
}

/// A lane stays with a channel until its last packet and its final reply.
fn last(s: &Session, channel: &Channel) -> Option<Moment> {
    let dials = channel.attempts.iter().chain(channel.connection.as_deref()).map(|c| c.last).max();
    let exchange = channel.command.and_then(|i| s.script.exchanges.get(i));
    let reply = exchange.and_then(|e| e.final_reply).map(|r| r.1);
    dials.max(reply).max(channel.began())
}

/// Where a channel begins, and what it came to.
fn marks(s: &Session, channel: &Channel, lane: Lane) -> Vec<Rung> {
    let mut marks = Vec::new();
    if let Some(a) = &channel.announcement {
        let to = match a.advertised {
            // The address says something only where it is another one.
            Some(e) if e.ip == s.server.ip || e.ip == s.client.ip => format!(":{}", e.port),
            Some(e) => e.to_string(),
            None => "unreadable".to_owned(),
        };
        let text = format!("data {}: {} {to}", channel.id, a.kind.name());
        marks.push(Rung::mark(a.at, lane, text, Tone::Quiet));
    } else if let Some(c) = &channel.connection {
        let text = format!("data {}", channel.id);
        marks.push(Rung::mark(c.first, lane, text, Tone::Quiet));
    }
    if let Some(c) = channel.connection.as_deref().filter(|c| c.ended() && c.bytes() > 0)
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

/// A silence in which something was waited for.
#[derive(Clone, Debug)]
pub struct Silence {
    /// The channel on which; `None` for the control connection.
    pub channel: Option<u32>,
    /// The packet before it.
    pub from: Moment,
    /// The packet after it.
    pub to: Moment,
    /// What was waited for.
    pub verdict: String,
}

/// The silences that a diagnosis is about.
pub fn silences(judged: &Judged, diagnosis: &Diagnosis) -> Vec<Silence> {
    let s = &judged.session;
    let ids: Vec<Option<u32>> = match diagnosis.channels.as_slice() {
        [] => vec![None],
        ids => ids.iter().copied().map(Some).collect(),
    };
    let silence = |id: Option<u32>| {
        let (from, to, lane, verdict) = gap(s, diagnosis, id.and_then(|id| s.channel(id)))?;
        let channel = id.filter(|_| lane != Lane::Control);
        Some(Silence { channel, from, to, verdict })
    };
    ids.into_iter().filter_map(silence).collect()
}

/// What a session waited for by a diagnosis, and how long: the longest of its silences.
pub fn waits_for(judged: &Judged, diagnosis: &Diagnosis) -> Option<(String, Duration)> {
    let all = silences(judged, diagnosis).into_iter();
    all.map(|s| (s.verdict, s.to.time.since(s.from.time))).max_by_key(|s| s.1)
}

/// The silences of all critical diagnoses and warnings, one at a place.
pub fn all_silences(judged: &Judged) -> Vec<Silence> {
    let mut found: Vec<Silence> = Vec::new();
    for d in judged.diagnoses.iter().filter(|d| d.severity != Severity::Info) {
        for silence in silences(judged, d) {
            if !found.iter().any(|s| s.to == silence.to) {
                found.push(silence);
            }
        }
    }
    found
}

/// A silence and the lane it is drawn in.
struct Stall {
    silence: Silence,
    lane: Lane,
}

fn stalls(judged: &Judged, data: &[Vec<DataChannel>]) -> Vec<Stall> {
    let lane_of = |id| data.iter().position(|c| c.iter().any(|c| Some(c.id) == id));
    let lane = |s: &Silence| match s.channel {
        None => Lane::Control,
        id => lane_of(id).map_or(Lane::Control, Lane::Data),
    };
    let all = all_silences(judged).into_iter();
    all.map(|silence| Stall { lane: lane(&silence), silence }).collect()
}

/// Stalls where they happened; other silences as pauses, or as bytes flowing.
fn with_gaps(all: Vec<Rung>, stalls: &[Stall], flows: &[(Moment, Moment)]) -> Vec<Rung> {
    let mut shown: Vec<Rung> = Vec::with_capacity(all.len() + 8);
    let mut before: Option<Moment> = None;
    for rung in all {
        let ends = |s: &&Stall| {
            let to = s.silence.to;
            rung.at >= Some(to) && before < Some(to)
        };
        if let Some(stall) = stalls.iter().find(ends) {
            let s = &stall.silence;
            let length = s.to.time.since(s.from.time);
            let step = Step::Stall { length, verdict: s.verdict.clone() };
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
