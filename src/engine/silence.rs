//! Sessions whose end nobody will see: hosts that were switched off, SYNs of a scan. A capture that
//! runs for months must not keep them.

use std::time::Duration;

use super::sequential::Engine;
use crate::session::ClosingPoint;

/// A connection without an answer is over: hosts give up after about two minutes (Linux: 127 s).
const UNANSWERED: Duration = Duration::from_secs(600);
/// An established one: well above two hours, after which keep-alives begin (RFC 9293, 3.8.4).
const ESTABLISHED: Duration = Duration::from_secs(24 * 3600);
/// How often to look.
const SWEEP: Duration = Duration::from_secs(60);

impl Engine {
    /// Judges sessions on which nothing has been heard for very long.
    pub(super) fn judge_silent(&mut self) {
        let now = self.now.time;
        if self.next_sweep.is_some_and(|next| now < next) {
            return;
        }
        self.next_sweep = Some(now.plus(SWEEP));
        let mut silent: Vec<(u64, usize)> = Vec::new();
        // Most are ruled out without a look at their data connections.
        let limit = |worked: bool| if worked { ESTABLISHED } else { UNANSWERED };
        let heads = self.controls.heads();
        let quiet = heads.filter(|(_, head)| now.since(head.last_time) > limit(head.worked));
        let quiet: Vec<(usize, bool)> = quiet.map(|(key, head)| (key, head.worked)).collect();
        for (key, worked) in quiet {
            self.controls.get_mut(key);
            let Some(newest) = self.controls.awake(key).map(|c| self.newest(c)) else { continue };
            if now.since(newest.time) > limit(worked) {
                silent.push((newest.order, key));
            }
        }
        silent.sort_unstable();
        for (_, key) in silent {
            self.close(key, ClosingPoint::Evicted);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::capture::{Moment, Timestamp};
    use crate::decode::{Endpoint, Flags, Segment, Seq, SynOptions};
    use crate::engine::Engine;
    use crate::session::ClosingPoint;

    fn at(seconds: i64) -> Moment {
        let order = u64::try_from(seconds).unwrap() + 1;
        Moment { order, time: Timestamp::from_nanos(seconds * 1_000_000_000), ..Moment::default() }
    }

    fn packet(engine: &mut Engine, seconds: i64, from_client: bool, flags: u8) {
        let client = Endpoint::new("192.0.2.1".parse().unwrap(), 40_000);
        let server = Endpoint::new("203.0.113.5".parse().unwrap(), 21);
        let (src, dst) = if from_client { (client, server) } else { (server, client) };
        let segment = Segment {
            src,
            dst,
            seq: Seq(1),
            ack: Seq(1),
            flags: Flags(flags),
            window: 1000,
            ttl: 64,
            ip_id: None,
            payload: b"",
            payload_len: 0,
            checksum: 0,
            syn_options: SynOptions::default(),
        };
        engine.segment(&segment, at(seconds));
    }

    #[test]
    fn a_dial_without_an_answer_is_judged_in_the_end() {
        let mut engine = Engine::new(&[]);
        packet(&mut engine, 0, true, 0x02);
        packet(&mut engine, 1, true, 0x02);
        engine.advance(at(600));
        assert!(!engine.has_finished());
        engine.advance(at(662));
        let gone = engine.take_finished();
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].point, ClosingPoint::Evicted);
    }

    #[test]
    fn an_idle_session_is_kept_for_a_day() {
        let mut engine = Engine::new(&[]);
        packet(&mut engine, 0, true, 0x02);
        packet(&mut engine, 0, false, 0x12);
        packet(&mut engine, 0, true, 0x10);
        engine.advance(at(23 * 3600));
        assert!(!engine.has_finished());
        engine.advance(at(25 * 3600));
        assert_eq!(engine.take_finished().len(), 1);
    }
}
