//! Sequence numbers that no longer fit the bytes: something on the way changed a segment's length
//! and left the numbers after it as they were.

use crate::capture::Moment;

/// A rewritten address or port changes the length by less.
const MOST: u64 = 64;
/// The numbers of packets that overtake each other differ for less time than this.
const SETTLED: std::time::Duration = std::time::Duration::from_millis(200);

/// How it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftSeen {
    /// The other side acknowledged more bytes than this side sent, and this side sends again what
    /// was acknowledged: changed behind this place.
    Acknowledged,
    /// This side's packets without payload are numbered lower than what it had sent: changed
    /// before this place.
    Numbered,
}

/// What one side sent has another length where it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Shift {
    /// How it shows here.
    pub seen: ShiftSeen,
    /// By how many bytes.
    pub by: u32,
    /// The first packet that shows it.
    pub first: Moment,
    /// The latest one.
    pub last: Moment,
    /// How often it showed, by bytes sent again or by packets numbered too low.
    pub times: u32,
}

impl Shift {
    /// An acknowledgment of `acked` when this side has sent up to `end`.
    pub(super) fn acknowledged(acked: u64, end: Option<u64>, at: Moment) -> Option<Box<Self>> {
        let by = acked.checked_sub(end?).filter(|by| (1..=MOST).contains(by))?;
        let by = u32::try_from(by).ok()?;
        Some(Box::new(Self { seen: ShiftSeen::Acknowledged, by, first: at, last: at, times: 0 }))
    }

    /// A packet without payload at `offset` when this side has sent up to `end`, last at `sent`.
    pub(super) fn numbered(
        known: &mut Option<Box<Self>>,
        offset: u64,
        (end, sent): (Option<u64>, Option<Moment>),
        at: Moment,
    ) {
        // One lower is a keep-alive.
        let by = end.and_then(|e| e.checked_sub(offset)).filter(|by| (2..=MOST).contains(by));
        let settled = sent.is_some_and(|s| at.time.since(s.time) > SETTLED);
        let Some(by) = by.and_then(|by| u32::try_from(by).ok()).filter(|_| settled) else { return };
        let seen = ShiftSeen::Numbered;
        match known {
            Some(s) if s.seen == seen && s.by == by => {
                s.last = at;
                s.times += 1;
            }
            _ => *known = Some(Box::new(Self { seen, by, first: at, last: at, times: 1 })),
        }
    }

    /// New payload at `offset` when this side has sent up to `end`: where its numbers fit, there was
    /// no shift, only bytes or an order that the capture missed.
    pub(super) fn continued(
        known: &mut Option<Box<Self>>,
        offset: u64,
        (end, acked): (Option<u64>, Option<u64>),
        at: Moment,
    ) {
        let fits = known.as_ref().is_some_and(|s| match s.seen {
            ShiftSeen::Acknowledged => {
                acked.is_none_or(|a| offset >= a) || at.time.since(s.first.time) < SETTLED
            }
            ShiftSeen::Numbered => end.is_none_or(|e| offset >= e),
        });
        if fits {
            *known = None;
        }
    }

    /// Bytes are sent again that had been acknowledged.
    pub(super) fn again(known: &mut Option<Box<Self>>, at: Moment) {
        if let Some(s) = known.as_mut().filter(|s| s.seen == ShiftSeen::Acknowledged) {
            s.last = at;
            s.times += 1;
        }
    }
}
