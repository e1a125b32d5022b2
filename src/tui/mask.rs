//! Passwords stay masked in raw packets as well.

use crate::decode::{Decoded, Segment};
use crate::session::{MessageKind, Session};

/// Where in a packet's captured bytes a password may stand: from, to.
///
/// The argument of PASS (or ACCT) in the packet itself; and, as a password may be split over
/// packets, everything the client sent after the command before it and up to it.
pub fn secret(
    decoded: &Decoded<'_>,
    data: &[u8],
    order: Option<u32>,
    session: Option<&Session>,
) -> Option<(usize, usize)> {
    let Decoded::Segment(segment) = decoded else { return None };
    let from = offset(segment, data)?;
    let end = from + segment.payload.len();
    let text = segment.payload.to_ascii_uppercase();
    for verb in [&b"PASS "[..], b"ACCT "] {
        let starts = |i: usize| i == 0 || text.get(i - 1) == Some(&b'\n');
        let mut places =
            (0..text.len()).filter(|i| text.get(*i..).is_some_and(|t| t.starts_with(verb)));
        if let Some(at) = places.find(|i| starts(*i)) {
            return Some((from + at + verb.len(), end));
        }
    }
    let session = session?;
    let number = order?;
    if segment.src != session.client || segment.dst != session.server {
        return None;
    }
    // The first message of the client at or after this packet.
    let said = session.script.messages.iter().filter(|m| m.from_client());
    let next = said.clone().find(|m| m.at.frame.number >= number)?;
    let split = match next.kind {
        MessageKind::Command(i) => session
            .script
            .exchanges
            .get(i as usize)
            .is_some_and(|e| matches!(e.verb.as_str(), "PASS" | "ACCT")),
        _ => false,
    };
    (split && end > from).then_some((from, end))
}

/// Where the payload stands in the packet's bytes; `None` when it is empty or was put together of
/// fragments.
fn offset(segment: &Segment<'_>, data: &[u8]) -> Option<usize> {
    if segment.payload.is_empty() {
        return None;
    }
    let at = (segment.payload.as_ptr() as usize).checked_sub(data.as_ptr() as usize)?;
    data.get(at..at + segment.payload.len()).map(|_| at)
}
