//! Questions of servers to port 113 of their clients' hosts (RFC 1413), kept until the greeting.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment};
use crate::session::Ident;

pub(super) const PORT: u16 = 113;

/// The latest questions, by the host that asks and the one that is asked.
#[derive(Debug, Default)]
pub struct Idents {
    asked: HashMap<(IpAddr, IpAddr), Vec<(Endpoint, Ident)>, RandomState>,
    /// In order, and when to forget them.
    until: VecDeque<(Timestamp, (IpAddr, IpAddr))>,
}

impl Idents {
    /// Longer than any server waits for the answer.
    const KEPT: Duration = Duration::from_secs(120);
    const MAX: usize = 16_384;

    /// It concerns port 113.
    pub fn concerns(s: &Segment<'_>) -> bool {
        s.dst.port == PORT || s.src.port == PORT
    }

    /// Takes a segment from or to port 113.
    pub fn segment(&mut self, s: &Segment<'_>, at: Moment) {
        let asks = s.dst.port == PORT;
        let (from, to) = if asks { (s.src, s.dst) } else { (s.dst, s.src) };
        let key = (from.ip, to.ip);
        let known = self.asked.get_mut(&key).and_then(|l| l.iter_mut().find(|(e, _)| *e == from));
        match known {
            Some((_, ident)) if !asks => {
                ident.answer.get_or_insert((at, s.flags.syn()));
            }
            Some((_, ident)) if s.flags.syn() => {
                ident.last = at;
                ident.syns += 1;
            }
            None if asks && s.flags.syn() => {
                self.forget(at.time);
                let ident = Ident { first: at, last: at, syns: 1, answer: None };
                self.asked.entry(key).or_default().push((from, ident));
                self.until.push_back((at.time.plus(Self::KEPT), key));
            }
            _ => {}
        }
    }

    fn forget(&mut self, now: Timestamp) {
        while self.until.front().is_some_and(|(t, _)| *t < now || self.until.len() >= Self::MAX) {
            let Some((_, key)) = self.until.pop_front() else { return };
            if let Some(list) = self.asked.get_mut(&key) {
                if list.len() > 1 {
                    list.remove(0);
                } else {
                    self.asked.remove(&key);
                }
            }
        }
    }

    /// Somebody may have asked.
    #[inline]
    pub fn any(&self) -> bool {
        !self.until.is_empty()
    }

    /// What a server asked a client's host first since `opened`.
    pub fn since(&self, server: IpAddr, client: IpAddr, opened: Moment) -> Option<Ident> {
        let list = self.asked.get(&(server, client))?;
        list.iter().map(|(_, ident)| *ident).find(|i| i.first > opened)
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::scene::{RST, Scene};

    const ASKS: (&str, &str) = ("203.0.113.5:50113", "192.0.2.1:113");

    #[test]
    fn the_question_before_the_greeting_is_the_sessions() {
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        s.dial(ASKS.0, ASKS.1, 4);
        let ident = s.server("220 Ready.").judged().session.ident.unwrap();
        assert_eq!((ident.syns, ident.answer.is_some()), (4, false));
        // Answered.
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        let asked = s.dial(ASKS.0, ASKS.1, 1);
        s.send_at(&asked, false, RST, 0, 1001, b"", None);
        let ident = s.server("220 Ready.").judged().session.ident.unwrap();
        assert!(ident.answer.is_some_and(|(_, accepted)| !accepted));
    }

    #[test]
    fn the_end_is_heard_whoever_was_asked_before() {
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        s.dial(ASKS.0, ASKS.1, 1);
        s.server("220 Ready.").client("QUIT");
        // The reply is not in the capture, its acknowledgment is.
        let control = s.control;
        let (seq, ack) = (control.sent(true), control.sent(false) + 14);
        s.send_at(&control, true, 0x10, seq, ack, b"", None);
        assert_eq!(s.judged().session.control_gaps, 14);
    }

    #[test]
    fn other_hosts_and_later_questions_are_not() {
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        s.dial("203.0.113.6:50113", ASKS.1, 4);
        s.server("220 Ready.").dial(ASKS.0, ASKS.1, 4);
        assert!(s.judged().session.ident.is_none());
    }
}
