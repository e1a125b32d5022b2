//! From results to the types that are serialised.

use super::document as d;
use super::time::Time;
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::diagnose::{Advice, Diagnosis, Finding, Judged, Outcome, Stage, Status};
use crate::engine::Analysis;
use crate::session::{
    Association, Channel, Closing, Connection, ConnectionState, Login, Mode, Opening, Security,
    Session, Transfer, VantagePoint,
};

/// Characters of a text from the wire.
const MAX_TEXT: usize = 4096;

fn at(m: Option<Moment>) -> Option<Time> {
    m.map(|m| Time(m.time))
}

fn address(e: Endpoint) -> d::Address {
    d::Address { ip: e.ip, port: e.port }
}

fn text(t: &str) -> &str {
    let t = t.strip_suffix("\r\n").or(t.strip_suffix('\n')).or(t.strip_suffix('\r')).unwrap_or(t);
    if t.len() <= MAX_TEXT {
        return t;
    }
    t.char_indices().nth(MAX_TEXT).map_or(t, |(end, _)| &t[..end])
}

/// The capture's facts.
pub fn capture(a: &Analysis) -> d::Capture<'_> {
    let c = &a.capture;
    d::Capture {
        files: &c.files,
        link_types: c.link_types.iter().map(|l| l.name().into_owned()).collect(),
        packets: c.packets,
        bytes: c.bytes,
        tcp_segments: a.overview.tcp_segments,
        first_packet: c.first_packet.map(Time),
        last_packet: c.last_packet.map(Time),
        truncated_packets: c.truncated_packets,
        missing_segments: a.overview.missing_segments,
        dropped_packets: c.dropped_packets,
        problems: c
            .problems
            .iter()
            .map(|p| d::Problem { file: p.file, offset: p.offset, frame: p.frame, text: &p.text })
            .collect(),
    }
}

impl d::Summary {
    /// Counts a session.
    pub fn add(&mut self, judged: &Judged) {
        self.sessions += 1;
        *match judged.status {
            Status::Healthy => &mut self.healthy,
            Status::Stalled => &mut self.stalled,
            Status::Failed => &mut self.failed,
            Status::Suspicious => &mut self.suspicious,
            Status::Undetermined => &mut self.undetermined,
        } += 1;
        for (i, d) in judged.diagnoses.iter().enumerate() {
            if judged.diagnoses.iter().take(i).any(|before| before.code == d.code) {
                continue;
            }
            match self.diagnoses.get_mut(d.code) {
                Some(sessions) => *sessions += 1,
                None => _ = self.diagnoses.insert(d.code.to_owned(), 1),
            }
        }
    }
}

/// A finding.
pub fn finding(f: &Finding) -> d::Finding<'_> {
    d::Finding { diagnosis: diagnosis(&f.diagnosis), sessions: &f.sessions }
}

/// A session with its verdict.
pub fn session(j: &Judged) -> d::Session<'_> {
    d::Session { diagnoses: j.diagnoses.iter().map(diagnosis).collect(), ..session_alone(j) }
}

/// A session without its diagnoses.
pub(super) fn session_alone(j: &Judged) -> d::Session<'_> {
    let s = &j.session;
    let channels = s.channels.iter().zip(&j.outcomes);
    d::Session {
        id: s.id,
        client: address(s.client),
        server: address(s.server),
        start: Time(s.first.time),
        end: Time(s.last.time),
        first_frame: s.first.frame.number,
        first_file: s.first.frame.file,
        status: j.status.name(),
        vantage: match s.vantage.point {
            VantagePoint::Client => "client",
            VantagePoint::Server => "server",
            VantagePoint::Between => "between",
            VantagePoint::Unknown => "unknown",
        },
        vantage_reason: s.vantage.because.to_string(),
        control: control(s),
        channels: channels.map(|(c, outcome)| channel(s, c, *outcome)).collect(),
        transfers: s.transfers.iter().filter_map(|t| transfer(s, t)).collect(),
        diagnoses: Vec::new(),
    }
}

fn control(s: &Session) -> d::Control<'_> {
    let c = &s.control;
    let rtt = c.syn_to_syn_ack.zip(c.syn_ack_to_ack).map(|(a, b)| (a + b).as_secs_f64());
    let banner = s.banner_at().zip(c.established).filter(|_| s.opening == Opening::Complete);
    d::Control {
        opening: match s.opening {
            Opening::Complete => "complete",
            Opening::Unanswered => "unanswered",
            Opening::Refused => "refused",
            Opening::Unreachable => "unreachable",
            Opening::Missing => "missing",
        },
        closing: match s.closing {
            Closing::Fin => "fin",
            Closing::Reset => "reset",
            Closing::Open => "open",
            Closing::Unseen => "unseen",
        },
        security: match s.security {
            Security::Plain => "plain",
            Security::ExplicitTls => "explicit-tls",
            Security::ImplicitTls => "implicit-tls",
        },
        login: match s.login {
            Login::Accepted => "accepted",
            Login::Refused => "refused",
            Login::Pending => "pending",
            Login::None => "none",
            Login::Hidden => "hidden",
        },
        user: s.user().map(text),
        banner: s.banner().map(text),
        server_software: s.software.as_deref(),
        commands: s.commands,
        replies: s.replies,
        verbs: d::Verbs(s.script.verbs()),
        handshake_rtt_s: rtt,
        banner_delay_s: banner.map(|(b, h)| b.time.since(h.time).as_secs_f64()),
    }
}

fn channel<'a>(
    s: &'a Session,
    c: &'a Channel,
    outcome: (Outcome, Option<Stage>),
) -> d::Channel<'a> {
    d::Channel {
        id: c.id,
        mode: match c.mode {
            Mode::Passive => "passive",
            Mode::Active => "active",
            Mode::Unknown => "unknown",
        },
        association: match c.association {
            Association::Announced => "announced",
            Association::Reused => "reused",
            Association::Inferred { .. } => "inferred",
        },
        reuses: c.reuses,
        announcement: c.announcement.as_ref().map(|a| d::Announcement {
            kind: a.kind.name(),
            frame: a.at.frame.number,
            file: a.at.frame.file,
            time: Time(a.at.time),
            advertised: a.advertised.map(address),
            accepted: a.accepted,
        }),
        command: c.command.and_then(|i| s.script.exchanges.get(i)).map(|e| d::Command {
            verb: e.verb.as_str(),
            argument: text(s.script.argument(e)),
            frame: e.at.frame.number,
            file: e.at.frame.file,
            replies: &e.replies,
        }),
        connection: c.connection.as_deref().map(|x| connection(s, c, x)),
        attempts: c.attempts.iter().map(|x| connection(s, c, x)).collect(),
        outcome: outcome.0.name(),
        stalled_at: outcome.1.map(Stage::name),
    }
}

/// The name of a connection's state.
pub fn state_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Unanswered => "unanswered",
        ConnectionState::Refused => "refused",
        ConnectionState::Unreachable => "unreachable",
        ConnectionState::HandshakeIncomplete => "handshake-incomplete",
        ConnectionState::Established => "established",
        ConnectionState::HalfClosed => "half-closed",
        ConnectionState::Closed => "closed",
        ConnectionState::Reset => "reset",
    }
}

fn connection(s: &Session, c: &Channel, x: &Connection) -> d::Connection {
    let (i, r) = (&x.from_initiator, &x.from_responder);
    // Who is the client's side: by address, or by mode when a third party dialled.
    let client_initiated = if x.initiator.ip == s.client.ip && x.responder.ip != s.client.ip {
        true
    } else if x.responder.ip == s.client.ip && x.initiator.ip != s.client.ip {
        false
    } else {
        c.mode == Mode::Passive
    };
    let (up, down) = if client_initiated { (i, r) } else { (r, i) };
    d::Connection {
        initiator: address(x.initiator),
        responder: address(x.responder),
        syn_frame: i.syn.map(|m| m.frame.number),
        syn_file: i.syn.map(|m| m.frame.file),
        syns: i.syns,
        state: state_name(x.state()),
        opened: Some(Time(x.first.time)),
        established: at(x.established),
        first_byte: at(x.first_byte()),
        last_byte: at(x.last_byte()),
        closed: at(x.closed()),
        bytes_to_client: down.bytes(),
        bytes_to_server: up.bytes(),
        missing_bytes: i.missing_bytes() + r.missing_bytes(),
        retransmissions: i.retransmissions + r.retransmissions,
        zero_window_s: i.zero_window_total(x.last).max(r.zero_window_total(x.last)).as_secs_f64(),
    }
}

fn transfer<'a>(s: &'a Session, t: &'a Transfer) -> Option<d::Transfer<'a>> {
    let e = s.script.exchanges.get(t.exchange)?;
    let connection = t.channel.and_then(|id| s.channel(id)).and_then(|c| c.connection.as_deref());
    Some(d::Transfer {
        channel: t.channel,
        verb: e.verb.as_str(),
        path: s.path(t).map(text),
        frame: e.at.frame.number,
        file: e.at.frame.file,
        bytes: t.bytes,
        duration_s: t.duration.map(|d| d.as_secs_f64()),
        reply: e.final_code(),
        complete: e.succeeded() && connection.is_some_and(|c| c.state() == ConnectionState::Closed),
    })
}

/// A verdict.
pub fn diagnosis(x: &Diagnosis) -> d::Diagnosis<'_> {
    d::Diagnosis { advice: d::AdviceList::List(advice(&x.advice)), ..diagnosis_alone(x) }
}

/// A verdict without what it advises.
pub(super) fn diagnosis_alone(x: &Diagnosis) -> d::Diagnosis<'_> {
    d::Diagnosis {
        code: x.code,
        severity: x.severity.name(),
        stage: x.stage.name(),
        channel: x.channels.first().copied(),
        channels: &x.channels,
        confidence: x.confidence.name(),
        summary: text(&x.summary),
        reasoning: text(&x.reasoning),
        evidence: x
            .evidence
            .iter()
            .map(|e| d::Evidence {
                frame: e.at.frame.number,
                file: e.at.frame.file,
                time: Time(e.at.time),
                text: text(&e.text),
            })
            .collect(),
        advice: d::AdviceList::List(Vec::new()),
    }
}

/// What to change.
pub(super) fn advice(all: &[Advice]) -> Vec<d::Advice<'_>> {
    all.iter()
        .map(|a| d::Advice {
            audience: a.audience.name(),
            text: &a.text,
            example: a.example.as_deref(),
            snippets: a
                .snippets()
                .into_iter()
                .map(|s| d::Snippet { kind: s.kind.name(), place: s.place, text: s.text })
                .collect(),
        })
        .collect()
}
