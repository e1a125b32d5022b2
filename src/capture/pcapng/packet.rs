//! The bodies of the three blocks that carry a packet.

use super::interface::Interface;
use super::order::Order;

/// What an obsolete block's drop count says when it isn't known.
const DROPS_UNKNOWN: u16 = 0xffff;
/// Bytes in front of the data of enhanced and obsolete packets.
const FIXED: usize = 20;

/// What a packet block says, before its data.
pub(super) struct PacketFields {
    pub(super) interface: usize,
    /// `None` where the block has no time.
    pub(super) ticks: Option<u64>,
    pub(super) captured: usize,
    pub(super) wire: u32,
    /// Where data begins in the block's body.
    pub(super) data_at: usize,
    /// Packets that the interface lost since its last packet.
    pub(super) dropped: u64,
}

/// Enhanced Packet Block.
#[inline]
pub(super) fn enhanced(order: Order, body: &[u8]) -> Result<PacketFields, String> {
    let id = order.u32(body, 0).unwrap_or_default();
    timed(order, id as usize, body)
}

/// Packet Block: obsolete, with a 16-bit interface and a count of packets lost before it.
pub(super) fn obsolete(order: Order, body: &[u8]) -> Result<PacketFields, String> {
    let id = order.u16(body, 0).unwrap_or_default();
    let dropped = order.u16(body, 2).filter(|count| *count != DROPS_UNKNOWN).unwrap_or_default();
    let fields = timed(order, usize::from(id), body)?;
    Ok(PacketFields { dropped: u64::from(dropped), ..fields })
}

/// Simple Packet Block: no time, no captured length; always of the first interface.
pub(super) fn simple(
    order: Order,
    first: Option<&Interface>,
    body: &[u8],
) -> Result<PacketFields, String> {
    let Some(wire) = order.u32(body, 0) else { return Err(short(body)) };
    let limit = match first {
        Some(Interface { snaplen, .. }) if *snaplen > 0 => *snaplen as usize,
        _ => usize::MAX,
    };
    let captured = (wire as usize).min(limit).min(body.len() - 4);
    Ok(PacketFields { interface: 0, ticks: None, captured, wire, data_at: 4, dropped: 0 })
}

/// What enhanced and obsolete blocks have in common, if the captured length fits the block.
#[inline]
fn timed(order: Order, interface: usize, body: &[u8]) -> Result<PacketFields, String> {
    let word = |at| order.u32(body, at);
    let (Some(high), Some(low), Some(captured), Some(wire)) =
        (word(4), word(8), word(12), word(16))
    else {
        return Err(short(body));
    };
    let room = body.len() - FIXED;
    if captured as usize > room {
        return Err(format!("packet says {captured} bytes, its block holds {room}"));
    }
    Ok(PacketFields {
        interface,
        ticks: Some(u64::from(high) << 32 | u64::from(low)),
        captured: captured as usize,
        wire,
        data_at: FIXED,
        dropped: 0,
    })
}

fn short(body: &[u8]) -> String {
    format!("packet block with only {} bytes", body.len())
}
