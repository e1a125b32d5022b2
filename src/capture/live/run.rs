//! The capture thread: waits for packets, hands them on, and says what time it is.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::clock::{Clock, monotonic, wall};
use super::interface::{AT_A_TIME, Interface, Read};
use super::links::Links;
use super::plan::Plan;
use super::queue::{Offered, Sender};
use super::stop::Stopped;
use super::{Batch, Ended, LiveOptions, News, Reason};
use crate::capture::{CaptureLoss, Timestamp};

/// How often the clock is told when nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// How often the kernel is asked what it dropped, and how the interfaces stand.
const SECOND: Duration = Duration::from_secs(1);
/// Bytes of a batch, roughly.
const BATCH: usize = 1 << 20;

pub(super) struct Run {
    pub(super) interfaces: Vec<Interface>,
    pub(super) options: LiveOptions,
    pub(super) stopped: Stopped,
    pub(super) to_engine: Sender,
    pub(super) to_save: Option<Sender>,
    pub(super) plan: Plan,
    pub(super) links: Links,
    pub(super) clock: Clock,
    pub(super) captured: u64,
    /// When the kernel was last asked what it dropped.
    pub(super) counted: Timestamp,
    pub(super) dropped: u64,
    /// Lost on the way to the engine, not yet told.
    pub(super) late: Vec<News>,
    pub(super) ended: Ended,
}

impl Run {
    pub(super) fn run(mut self) -> Ended {
        let start = monotonic();
        let (mut next_tick, mut next_second) = (start + TICK, start + SECOND);
        self.counted = wall();
        let reason = loop {
            let deadline = self.options.duration.map(|d| start + d);
            let until = deadline.map_or(next_tick, |d| d.min(next_tick));
            match self.wait(until) {
                Ok(true) => break Reason::Asked,
                Ok(false) => {}
                Err(e) => break Reason::Failed(e.to_string()),
            }
            let mut batch = Batch::default();
            self.read(&mut batch);
            let now = monotonic();
            if let Some((_, last)) = batch.span() {
                self.clock.packet(last, now);
            }
            if now >= next_second {
                self.each_second(&mut batch);
                next_second = now + SECOND;
            }
            if now >= next_tick || !batch.is_empty() || !batch.news.is_empty() {
                next_tick = now + TICK;
                batch.now = self.clock.now(now);
                if !self.hand_on(batch) {
                    break Reason::Asked;
                }
            }
            if self.options.count.is_some_and(|count| self.captured >= count) {
                break Reason::Count;
            }
            if deadline.is_some_and(|d| now >= d) {
                break Reason::Duration;
            }
            let open = self.interfaces.iter().any(Interface::is_open);
            if !open && !self.options.keep_net_raw {
                break Reason::NoInterface;
            }
        };
        self.close(reason)
    }

    /// Waits for packets, but not beyond `until`. Whether the capture is to end.
    fn wait(&self, until: Instant) -> io::Result<bool> {
        let mut fds = vec![PollFd::from_borrowed_fd(self.stopped.fd(), PollFlags::IN)];
        let handles = self.interfaces.iter().filter_map(Interface::fd);
        fds.extend(handles.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let left = until.saturating_duration_since(monotonic());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => Ok(fds.first().is_some_and(|fd| !fd.revents().is_empty())),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// Takes what the interfaces have.
    fn read(&mut self, batch: &mut Batch) {
        let mut sources = 0;
        for (i, interface) in self.interfaces.iter_mut().enumerate() {
            let before = batch.len();
            loop {
                match interface.read(batch) {
                    Read::Packets(count) => {
                        if count < AT_A_TIME || batch.bytes() >= BATCH {
                            break;
                        }
                    }
                    Read::Gone => {
                        interface.close();
                        let keep = self.options.keep_net_raw;
                        batch.news.extend(self.links.gone(i, &interface.name, keep));
                        break;
                    }
                    Read::Down => {
                        batch.news.extend(self.links.down(i, &interface.name));
                        break;
                    }
                    Read::Failed(error) => {
                        interface.close();
                        let name = interface.name.clone();
                        let text = format!("{name}: reading failed, it is left out: {error}");
                        let hindered = Some("failed");
                        batch.news.push(News::Interface { name, hindered, text });
                        break;
                    }
                }
            }
            if batch.len() > before {
                sources += 1;
                batch.news.extend(self.links.heard(i, &interface.name));
            }
        }
        if sources > 1 {
            batch.merge();
        }
        if let Some(count) = self.options.count {
            let left = count.saturating_sub(self.captured);
            batch.keep(usize::try_from(left).unwrap_or(usize::MAX));
        }
        self.captured += batch.len() as u64;
    }

    /// What the kernel dropped since, and how the interfaces stand.
    fn each_second(&mut self, batch: &mut Batch) {
        self.count(batch);
        for (i, interface) in self.interfaces.iter_mut().enumerate() {
            batch.news.extend(self.links.check(i, interface, &self.options));
        }
    }

    fn count(&mut self, batch: &mut Batch) {
        let now = wall();
        let mut dropped = 0;
        for (i, interface) in self.interfaces.iter_mut().enumerate() {
            let counters = interface.count();
            dropped += counters.dropped;
            batch.news.push(News::Counted { interface: i, counters });
        }
        let packets = dropped.saturating_sub(self.dropped);
        if packets > 0 {
            // By the system's clock, which stamps packets: those that were read last are older
            // than those that found no room behind them.
            batch.news.push(News::Lost(CaptureLoss { from: self.counted, to: now, packets }));
        }
        (self.dropped, self.counted) = (dropped, now);
    }

    /// Gives packets their places and hands them on. Nobody is waited for: what finds no room is
    /// counted as lost. Whether the engine still listens.
    fn hand_on(&mut self, mut batch: Batch) -> bool {
        let packets = batch.len() as u64;
        let room = self.to_save.as_ref().map(|save| save.has_room(batch.size()));
        let written = room != Some(false);
        batch.place(|time, len| self.plan.place(time, len, written));
        let files = self.plan.begun().into_iter().map(|(file, path)| News::File(file, path));
        batch.news.splice(0..0, files);
        batch.news.splice(0..0, self.late.drain(..));
        let batch = Arc::new(batch);
        match &self.to_save {
            // Who writes says itself why it ended.
            Some(save) if written && save.offer(&batch) == Offered::Gone => self.to_save = None,
            Some(_) if !written => self.ended.not_written += packets,
            _ => {}
        }
        match self.to_engine.offer(&batch) {
            Offered::Taken => true,
            Offered::Gone => false,
            Offered::Full => {
                self.ended.not_analysed += packets;
                self.keep_for_later(&batch);
                true
            }
        }
    }

    /// The engine had no room for a batch: what it must know comes with the next one.
    fn keep_for_later(&mut self, batch: &Batch) {
        let own = batch
            .span()
            .map(|(from, to)| News::Lost(CaptureLoss { from, to, packets: batch.len() as u64 }));
        for news in batch.news.iter().cloned().chain(own) {
            match (news, self.late.last_mut()) {
                // Losses in a row are one; counters come again.
                (News::Lost(loss), Some(News::Lost(late))) => {
                    late.from = late.from.min(loss.from);
                    late.to = late.to.max(loss.to);
                    late.packets += loss.packets;
                }
                (News::Counted { .. }, _) => {}
                (news, _) => self.late.push(news),
            }
        }
    }

    /// Takes what is left in the kernel's buffers, and the last counters.
    fn close(mut self, reason: Reason) -> Ended {
        let mut batch = Batch::default();
        if self.options.count.is_none() {
            self.read(&mut batch);
        }
        self.count(&mut batch);
        let now = monotonic();
        if let Some((_, last)) = batch.span() {
            self.clock.packet(last, now);
        }
        batch.now = self.clock.now(now);
        self.hand_on(batch);
        self.ended.reason = reason;
        self.ended.captured = self.captured;
        self.ended.counters = self.interfaces.iter_mut().map(Interface::count).collect();
        self.ended
    }
}
