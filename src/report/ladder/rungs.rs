//! From a session to rungs, all of them, in capture order.

use super::rung::{Lane, Rung, Tone};
use super::window::SILENCE;
use crate::capture::Moment;
use crate::decode::IcmpKind;
use crate::report::escape::escape;
use crate::report::text::units;
use crate::session::{
    Channel, ClosingPoint, Connection, ConnectionState, Half, MessageKind, Mode, Session,
};

/// The lane of the only channel.
pub(super) const DATA: Lane = Lane::Data(0);

/// Takes what was seen: as rungs, or only when it was.
trait Sink {
    /// Something was seen at a moment.
    fn seen(&mut self, at: Moment, rung: impl FnOnce() -> Rung);
}

impl Sink for Vec<Rung> {
    fn seen(&mut self, _: Moment, rung: impl FnOnce() -> Rung) {
        self.push(rung());
    }
}

impl Sink for Vec<Moment> {
    fn seen(&mut self, at: Moment, _: impl FnOnce() -> Rung) {
        self.push(at);
    }
}

/// Whether the initiator of a data connection stands on the client's side.
pub fn initiator_is_client(session: &Session, channel: &Channel, c: &Connection) -> bool {
    match channel.mode {
        Mode::Passive => true,
        Mode::Active => false,
        Mode::Unknown => c.initiator.ip == session.client.ip,
    }
}

/// Everything seen on the control connection and, when there is one, on this channel.
pub fn all(session: &Session, channel: Option<&Channel>) -> Vec<Rung> {
    let mut rungs: Vec<Rung> = Vec::new();
    seen(session, channel, &mut rungs);
    rungs.sort_by_key(|r| r.at);
    last_syn(session, channel, rungs.last().and_then(|r| r.at), &mut rungs);
    rungs
}

/// When it was seen: the moments of [`all`], without the cost of their words.
pub fn moments(session: &Session, channel: Option<&Channel>) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::with_capacity(session.script.messages.len() + 8);
    seen(session, channel, &mut moments);
    moments.sort();
    last_syn(session, channel, moments.last().copied(), &mut moments);
    moments
}

fn seen(session: &Session, channel: Option<&Channel>, sink: &mut impl Sink) {
    on_control(session, sink);
    if let Some(channel) = channel {
        on_data(session, channel, DATA, sink);
    }
}

/// Where nothing else comes after SYNs without an answer, the last of them ends the ladder.
fn last_syn(
    session: &Session,
    channel: Option<&Channel>,
    end: Option<Moment>,
    sink: &mut impl Sink,
) {
    let last = match channel {
        Some(channel) => channel
            .connection
            .as_deref()
            .map(|d| (d, DATA, initiator_is_client(session, channel, d))),
        None => Some((&*session.control, Lane::Control, client_dials(session))),
    };
    if let Some((c, lane, to_server)) = last
        && let Some(at) = c.from_initiator.last_syn
        && c.state() == ConnectionState::Unanswered
        && c.from_initiator.syns > 1
        && end.is_some_and(|end| c.from_initiator.syn == Some(end))
    {
        sink.seen(at, || Rung::arrow(at, lane, to_server, "the last SYN", Tone::Bad).lost());
    }
}

fn client_dials(session: &Session) -> bool {
    session.control.initiator == session.client
}

/// Everything seen on the control connection, not in order.
pub fn control(session: &Session) -> Vec<Rung> {
    let mut rungs = Vec::new();
    on_control(session, &mut rungs);
    rungs
}

fn on_control(session: &Session, sink: &mut impl Sink) {
    let c = &session.control;
    opening(c, Lane::Control, client_dials(session), sink);
    messages(session, sink);
    ending(c, Lane::Control, client_dials(session), sink);
    // What is silent until here is drawn as such.
    let text = match session.closing_point {
        ClosingPoint::EndOfInput => Some("the capture ends"),
        ClosingPoint::Open => Some("now"),
        ClosingPoint::Closed | ClosingPoint::Evicted => None,
    };
    if let Some(text) = text.filter(|_| !session.control.ended()) {
        let at = session.judged_at;
        sink.seen(at, || Rung::mark(at, Lane::Control, text, Tone::Quiet));
    }
}

/// Everything seen of a data channel, not in order.
pub fn data(session: &Session, channel: &Channel, lane: Lane) -> Vec<Rung> {
    let mut rungs = Vec::new();
    on_data(session, channel, lane, &mut rungs);
    rungs
}

fn on_data(session: &Session, channel: &Channel, lane: Lane, sink: &mut impl Sink) {
    for dial in channel.attempts.iter().chain(channel.connection.as_deref()) {
        let client_dials = initiator_is_client(session, channel, dial);
        opening(dial, lane, client_dials, sink);
        flow(dial, lane, client_dials, sink);
        ending(dial, lane, client_dials, sink);
    }
}

fn opening(c: &Connection, lane: Lane, client_dials: bool, sink: &mut impl Sink) {
    let times = |half: &Half| match half.syns {
        0 | 1 => String::new(),
        n => format!(" ×{n}"),
    };
    let unanswered = c.state() == ConnectionState::Unanswered;
    if let Some(at) = c.from_initiator.syn {
        let port = c.responder.port;
        sink.seen(at, || {
            let text = match lane {
                Lane::Control => format!("SYN{}", times(&c.from_initiator)),
                Lane::Data(_) => format!("SYN to {port}{}", times(&c.from_initiator)),
            };
            let tone = if unanswered { Tone::Bad } else { Tone::Plain };
            let rung = Rung::arrow(at, lane, client_dials, text, tone);
            if unanswered { rung.lost() } else { rung }
        });
    }
    if let Some(at) = c.from_responder.syn {
        sink.seen(at, || {
            let half_open = c.state() == ConnectionState::HandshakeIncomplete;
            let tone = if half_open { Tone::Bad } else { Tone::Plain };
            let text = format!("SYN-ACK{}", times(&c.from_responder));
            Rung::arrow(at, lane, !client_dials, text, tone)
        });
    }
    for icmp in &c.icmp {
        sink.seen(icmp.at, || {
            let what = match icmp.error.kind {
                IcmpKind::NetUnreachable => "network unreachable".to_owned(),
                IcmpKind::HostUnreachable => "host unreachable".to_owned(),
                IcmpKind::ProtocolUnreachable => "protocol unreachable".to_owned(),
                IcmpKind::PortUnreachable => "port unreachable".to_owned(),
                IcmpKind::TooBig(mtu) => format!("too big, MTU {mtu}"),
                IcmpKind::Prohibited => "prohibited".to_owned(),
                IcmpKind::TimeExceeded => "time exceeded".to_owned(),
                IcmpKind::Other => format!("type {}", icmp.error.icmp_type),
            };
            let to_initiator = icmp.error.src == c.initiator;
            let to_server = to_initiator != client_dials;
            let text = format!("ICMP {what}");
            Rung::arrow(icmp.at, lane, to_server, text, Tone::Bad)
        });
    }
}

fn ending(c: &Connection, lane: Lane, client_dials: bool, sink: &mut impl Sink) {
    for (half, from_initiator) in [(&c.from_initiator, true), (&c.from_responder, false)] {
        let to_server = from_initiator == client_dials;
        if let Some(at) = half.fin {
            sink.seen(at, || Rung::arrow(at, lane, to_server, "FIN", Tone::Quiet));
        }
        if let Some(reset) = half.rst {
            // An RST after both FINs is a kernel's answer to late data.
            let tone = if c.state() == ConnectionState::Closed { Tone::Quiet } else { Tone::Bad };
            sink.seen(reset.at, || Rung::arrow(reset.at, lane, to_server, "RST", tone));
        }
    }
}

fn flow(c: &Connection, lane: Lane, client_dials: bool, sink: &mut impl Sink) {
    for (half, from_initiator) in [(&c.from_initiator, true), (&c.from_responder, false)] {
        let to_server = from_initiator == client_dials;
        if let Some(first) = half.first_byte {
            let whole = || units::bytes(half.bytes());
            if let Some((from, to)) = pause(half) {
                let texts = [(from, "last byte for now"), (to, "bytes again")];
                for (at, text) in
                    texts.into_iter().filter(|(at, _)| *at != first && Some(*at) != half.last_byte)
                {
                    sink.seen(at, || Rung::arrow(at, lane, to_server, text, Tone::Bulk));
                }
            }
            match half.last_byte.filter(|l| *l != first) {
                None => {
                    sink.seen(first, || Rung::arrow(first, lane, to_server, whole(), Tone::Bulk))
                }
                Some(last) => {
                    let arrow = |at, text| Rung::arrow(at, lane, to_server, text, Tone::Bulk);
                    sink.seen(first, || arrow(first, "first byte".to_owned()));
                    sink.seen(last, || arrow(last, format!("last of {}", whole())));
                }
            }
        }
        if let Some(u) = half.unanswered {
            sink.seen(u.first, || {
                let text = format!("sent again ×{}", u.times);
                Rung::arrow(u.first, lane, to_server, text, Tone::Bad).lost()
            });
        }
        let zero = half.zero_window.since.or(half.zero_window.longest.map(|l| l.0));
        if let Some(at) = zero {
            sink.seen(at, || Rung::arrow(at, lane, to_server, "window 0", Tone::Bad));
        }
    }
}

/// The longest pause between two bytes, when it is one.
fn pause(half: &Half) -> Option<(Moment, Moment)> {
    half.longest_pause.filter(|(from, to)| to.time.since(from.time) >= SILENCE)
}

/// From when to when bytes went over a channel without a pause that would be worth a rung: what
/// lies between two rungs there is no silence.
pub fn flowing(channel: &Channel) -> Vec<(Moment, Moment)> {
    let halves = channel
        .connection
        .as_deref()
        .into_iter()
        .flat_map(|c| [&c.from_initiator, &c.from_responder]);
    halves
        .filter_map(|h| Some((h.first_byte?, h.last_byte?, pause(h))))
        .flat_map(|(first, last, pause)| match pause {
            Some((from, to)) => vec![(first, from), (to, last)],
            None => vec![(first, last)],
        })
        .collect()
}

fn messages(session: &Session, sink: &mut impl Sink) {
    let script = &session.script;
    for message in &script.messages {
        sink.seen(message.at, || {
            let text = script.text(message).unwrap_or_default();
            let (at, lane, to_server) = (message.at, Lane::Control, message.from_client());
            match message.kind {
                MessageKind::Command(_) | MessageKind::ClientNoise => {
                    Rung::arrow(at, lane, to_server, one_line(text), Tone::Plain)
                }
                MessageKind::Reply(code, _) => {
                    let tone = if (400..600).contains(&code) { Tone::Bad } else { Tone::Plain };
                    Rung::arrow(at, lane, to_server, one_line(text), tone)
                }
                MessageKind::ServerNoise => {
                    Rung::arrow(at, lane, to_server, one_line(text), Tone::Quiet)
                }
                MessageKind::ClientGap => {
                    Rung::mark(at, lane, "client's bytes that were not captured", Tone::Bad)
                }
                MessageKind::ServerGap => {
                    Rung::mark(at, lane, "server's bytes that were not captured", Tone::Bad)
                }
                MessageKind::ClientTls | MessageKind::ServerTls => {
                    Rung::arrow(at, lane, to_server, "TLS", Tone::Quiet)
                }
            }
        });
    }
}

/// The first line, safe to print, and how many follow.
fn one_line(text: &str) -> String {
    let mut lines = text.lines();
    let first = escape(lines.next().unwrap_or_default()).into_owned();
    match lines.count() {
        0 => first,
        more => format!("{first} (+{})", units::count(more as u64, "line")),
    }
}
