//! Reassembly of IPv4 and IPv6 datagrams from fragments (RFC 791, RFC 8200 section 4.5).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use hashbrown::HashMap;

use super::ip::{self, Header};
use super::view::View;
use super::{Decoded, Scope};
use crate::capture::Timestamp;

/// How long a datagram may take, by capture time: what Linux allows, within the 60 s at most of
/// RFC 8200.
const LIFETIME: Duration = Duration::from_secs(30);
/// Datagrams waiting for fragments.
const MAX_DATAGRAMS: usize = 1024;
/// Bytes held for all of them.
const MAX_BYTES: usize = 8 << 20;
/// Pieces of one datagram; the smallest link that IP allows needs far fewer.
const MAX_PIECES: usize = 1024;
/// What a piece costs beside its bytes, roughly.
const PIECE_OVERHEAD: usize = 64;
/// The longest payload that offset and length fields can make of fragments.
const MAX_PAYLOAD: usize = 65535;

/// Which datagram a fragment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    src: IpAddr,
    dst: IpAddr,
    id: u32,
    /// IPv4 only: in IPv6 the fragments of one datagram may differ in it.
    protocol: Option<u8>,
}

impl Key {
    pub fn v4(header: &Header, protocol: u8) -> Self {
        let id = u32::from(header.id.unwrap_or_default());
        Self { src: header.src, dst: header.dst, id, protocol: Some(protocol) }
    }

    pub fn v6(header: &Header, id: u32) -> Self {
        Self { src: header.src, dst: header.dst, id, protocol: None }
    }
}

/// One fragment of a datagram's payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    /// Where in the payload it starts, in bytes.
    pub offset: usize,
    /// No more fragments follow it.
    pub last: bool,
    /// Its bytes.
    pub view: View<'a>,
}

/// A datagram that is whole again.
#[derive(Debug)]
pub(super) struct Datagram {
    header: Header,
    protocol: u8,
    /// The payload up to the first byte that wasn't captured.
    data: Vec<u8>,
    /// Length of the whole payload in bytes.
    wire: usize,
}

impl Datagram {
    /// What it holds.
    pub fn decode(&self, scope: &mut Scope<'_>) -> Option<Decoded<'_>> {
        ip::payload(self.protocol, View::new(&self.data, self.wire), &self.header, scope)
    }
}

/// Holds fragments until their datagram is complete, too old, or pushed out by newer ones.
#[derive(Debug, Default)]
pub(super) struct Defragmenter {
    waiting: HashMap<Key, Partial, foldhash::fast::RandomState>,
    /// The same datagrams in the order in which they began.
    ages: BTreeMap<u64, Key>,
    next_serial: u64,
    bytes: usize,
    completed: Option<Datagram>,
}

impl Defragmenter {
    /// Keeps a fragment. When it completes its datagram, that is there to be
    /// [taken](Self::take_completed).
    pub fn add(
        &mut self,
        key: Key,
        header: &Header,
        protocol: u8,
        fragment: Fragment<'_>,
        now: Timestamp,
    ) {
        let end = fragment.offset.saturating_add(fragment.view.wire);
        // RFC 8200 drops both; kept, the second kind could never be completed.
        if end > MAX_PAYLOAD || (!fragment.last && !fragment.view.wire.is_multiple_of(8)) {
            return;
        }
        self.expire(key, now);
        let partial = self.waiting.entry(key).or_insert_with(|| {
            let serial = self.next_serial;
            self.next_serial += 1;
            self.ages.insert(serial, key);
            Partial::new(serial, now)
        });
        if fragment.offset == 0 && partial.first.is_none() {
            partial.first = Some((*header, protocol));
        }
        if fragment.last && partial.total.is_none() {
            partial.total = Some(end);
        }
        let before = partial.bytes;
        partial.fill(fragment.offset, fragment.view);
        self.bytes += partial.bytes - before;
        if partial.pieces.len() > MAX_PIECES {
            self.forget(key);
        } else if partial.is_complete() {
            self.completed = self.forget(key).and_then(Partial::join);
        }
        self.evict();
    }

    /// The datagram that the last fragment completed.
    pub fn take_completed(&mut self) -> Option<Datagram> {
        self.completed.take()
    }

    /// Forgets what is too old; `key` is looked at too, for captures whose time runs backwards.
    fn expire(&mut self, key: Key, now: Timestamp) {
        let too_old = |partial: &Partial| now.since(partial.began) > LIFETIME;
        while let Some((_, &oldest)) = self.ages.first_key_value()
            && self.waiting.get(&oldest).is_none_or(too_old)
        {
            self.ages.pop_first();
            self.forget(oldest);
        }
        if self.waiting.get(&key).is_some_and(too_old) {
            self.forget(key);
        }
    }

    /// Makes room, oldest first.
    fn evict(&mut self) {
        while self.waiting.len() > MAX_DATAGRAMS || self.bytes > MAX_BYTES {
            let Some((_, oldest)) = self.ages.pop_first() else { break };
            self.forget(oldest);
        }
    }

    #[cfg(test)]
    pub fn held_bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub fn held_datagrams(&self) -> usize {
        assert_eq!(self.ages.len(), self.waiting.len());
        self.waiting.len()
    }

    fn forget(&mut self, key: Key) -> Option<Partial> {
        let partial = self.waiting.remove(&key)?;
        self.ages.remove(&partial.serial);
        self.bytes = self.bytes.saturating_sub(partial.bytes);
        Some(partial)
    }
}

/// A datagram that lacks fragments.
#[derive(Debug)]
struct Partial {
    serial: u64,
    began: Timestamp,
    /// Header and protocol of the fragment at offset 0, which count for the datagram.
    first: Option<(Header, u8)>,
    /// Length of the payload, known from the last fragment.
    total: Option<usize>,
    /// In order, without overlap.
    pieces: Vec<Piece>,
    bytes: usize,
}

/// A stretch of the payload.
#[derive(Debug)]
struct Piece {
    start: usize,
    end: usize,
    /// Shorter than the stretch when the packet was cut.
    data: Vec<u8>,
}

impl Partial {
    fn new(serial: u64, began: Timestamp) -> Self {
        Self { serial, began, first: None, total: None, pieces: Vec::new(), bytes: 0 }
    }

    /// Fills what is still open between `offset` and the end of `view`; where fragments overlap,
    /// what came first stays.
    fn fill(&mut self, offset: usize, view: View<'_>) {
        let end = offset.saturating_add(view.wire);
        let mut open = Vec::new();
        let mut at = offset;
        for piece in &self.pieces {
            if piece.start >= end {
                break;
            }
            if piece.start > at {
                open.push((at, piece.start));
            }
            at = at.max(piece.end);
        }
        if at < end {
            open.push((at, end));
        }
        for (start, end) in open {
            let from = (start - offset).min(view.data.len());
            let to = (end - offset).min(view.data.len());
            let data = view.data.get(from..to).unwrap_or_default().to_vec();
            self.bytes += data.len() + PIECE_OVERHEAD;
            let place = self.pieces.partition_point(|piece| piece.start < start);
            self.pieces.insert(place, Piece { start, end, data });
        }
    }

    fn is_complete(&self) -> bool {
        let Some(total) = self.total else { return false };
        let mut at = 0;
        for piece in &self.pieces {
            if piece.start > at {
                break;
            }
            at = piece.end;
        }
        at >= total && self.first.is_some()
    }

    fn join(self) -> Option<Datagram> {
        let (header, protocol) = self.first?;
        let wire = self.total?;
        let mut data = Vec::with_capacity(wire);
        for piece in &self.pieces {
            data.extend_from_slice(&piece.data);
            if piece.data.len() < piece.end - piece.start {
                break;
            }
        }
        data.truncate(wire);
        Some(Datagram { header, protocol, data, wire })
    }
}
