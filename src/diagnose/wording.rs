//! Phrases that several rules use, so that the same thing is always said the same way.

use std::time::Duration;

use super::{Context, Diagnosis};
use crate::capture::Moment;
use crate::session::{Channel, Connection, Mode, VantagePoint};

/// "7.0 s", "0.25 s", "3 min 20 s".
pub fn duration(d: Duration) -> String {
    let s = d.as_secs_f64();
    if s >= 120.0 {
        format!("{} min {} s", d.as_secs() / 60, d.as_secs() % 60)
    } else if s >= 1.0 {
        format!("{s:.1} s")
    } else {
        format!("{s:.3} s")
    }
}

/// "1 SYN", "4 SYNs".
pub fn count(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// "the passive port 10.0.0.1:50012" or "the client's active port 10.0.0.2:40001".
pub fn listening(channel: &Channel, connection: &Connection) -> String {
    match channel.mode {
        Mode::Active => format!("the client's announced port {}", connection.responder),
        _ => format!("the passive port {}", connection.responder),
    }
}

/// Where this was captured, as the start of a sentence.
pub fn vantage(ctx: &Context<'_>) -> String {
    let because = &ctx.session.vantage.because;
    match ctx.vantage() {
        VantagePoint::Client => format!("Captured next to the client ({because})"),
        VantagePoint::Server => format!("Captured next to the server ({because})"),
        VantagePoint::Between => format!("Captured between client and server ({because})"),
        VantagePoint::Unknown => {
            "Where this was captured can't be told from the packets".to_owned()
        }
    }
}

impl Diagnosis {
    /// Adds what announced a channel to the evidence.
    pub(super) fn announced(self, channel: &Channel) -> Self {
        let Some(a) = &channel.announcement else { return self };
        let where_to = a.advertised.map_or("an endpoint".to_owned(), |e| e.to_string());
        let text = match channel.mode {
            Mode::Active => format!("{} announces {where_to}", a.kind.name()),
            _ => format!("the reply to {} announces {where_to}", a.kind.name()),
        };
        self.evidence(a.at, text)
    }

    /// Adds the first and the last SYN of a connection to the evidence.
    pub(super) fn dialled(mut self, connection: &Connection) -> Self {
        let half = &connection.from_initiator;
        let (from, to) = (connection.initiator, connection.responder);
        if let Some(first) = half.syn {
            self = self.evidence(first, format!("SYN from {from} to {to}"));
        }
        if let Some(last) = half.last_syn.filter(|l| half.syn != Some(*l)) {
            self = self.evidence(last, format!("the last of {} SYNs", half.syns));
        }
        self
    }

    /// Adds a packet to the evidence if there is one.
    pub(super) fn evidence_if(self, at: Option<Moment>, text: &str) -> Self {
        match at {
            Some(at) => self.evidence(at, text),
            None => self,
        }
    }

    /// Adds ready-made advice.
    pub(super) fn advise(mut self, advice: impl IntoIterator<Item = super::Advice>) -> Self {
        self.advice.extend(advice);
        self
    }

    /// Adds the final reply to a channel's command to the evidence.
    pub(super) fn answered(self, ctx: &Context<'_>, channel: &Channel) -> Self {
        match ctx.command_of(channel).and_then(|e| Some((e, e.final_reply?))) {
            Some((e, (code, at))) => {
                self.evidence(at, format!("{} is answered with {code}", e.verb))
            }
            None => self,
        }
    }
}
