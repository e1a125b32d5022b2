//! One packet: its headers in words, its bytes.

use ratatui::text::Line;

use super::mask;
pub use crate::capture::Stored;
use crate::capture::{FrameRef, Moment, Packet};
use crate::decode::{Decoded, Decoder, Segment};
use crate::report::escape::escape;
use crate::report::text::clock::Clock;
use crate::report::text::lines::{Lines, span};
use crate::report::text::palette::{PLAIN, QUIET, STRONG};
use crate::report::text::units;
use crate::session::Session;

/// A packet that is shown, or on its way.
#[derive(Debug)]
pub struct PacketView {
    /// Which.
    pub frame: FrameRef,
    /// First line on the screen.
    pub top: usize,
    /// What there is to show.
    pub state: State,
}

/// How far it came.
#[derive(Debug)]
pub enum State {
    /// It is being read again.
    Loading,
    /// It can't be shown, and why.
    Failed(String),
    /// It is here; with the bytes in which a password may stand.
    Loaded(Box<Stored>, Option<(usize, usize)>),
}

impl PacketView {
    /// A packet that was asked for.
    pub fn loading(frame: FrameRef) -> Self {
        Self { frame, top: 0, state: State::Loading }
    }

    /// It came, or it can't be had.
    pub fn loaded(&mut self, result: Result<Stored, String>, session: Option<&Session>) {
        self.state = match result {
            Err(why) => State::Failed(why),
            Ok(packet) if packet.frame == self.frame => {
                let number = Some(packet.frame.number);
                let secret = decode(&packet, |d| mask::secret(d, &packet.data, number, session));
                State::Loaded(Box::new(packet), secret)
            }
            Ok(_) => return,
        };
    }
}

fn decode<T>(stored: &Stored, f: impl FnOnce(&Decoded<'_>) -> T) -> T {
    let moment = Moment { order: 1, time: stored.time, frame: stored.frame };
    let packet =
        Packet { moment, link: stored.link, wire_len: stored.wire_len, data: &stored.data };
    f(&Decoder::new().decode(&packet))
}

/// A packet in words and bytes, as lines.
pub fn lines(stored: &Stored, secret: Option<(usize, usize)>, clock: &Clock) -> Lines {
    let captured = stored.data.len();
    let mut lines = vec![field(
        "frame",
        format!(
            "{} · {} {} · {} on the wire{}",
            stored.frame.number,
            clock.full(stored.time),
            clock.zone(stored.time),
            units::count(u64::from(stored.wire_len), "byte"),
            if captured < stored.wire_len as usize {
                format!(", {captured} captured")
            } else {
                String::new()
            }
        ),
    )];
    lines.push(field("link", stored.link.name().into_owned()));
    decode(stored, |decoded| lines.extend(headers(decoded, secret)));
    lines.push(Line::default());
    lines.extend(bytes(&stored.data, secret));
    lines
}

fn field(name: &str, value: String) -> Line<'static> {
    Line::from(vec![span(format!(" {name:<9}"), QUIET), span(value, PLAIN)])
}

fn headers(decoded: &Decoded<'_>, secret: Option<(usize, usize)>) -> Lines {
    match decoded {
        Decoded::Segment(s) => segment(s, secret.is_some()),
        Decoded::Icmp(e) => vec![
            field("ICMP", format!("type {} code {} from {}", e.icmp_type, e.icmp_code, e.from)),
            field("quotes", format!("{} → {} seq {}", e.src, e.dst, e.seq.0)),
        ],
        _ => vec![field("", "neither TCP nor an ICMP error about it".to_owned())],
    }
}

fn segment(s: &Segment<'_>, secret: bool) -> Lines {
    let id = s.ip_id.map(|id| format!(" · identification {id}")).unwrap_or_default();
    let mut lines = vec![
        field("IP", format!("{} → {} · TTL {}{id}", s.src.ip, s.dst.ip, s.ttl)),
        field("TCP", format!("port {} → {} · {}", s.src.port, s.dst.port, flags(s))),
        field(
            "",
            format!(
                "seq {} · ack {} · window {} · {}",
                s.seq.0,
                s.ack.0,
                s.window,
                units::count(u64::from(s.payload_len), "byte")
            ),
        ),
    ];
    if s.flags.syn() {
        let o = &s.syn_options;
        let mut options = Vec::new();
        options.extend(o.mss.map(|mss| format!("MSS {mss}")));
        options.extend(o.window_scale.map(|w| format!("window scale {w}")));
        options.extend(o.sack.then(|| "SACK permitted".to_owned()));
        lines.push(field("options", options.join(" · ")));
    }
    if !s.payload.is_empty()
        && s.payload.iter().filter(|b| b.is_ascii()).count() * 10 >= s.payload.len() * 9
    {
        let text = match secret {
            true => "(holds a password)".to_owned(),
            false => String::from_utf8_lossy(s.payload).into_owned(),
        };
        for (i, line) in text.lines().take(40).enumerate() {
            let line = escape(line).into_owned();
            lines.push(field(if i == 0 { "payload" } else { "" }, line));
        }
    }
    lines
}

fn flags(s: &Segment<'_>) -> String {
    let all = [
        (s.flags.syn(), "SYN"),
        (s.flags.fin(), "FIN"),
        (s.flags.rst(), "RST"),
        (s.flags.0 & 8 != 0, "PSH"),
        (s.flags.ack(), "ACK"),
        (s.flags.urg(), "URG"),
    ];
    all.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// Sixteen bytes a line; those of a password as asterisks.
fn bytes(data: &[u8], secret: Option<(usize, usize)>) -> Lines {
    let hidden = |i: usize| secret.is_some_and(|(from, to)| (from..to).contains(&i));
    data.chunks(16)
        .enumerate()
        .map(|(row, chunk)| {
            let mut hex = String::new();
            let mut text = String::new();
            for (i, byte) in chunk.iter().enumerate() {
                if i == 8 {
                    hex.push(' ');
                }
                if hidden(row * 16 + i) {
                    hex.push_str("** ");
                    text.push('*');
                } else {
                    hex.push_str(&format!("{byte:02x} "));
                    text.push(if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '·' });
                }
            }
            Line::from(vec![
                span(format!(" {:04x}  ", row * 16), QUIET),
                span(format!("{hex:<49} "), PLAIN),
                span(text, STRONG),
            ])
        })
        .collect()
}
