//! One interface being captured on.

use std::os::fd::{AsFd, BorrowedFd};

use pcap::{Active, Capture, Linktype, Precision};

use super::error::words;
use super::filter::expressions;
use super::{Batch, Counters, LiveError, LiveOptions};
use crate::capture::{LinkType, Timestamp};

/// The longest packet there is with segmentation offload, as tcpdump's.
const SNAP_LENGTH: i32 = 262_144;
/// How long the kernel collects packets before it hands them over, in milliseconds.
///
/// libpcap's immediate mode would hand over each packet at once, but for that it uses a ring of
/// fixed slots (TPACKET_V2), each large enough for the longest packet: 64 KiB on Ethernet, the snap
/// length on `any`, so that 16 MiB hold 256 packets or 64. With the ring of blocks (TPACKET_V3)
/// they hold as many as fit, and a few milliseconds are immediate enough.
const HAND_OVER: i32 = 10;
/// Packets taken at a time.
pub(super) const AT_A_TIME: usize = 4096;

/// What came of reading.
#[derive(Debug)]
pub(super) enum Read {
    /// So many packets.
    Packets(usize),
    /// The interface is no longer there.
    Gone,
    /// It is down, and may come up again: the handle stays.
    Down,
    /// Reading failed: what libpcap says.
    Failed(String),
}

/// An open interface.
pub(super) struct Interface {
    pub(super) name: String,
    index: usize,
    /// `None` while there is none.
    capture: Option<Capture<Active>>,
    link: LinkType,
    /// The filter in the kernel.
    pub(super) filter: String,
    nanos: bool,
    counters: Counters,
    last_stat: pcap::Stat,
}

/// What a file says about an interface.
#[derive(Clone, Debug)]
pub struct InterfaceFacts {
    /// Its name.
    pub name: String,
    /// What its packets begin with.
    pub link: LinkType,
    /// The filter in the kernel.
    pub filter: String,
    /// The snap length.
    pub snap_length: u32,
}

const NO_STAT: pcap::Stat = pcap::Stat { received: 0, dropped: 0, if_dropped: 0 };

impl Interface {
    pub(super) fn open(name: &str, index: usize, options: &LiveOptions) -> Result<Self, LiveError> {
        let mut interface = Self {
            name: name.to_owned(),
            index,
            capture: None,
            link: LinkType::ETHERNET,
            filter: String::new(),
            // The crate doesn't tell whether it was granted; on Linux it always is.
            nanos: cfg!(target_os = "linux"),
            counters: Counters::default(),
            last_stat: NO_STAT,
        };
        interface.reopen(options)?;
        Ok(interface)
    }

    /// Opens it, or opens it again after it was made anew.
    pub(super) fn reopen(&mut self, options: &LiveOptions) -> Result<(), LiveError> {
        let mut capture = self.activate(options, options.promiscuous)?;
        self.link = self.choose_link(&mut capture, options.link_type.as_deref())?;
        self.set_filter(&mut capture, options.filter.as_deref())?;
        let capture = capture.setnonblock().map_err(|e| self.other(&e))?;
        self.last_stat = NO_STAT;
        self.capture = Some(capture);
        Ok(())
    }

    fn activate(
        &self,
        options: &LiveOptions,
        promiscuous: bool,
    ) -> Result<Capture<Active>, LiveError> {
        let on_opening = |e: &pcap::Error| LiveError::on_opening(&self.name, e);
        let inactive = Capture::from_device(self.name.as_str()).map_err(|e| on_opening(&e))?;
        let mut inactive = inactive
            .snaplen(SNAP_LENGTH)
            .buffer_size(i32::try_from(options.buffer_size).unwrap_or(i32::MAX))
            .timeout(HAND_OVER)
            .promisc(promiscuous);
        if self.nanos {
            inactive = inactive.precision(Precision::Nano);
        }
        match inactive.open() {
            Ok(capture) => Ok(capture),
            // A mere warning is an error to the crate, and some interfaces know no promiscuous mode.
            Err(e) => match on_opening(&e) {
                LiveError::Other { .. } if promiscuous => self.activate(options, false),
                error => Err(error),
            },
        }
    }

    /// SLL2 where it is offered: it says on which interface a packet of `any` was seen.
    fn choose_link(
        &self,
        capture: &mut Capture<Active>,
        wanted: Option<&str>,
    ) -> Result<LinkType, LiveError> {
        let offered = capture.list_datalinks().unwrap_or_default();
        let sll2 = Linktype(i32::from(LinkType::LINUX_SLL2.0));
        let mut chosen = capture.get_datalink();
        if let Some(name) = wanted {
            let known = Linktype::from_name(name).ok();
            let Some(link) = known.filter(|l| offered.contains(l) || *l == chosen) else {
                let names = offered.iter().filter_map(|l| l.get_name().ok());
                return Err(LiveError::LinkType {
                    interface: self.name.clone(),
                    name: name.to_owned(),
                    offered: names.collect::<Vec<_>>().join(", "),
                });
            };
            chosen = link;
        } else if chosen == Linktype(i32::from(LinkType::LINUX_SLL.0)) && offered.contains(&sll2) {
            chosen = sll2;
        }
        if chosen != capture.get_datalink() {
            capture.set_datalink(chosen).map_err(|e| self.other(&e))?;
        }
        // The host's DLT_ values are the file's LINKTYPE_ values, but for the oldest ones.
        Ok(LinkType::from_file(u32::try_from(chosen.0).unwrap_or(0)))
    }

    fn set_filter(
        &mut self,
        capture: &mut Capture<Active>,
        own: Option<&str>,
    ) -> Result<(), LiveError> {
        let mut result = Ok(());
        for expression in expressions(own) {
            match capture.filter(&expression, true) {
                Ok(()) => {
                    self.filter = expression;
                    return Ok(());
                }
                Err(e) => {
                    result = Err(LiveError::Filter {
                        interface: self.name.clone(),
                        expression,
                        error: words(&e),
                    });
                }
            }
        }
        result
    }

    fn other(&self, error: &pcap::Error) -> LiveError {
        LiveError::Other { interface: self.name.clone(), error: words(error) }
    }

    /// The handle to wait for; `None` while there is none.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.capture.as_ref().map(AsFd::as_fd)
    }

    /// Takes what has arrived, without waiting.
    pub(super) fn read(&mut self, batch: &mut Batch) -> Read {
        let Some(capture) = &mut self.capture else { return Read::Packets(0) };
        let (index, link, nanos) = (self.index, self.link, self.nanos);
        #[allow(clippy::useless_conversion, reason = "the fields are narrower elsewhere")]
        let result = capture.dispatch(Some(AT_A_TIME), |packet| {
            let header = packet.header;
            let fraction = i64::from(header.ts.tv_usec) * if nanos { 1 } else { 1000 };
            let seconds = i64::from(header.ts.tv_sec);
            let time = seconds.saturating_mul(1_000_000_000).saturating_add(fraction);
            batch.push(index, link, Timestamp::from_nanos(time), header.len, packet.data);
        });
        match result {
            Ok(count) => Read::Packets(count),
            Err(e) => {
                let text = words(&e);
                match text.as_str() {
                    text if text.contains("disappeared") => Read::Gone,
                    text if text.contains("went down") || text.contains("is down") => Read::Down,
                    _ => Read::Failed(text),
                }
            }
        }
    }

    /// Lets go of the handle.
    pub(super) fn close(&mut self) {
        self.count();
        self.capture = None;
    }

    pub(super) fn is_open(&self) -> bool {
        self.capture.is_some()
    }

    /// Reads the kernel's counters, which wrap.
    pub(super) fn count(&mut self) -> Counters {
        if let Some(capture) = &mut self.capture
            && let Ok(stat) = capture.stats()
        {
            let last = std::mem::replace(&mut self.last_stat, stat);
            let more = |new: u32, old: u32| u64::from(new.wrapping_sub(old));
            self.counters.received += more(stat.received, last.received);
            self.counters.dropped += more(stat.dropped, last.dropped);
            self.counters.interface_dropped += more(stat.if_dropped, last.if_dropped);
        }
        self.counters
    }

    pub(super) fn facts(&self) -> InterfaceFacts {
        InterfaceFacts {
            name: self.name.clone(),
            link: self.link,
            filter: self.filter.clone(),
            snap_length: SNAP_LENGTH.unsigned_abs(),
        }
    }
}
