//! A decoded packet in few bytes: those of files are mostly such.

use std::net::{IpAddr, Ipv4Addr};

use prefetch_index::prefetch_index;

use super::flows::FlowKey;
use crate::capture::{FrameRef, Moment, Timestamp};
use crate::decode::{Endpoint, Flags, Headers, Segment, Seq, SynOptions};
use crate::ftp::recognise::looks_like_greeting;

/// A segment over IPv4. Of a SYN, which has no payload, the options stand where other segments' payload does.
pub(super) struct Brief {
    /// When it was.
    pub(super) time: Timestamp,
    /// So many packets behind the first of the batch, those counted that were left out.
    behind: u32,
    payload: Text,
    src: Ipv4Addr,
    dst: Ipv4Addr,
    seq: Seq,
    ack: Seq,
    ports: (u16, u16),
    window: u16,
    ip_id: u16,
    checksum: u16,
    payload_len: u16,
    captured: u16,
    flags: Flags,
    ttl: u8,
}

/// Where payload begins in the window, and in the highest bit whether it looks like a greeting: the engine
/// asks that of nearly every packet, and must not have to fetch the payload for it.
#[derive(Clone, Copy)]
struct Text(u32);

impl Text {
    const GREETS: u32 = 1 << 31;

    #[inline(always)]
    fn of(payload: &[u8], window: Bytes) -> Option<Self> {
        let at = window.place_of(payload).filter(|at| at & Self::GREETS == 0)?;
        Some(Self(if looks_like_greeting(payload) { at | Self::GREETS } else { at }))
    }

    /// Beside the maximum segment size, what the options of a SYN say.
    fn of_options(options: SynOptions) -> (Self, u16) {
        let SynOptions { mss, window_scale, sack } = options;
        let there = [mss.is_some(), window_scale.is_some(), sack];
        let marks = there.iter().fold(0, |all, mark| all << 1 | u32::from(*mark));
        (Self(marks << 8 | u32::from(window_scale.unwrap_or_default())), mss.unwrap_or_default())
    }

    fn options(self, mss: u16) -> SynOptions {
        SynOptions {
            mss: (self.0 & 0x400 != 0).then_some(mss),
            window_scale: (self.0 & 0x200 != 0).then_some(self.0 as u8),
            sack: self.0 & 0x100 != 0,
        }
    }

    fn at(self) -> usize {
        (self.0 & !Self::GREETS) as usize
    }

    fn greets(self) -> bool {
        self.0 & Self::GREETS != 0
    }
}

impl Brief {
    /// Its payload looks like a server's greeting.
    #[inline(always)]
    pub(super) fn greets(&self) -> bool {
        self.payload.greets()
    }

    /// Of a segment that is no SYN. `None` of one that holds more.
    #[inline(always)]
    pub(super) fn of(h: &Headers<'_>, time: Timestamp, behind: u32, window: Bytes) -> Option<Self> {
        let payload_len = u16::try_from(h.payload_len).ok()?;
        let captured = u16::try_from(h.payload().len()).ok()?;
        Some(Self {
            time,
            behind,
            payload: Text::of(h.payload(), window)?,
            src: h.src(),
            dst: h.dst(),
            seq: h.seq(),
            ack: h.ack(),
            ports: h.ports(),
            window: h.window(),
            ip_id: h.ip_id(),
            checksum: h.checksum(),
            payload_len,
            captured,
            flags: h.flags(),
            ttl: h.ttl(),
        })
    }

    /// Of a SYN. `None` of one that holds more, and of other segments.
    pub(super) fn of_syn(s: &Segment<'_>, time: Timestamp, behind: u32) -> Option<Self> {
        let (IpAddr::V4(src), IpAddr::V4(dst), Some(ip_id)) = (s.src.ip, s.dst.ip, s.ip_id) else {
            return None;
        };
        if !s.flags.syn() || s.payload_len > 0 {
            return None;
        }
        let (payload, payload_len) = Text::of_options(s.syn_options);
        Some(Self {
            time,
            behind,
            payload,
            src,
            dst,
            seq: s.seq,
            ack: s.ack,
            ports: (s.src.port, s.dst.port),
            window: s.window,
            ip_id,
            checksum: s.checksum,
            payload_len,
            captured: 0,
            flags: s.flags,
            ttl: s.ttl,
        })
    }

    /// When it was, `first` being when the first packet of its batch was.
    #[inline(always)]
    pub(super) fn moment(&self, first: Moment) -> Moment {
        moment(first, self.behind, self.time)
    }

    /// The flow that it is of.
    #[inline]
    pub(super) fn flow(&self) -> FlowKey {
        FlowKey::v4((self.src, self.ports.0), (self.dst, self.ports.1))
    }

    /// Begins to fetch its payload.
    #[inline(always)]
    pub(super) fn fetch(&self, window: &[u8]) {
        prefetch_index(window, self.payload.at());
    }

    /// What it holds, its payload standing in `window`.
    #[inline(always)]
    pub(super) fn segment<'w>(&self, window: &'w [u8]) -> Segment<'w> {
        let (payload, payload_len, syn_options) = if self.flags.syn() {
            (&[][..], 0, self.payload.options(self.payload_len))
        } else {
            let from = self.payload.at();
            let payload = window.get(from..from + usize::from(self.captured)).unwrap_or_default();
            (payload, self.payload_len.into(), SynOptions::default())
        };
        Segment {
            src: Endpoint { ip: IpAddr::V4(self.src), port: self.ports.0 },
            dst: Endpoint { ip: IpAddr::V4(self.dst), port: self.ports.1 },
            seq: self.seq,
            ack: self.ack,
            flags: self.flags,
            window: self.window,
            ttl: self.ttl,
            ip_id: Some(self.ip_id),
            checksum: self.checksum,
            syn_options,
            payload,
            payload_len,
        }
    }
}

/// When a packet was that stands so many behind another one.
#[inline(always)]
pub(super) fn moment(first: Moment, behind: u32, time: Timestamp) -> Moment {
    let Moment { order, frame, .. } = first;
    let frame = FrameRef { number: frame.number.saturating_add(behind), ..frame };
    Moment { order: order + u64::from(behind), time, frame }
}

/// Where bytes stand, not which.
#[derive(Clone, Copy)]
pub(super) struct Bytes {
    at: usize,
    len: usize,
}

impl Bytes {
    /// Those of a slice.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { at: bytes.as_ptr().addr(), len: bytes.len() }
    }

    /// Where in these bytes others stand. Of no bytes at all it doesn't matter.
    #[inline]
    pub(super) fn place_of(self, part: &[u8]) -> Option<u32> {
        if part.is_empty() {
            return Some(0);
        }
        let at = part.as_ptr().addr().checked_sub(self.at)?;
        if at + part.len() <= self.len { u32::try_from(at).ok() } else { None }
    }
}
