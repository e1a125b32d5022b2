//! What a segment says of its direction, and what acknowledgments say.

use super::{Half, MOST_AHEAD, ORIGIN, Payload};
use crate::capture::Moment;
use crate::decode::{Segment, Seq};
use crate::tcp::Shift;
use crate::tcp::milestones::{Ahead, Probes, Recovered, Reset, Unanswered};

impl Half {
    /// Takes note of a segment of this side.
    #[inline(always)]
    pub(in crate::tcp) fn sent(&mut self, s: &Segment<'_>, at: Moment) -> Payload {
        self.counted(s, at);
        if !s.flags.plain() {
            return self.sent_mark(s, at);
        }
        self.numbered(s, at);
        if self.base.is_none() {
            self.set_base(s.seq);
        }
        let payload = self.payload(s.seq, s, at);
        if s.window == 0 || self.rare.is_some() {
            self.window(s, at);
        }
        payload
    }

    #[inline(always)]
    pub(super) fn counted(&mut self, s: &Segment<'_>, at: Moment) {
        self.packets += 1;
        self.last_packet = Some(at);
        self.cut += u64::from((s.payload.len() as u64) < u64::from(s.payload_len));
    }

    /// What a segment that is no RST says of the host that sent it.
    #[inline(always)]
    pub(super) fn numbered(&mut self, s: &Segment<'_>, at: Moment) {
        self.numbering.sent(s.ip_id, at);
        self.hops(s.ttl);
    }

    /// The same of a segment with SYN, FIN or RST.
    #[inline(never)]
    fn sent_mark(&mut self, s: &Segment<'_>, at: Moment) -> Payload {
        if s.flags.rst() {
            let (ttl, ip_id, ack) = (s.ttl, s.ip_id, s.flags.ack());
            self.rst.get_or_insert(Reset { at, ttl, ip_id, ack, before: None });
            return Payload::None;
        }
        self.numbered(s, at);
        let mut seq = s.seq;
        if s.flags.syn() {
            self.syn.get_or_insert(at);
            self.last_syn = Some(at);
            self.syns += 1;
            if self.isn.is_none() {
                self.isn = Some(s.seq);
                self.syn_options = s.syn_options;
                if self.base.is_none() {
                    self.set_base(s.seq.plus(1));
                }
            }
            seq = seq.plus(1);
        }
        if self.base.is_none() {
            self.set_base(seq);
        }
        let payload = self.payload(seq, s, at);
        if s.flags.fin() {
            self.fin(seq, s, at);
        }
        if !s.flags.syn() {
            self.window(s, at);
        }
        payload
    }

    #[inline]
    fn hops(&mut self, ttl: u8) {
        let first = *self.ttl.get_or_insert(ttl);
        self.ttl_varies |= first != ttl;
    }

    #[cold]
    fn window(&mut self, s: &Segment<'_>, at: Moment) {
        if s.window == 0 || self.zero_window.since.is_some() {
            self.zero_window.advertised(s.window, at);
        }
    }

    /// Nothing fixed yet where offsets count from.
    pub(in crate::tcp) fn base_is_unset(&self) -> bool {
        self.base.is_none()
    }

    /// Never captured at all, yet acknowledged further and further.
    pub(in crate::tcp) fn acked_unseen_entirely(&self) -> bool {
        self.ack_advances > 0
    }

    /// Fixes where offsets count from.
    pub(in crate::tcp) fn set_base(&mut self, seq: Seq) {
        self.base = Some(seq);
        self.highest = ORIGIN;
    }

    /// This side's SYN was not captured, but the other side's SYN-ACK acknowledges `isn` + 1.
    pub(in crate::tcp) fn implied_isn(&mut self, ack: Seq) {
        if self.isn.is_none() && self.base.is_none() {
            self.isn = Some(Seq(ack.0.wrapping_sub(1)));
            self.set_base(ack);
        }
    }

    #[cold]
    fn unseen_ack(&mut self, ack: Seq) {
        match self.last_unseen_ack {
            Some(last) if ack.distance(last) > 0 => self.ack_advances += 1,
            Some(_) => return,
            None => {}
        }
        self.last_unseen_ack = Some(ack);
    }

    #[inline(always)]
    fn payload(&mut self, seq: Seq, s: &Segment<'_>, at: Moment) -> Payload {
        let Some(offset) = self.offset(seq) else { return Payload::None };
        // What is captured of it, nearly always without a hole; its start where that is nothing.
        let highest = self.coverage.end();
        let next = highest.or(self.stream_start());
        if s.payload_len == 0 {
            // Most of what has no payload says nothing but what it acknowledges.
            if next.is_some_and(|n| n != offset) {
                self.without_payload(offset, next, s, at);
            }
            return Payload::None;
        }
        let end = offset + u64::from(s.payload_len);
        let new = self.coverage.add(offset, end);
        if new == 0 {
            self.sent_up_to(end, s.payload_len);
            self.again((offset, end), s.payload_len, at);
            return Payload::Again(offset);
        }
        if next.is_some_and(|n| n != offset) {
            self.out_of_turn(highest, next, (offset, end), at);
        }
        if self.shift.is_some() {
            Shift::continued(&mut self.shift, offset, (highest, self.acked), at);
        }
        if self.rare.is_some() && self.ahead.as_ref().is_some_and(|a| a.offset <= end) {
            self.ahead = None;
        }
        self.first_byte.get_or_insert(at);
        self.new_bytes((offset, end), s.payload_len, at);
        Payload::New(offset)
    }

    #[inline(always)]
    fn sent_up_to(&mut self, end: u64, len: u32) {
        self.max_payload = self.max_payload.max(len);
        self.highest = self.highest.max(end);
        if len > self.largest_acked && self.larger.is_none() {
            self.larger = Some((end, len));
        }
    }

    /// Takes note of a segment with bytes that were not captured before.
    #[inline(always)]
    pub(super) fn new_bytes(&mut self, (offset, end): (u64, u64), len: u32, at: Moment) {
        self.sent_up_to(end, len);
        if self.in_flight.is_none() {
            self.in_flight = Some((offset, at));
        }
        if let Some(last) = self.last_byte {
            let pause = |(a, b): (Moment, Moment)| b.time.nanos_after(a.time);
            if self.longest_pause.is_none_or(|p| pause((last, at)) > pause(p)) {
                self.longest_pause = Some((last, at));
            }
        }
        self.last_byte = Some(at);
    }

    /// Payload all of which had been captured before.
    #[cold]
    fn again(&mut self, (offset, end): (u64, u64), len: u32, at: Moment) {
        if self.acked.is_some_and(|a| a >= end) {
            Shift::again(&mut self.shift, at);
        }
        if len == 1 && self.coverage.end() == Some(end) {
            self.probe(at);
        } else {
            self.retransmissions += 1;
            self.note_unanswered(offset, end, len, at);
        }
    }

    /// New payload that doesn't begin where the payload before it ended.
    #[cold]
    fn out_of_turn(
        &mut self,
        highest: Option<u64>,
        next: Option<u64>,
        (offset, end): (u64, u64),
        at: Moment,
    ) {
        if highest.is_some_and(|h| offset < h) {
            self.out_of_order += 1;
        }
        if let Some(next) = next {
            let round_trip = self.round_trip;
            self.order.get_or_insert_default().note(next, (offset, end), round_trip, at);
        }
    }

    fn fin(&mut self, seq: Seq, s: &Segment<'_>, at: Moment) {
        let Some(offset) = self.offset(seq.plus(s.payload_len)) else { return };
        self.highest = self.highest.max(offset);
        self.further(offset, at);
        if self.fin.is_some() {
            if s.payload_len == 0 {
                self.note_unanswered(offset, offset + 1, 0, at);
            }
            return;
        }
        self.fin = Some(at);
        self.fin_offset = Some(offset);
    }

    fn note_unanswered(&mut self, offset: u64, end: u64, len: u32, at: Moment) {
        if self.acked.is_some_and(|a| a >= end) {
            return;
        }
        let sent = match (len, self.in_flight) {
            (0, _) => self.fin,
            (_, Some((o, sent))) if o == offset => Some(sent),
            _ if self.coverage.end() == Some(end) => self.last_byte,
            _ => None,
        };
        let u = self.unanswered.get_or_insert(Unanswered {
            sent: sent.unwrap_or(at),
            first: at,
            last: at,
            times: 0,
            offset,
            len,
            last_len: len,
        });
        u.last = at;
        u.times += 1;
        u.last_len = if offset == u.offset { len } else { u.last_len };
        u.len = u.len.max(len);
    }

    /// A segment without payload that isn't numbered as the `next` one should be.
    #[cold]
    fn without_payload(&mut self, offset: u64, next: Option<u64>, s: &Segment<'_>, at: Moment) {
        if s.flags.syn() || s.flags.fin() || self.fin.is_some() {
            return;
        }
        // A keep-alive has the sequence number before the next (RFC 9293, 3.8.4).
        if next == Some(offset + 1) {
            self.probe(at);
        }
        self.further(offset, at);
        let sent = (self.coverage.end(), self.last_byte);
        Shift::numbered(&mut self.shift, offset, sent, at);
    }

    fn probe(&mut self, at: Moment) {
        self.keep_alives += 1;
        let p =
            self.probes.get_or_insert_with(|| Box::new(Probes { first: at, last: at, times: 0 }));
        p.last = at;
        p.times += 1;
    }

    /// A packet of the other side arrived.
    #[inline]
    pub(in crate::tcp) fn heard(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.probes = None;
        }
    }

    /// Everything before `offset` has been sent.
    fn further(&mut self, offset: u64, at: Moment) {
        let captured = self.coverage.end().or(self.stream_start());
        let known = self.ahead.as_ref().map(|a| a.offset).or(captured);
        if known.is_some_and(|k| offset > k && offset - k < MOST_AHEAD) {
            self.ahead = Some(Box::new(Ahead { at, offset }));
        }
    }

    /// Takes note of how a segment that was taken fills the window of the other side.
    #[inline(always)]
    pub(in crate::tcp) fn fills_window(
        &mut self,
        payload: Payload,
        s: &Segment<'_>,
        other: &Self,
        at: Moment,
    ) {
        if let Payload::New(offset) = payload {
            let end = offset + u64::from(s.payload_len);
            let flight = end.saturating_sub(self.acked.unwrap_or(offset));
            self.windows.fill(flight, self.max_payload, &other.windows, at);
        }
    }

    /// The other side acknowledged up to `ack`.
    #[inline]
    pub(in crate::tcp) fn acknowledged(&mut self, ack: Seq, at: Moment) {
        if self.packets == 0 {
            self.unseen_ack(ack);
        }
        let Some(offset) = self.offset(ack) else { return };
        if self.acked.is_none_or(|a| offset > a) {
            self.acknowledged_further(offset, at);
        }
    }

    #[inline]
    fn acknowledged_further(&mut self, offset: u64, at: Moment) {
        // An acknowledgment of a gigabyte nobody captured is damage or another connection's.
        if offset > self.highest + MOST_AHEAD || offset < ORIGIN {
            return;
        }
        let captured = self.coverage.end();
        if captured.is_some_and(|c| offset > c) && self.fin.is_none() && self.shift.is_none() {
            self.shift = Shift::acknowledged(offset, captured, at);
        }
        if self.fin_offset.is_none() {
            self.highest = self.highest.max(offset);
        }
        self.acknowledged_up_to(offset, at);
        if self.rare.is_some() {
            self.answered(offset, at);
        }
    }

    #[inline(always)]
    pub(super) fn acknowledged_up_to(&mut self, offset: u64, at: Moment) {
        self.acked = Some(offset);
        self.acked_at = Some(at);
        if self.in_flight.is_some_and(|(o, _)| offset > o) {
            self.in_flight = None;
        }
        if let Some((_, len)) = self.larger.filter(|(end, _)| offset >= *end) {
            self.largest_acked = self.largest_acked.max(len);
            self.larger = None;
        }
    }

    /// What was sent again is acknowledged.
    #[cold]
    fn answered(&mut self, offset: u64, at: Moment) {
        if let Some(u) = self.unanswered.filter(|u| offset > u.offset) {
            self.unanswered = None;
            let r = Recovered { unanswered: u, acked: at };
            if self.recovered.as_ref().is_none_or(|known| r.tried() > known.tried()) {
                self.recovered = Some(Box::new(r));
            }
        }
    }
}
