//! Every port by its role, so that nobody takes one for another.

use ratatui::text::Line;

use super::lines::{Lines, column, fit, span};
use super::palette::{PLAIN, QUIET};
use super::view::View;
use crate::decode::Endpoint;
use crate::session::{Channel, Mode, Session};

/// Columns of the role.
const ROLE: usize = 31;
/// Columns of an IPv4 address and a port.
const ENDPOINT: usize = 21;

/// The ports of the control connection and of these channels.
pub fn lines(view: &View<'_>, session: &Session, channels: &[&Channel]) -> Lines {
    let mut lines = vec![
        line(view, "control port", session.server, "the server listens"),
        line(view, "client's ephemeral port", session.client, "control connection"),
    ];
    for channel in channels {
        lines.extend(of_channel(view, channel));
    }
    lines
}

fn of_channel(view: &View<'_>, channel: &Channel) -> Lines {
    let mut lines = Lines::new();
    let dial = channel.connection.as_deref().or(channel.attempts.last());
    let which = format!("channel {}", channel.id);
    let (listening, dialling) = match channel.mode {
        Mode::Passive => ("passive port", "client's ephemeral port"),
        Mode::Active => ("active port (client)", "active source port (server)"),
        Mode::Unknown => ("listening data port", "dialling data port"),
    };
    if let Some(announcement) = &channel.announcement
        && let Some(advertised) = announcement.advertised
    {
        let role = format!("announced {listening}");
        let kind = announcement.kind.name();
        let note = format!("{which} · {kind}, {}", view.frame(announcement.at.frame));
        lines.push(line(view, &role, advertised, &note));
        if let Some(d) = dial.filter(|d| d.responder != advertised) {
            lines.push(line(view, &format!("dialled {listening}"), d.responder, &which));
        }
    } else if let Some(d) = dial {
        let note = match channel.reuses {
            Some(id) => format!("{which} · announced for channel {id}"),
            None => format!("{which} · its announcement can't be read"),
        };
        lines.push(line(view, listening, d.responder, &note));
    }
    if let Some(d) = dial {
        lines.push(line(view, dialling, d.initiator, &format!("{which} · dials")));
    }
    lines
}

fn line(view: &View<'_>, role: &str, endpoint: Endpoint, note: &str) -> Line<'static> {
    let endpoint = column(&endpoint.to_string(), ENDPOINT.max(endpoint.to_string().len()));
    let room = view.width.saturating_sub(2 + ROLE + endpoint.len() + 2);
    Line::from(vec![
        span(format!("  {}", column(role, ROLE)), QUIET),
        span(endpoint, PLAIN),
        span(format!("  {}", fit(note, room)), QUIET),
    ])
}
