//! A ladder diagram of a session: client and server as columns, commands and replies as arrows
//! between them, the data channel as a lane of its own beside, a stall as a gap.

mod draw;
mod layout;
mod rung;
mod rungs;
mod session;
mod verdict;
mod window;

#[cfg(test)]
mod tests;

use crate::capture::{Moment, Timestamp};
use crate::diagnose::{Diagnosis, Judged};
use crate::session::{Channel, Mode};

pub use draw::{Times, Window};
pub use rung::{Lane, Rung, Step, Tone};
pub use session::{Silence, all_silences, silences, waits_for};

/// What stands above a lane.
#[derive(Clone, Debug, Default)]
pub struct Heading {
    /// The client's end.
    pub client: String,
    /// What the lane is.
    pub title: String,
    /// The server's end.
    pub server: String,
}

/// When a data channel lived, for the borders of its lane.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    /// Announced, else its first packet.
    pub from: Option<Moment>,
    /// The handshake was complete.
    pub established: Option<Moment>,
    /// Nothing of it was seen after this.
    pub until: Option<Moment>,
}

/// A data channel as it stands above its lane.
#[derive(Clone, Debug, Default)]
pub struct DataChannel {
    /// Its number in the session.
    pub id: u32,
    /// Its ends.
    pub heading: Heading,
    /// When it lived.
    pub life: Life,
}

impl DataChannel {
    fn new(judged: &Judged, channel: &Channel) -> Self {
        Self { id: channel.id, heading: data_heading(judged, channel), life: life(channel) }
    }
}

/// A ladder: a widget that is as high as [`Ladder::height`] says.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Above the control connection's lane.
    pub control: Heading,
    /// The data lanes from the left: the channels drawn in each, in order, none before the one to
    /// its left has ended.
    pub data: Vec<Vec<DataChannel>>,
    /// From the top.
    pub rungs: Vec<Rung>,
    /// What times are counted from.
    pub origin: Timestamp,
    /// Frames need their file's number.
    pub several_files: bool,
    /// Columns of the longest frame number.
    pub frame_columns: u16,
}

/// The frame of a packet as it stands on a ladder.
fn frame(at: Moment, several_files: bool) -> String {
    if several_files {
        format!("{}:{}", at.frame.file + 1, at.frame.number)
    } else {
        at.frame.number.to_string()
    }
}

/// Columns of the longest frame number on these rungs.
fn frame_columns(rungs: &[Rung], several_files: bool) -> u16 {
    let longest = rungs.iter().filter_map(|r| Some(frame(r.at?, several_files).len())).max();
    u16::try_from(longest.unwrap_or(0)).unwrap_or(u16::MAX)
}

impl Ladder {
    /// The part of a session around a diagnosis.
    pub fn around(judged: &Judged, diagnosis: &Diagnosis, several_files: bool) -> Self {
        let s = &judged.session;
        let channel = diagnosis.channels.first().and_then(|id| s.channel(*id));
        let rungs = window::around(s, diagnosis, channel);
        Self::new(judged, channel, rungs, several_files)
    }

    /// A whole session, with one of its channels.
    pub fn whole(judged: &Judged, channel: Option<&Channel>, several_files: bool) -> Self {
        Self::new(judged, channel, rungs::all(&judged.session, channel), several_files)
    }

    fn new(
        judged: &Judged,
        channel: Option<&Channel>,
        rungs: Vec<Rung>,
        several_files: bool,
    ) -> Self {
        let s = &judged.session;
        let control = Heading {
            client: s.client.to_string(),
            title: "control".to_owned(),
            server: s.server.to_string(),
        };
        let data = channel.map(|c| vec![DataChannel::new(judged, c)]).into_iter().collect();
        let frame_columns = frame_columns(&rungs, several_files);
        Self { control, data, rungs, origin: s.first.time, several_files, frame_columns }
    }
}

fn life(channel: &Channel) -> Life {
    let c = channel.connection.as_deref();
    Life {
        from: channel.began(),
        established: c.and_then(|c| c.from_responder.syn.or(c.established)),
        until: c.filter(|c| c.ended()).map(|c| c.last),
    }
}

/// Both ends by their ports, with the address where it isn't that of the control connection.
fn data_heading(judged: &Judged, channel: &Channel) -> Heading {
    let s = &judged.session;
    let shown = |e: crate::decode::Endpoint, usual: std::net::IpAddr| {
        if e.ip == usual { format!(":{}", e.port) } else { e.to_string() }
    };
    let (client, server) = match channel.connection.as_deref().or(channel.attempts.last()) {
        Some(c) => {
            let ends = if rungs::initiator_is_client(s, channel, c) {
                (c.initiator, c.responder)
            } else {
                (c.responder, c.initiator)
            };
            (shown(ends.0, s.client.ip), shown(ends.1, s.server.ip))
        }
        None => {
            let announced = channel.announcement.as_ref().and_then(|a| a.advertised);
            match (announced, channel.mode) {
                (Some(e), Mode::Active) => (shown(e, s.client.ip), String::new()),
                (Some(e), _) => (String::new(), shown(e, s.server.ip)),
                (None, _) => (String::new(), String::new()),
            }
        }
    };
    Heading { client, title: format!("data {}", channel.id), server }
}
