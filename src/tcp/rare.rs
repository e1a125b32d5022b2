//! What happens on few directions of few connections, kept apart so that the others stay small:
//! captures may hold a million connections at once.

use super::Order;
use super::milestones::{Ahead, Probes, Recovered, Reset, Unanswered, ZeroWindow};
use crate::decode::Seq;
use crate::pack::packed;

/// Facts that most directions of connections don't have. A [`Half`](super::Half) lends them as if
/// they were its own, and allocates them when the first is written.
#[derive(Clone, Debug)]
pub struct Rare {
    /// First RST.
    pub rst: Option<Reset>,
    /// Segments whose payload had all been captured before.
    pub retransmissions: u64,
    /// Segments sent out of order.
    pub out_of_order: u64,
    /// What became of those: overtaken on the way, or lost before here.
    pub order: Option<Box<Order>>,
    /// Keep-alive probes.
    pub keep_alives: u64,
    /// What was retransmitted and not acknowledged since.
    pub unanswered: Option<Unanswered>,
    /// Of what was retransmitted and acknowledged in the end: what took longest.
    pub recovered: Option<Box<Recovered>>,
    /// Keep-alives or window probes since the other side was last heard.
    pub probes: Option<Box<Probes>>,
    /// Sequence numbers say that it has sent more than was captured.
    pub ahead: Option<Box<Ahead>>,
    /// Zero windows that this side advertised (as a receiver).
    pub zero_window: ZeroWindow,
    pub(super) last_unseen_ack: Option<Seq>,
    pub(super) ack_advances: u32,
}

impl Rare {
    /// Nothing of it.
    pub(super) const NONE: Self = Self {
        rst: None,
        retransmissions: 0,
        out_of_order: 0,
        order: None,
        keep_alives: 0,
        unanswered: None,
        recovered: None,
        probes: None,
        ahead: None,
        zero_window: ZeroWindow::NONE,
        last_unseen_ack: None,
        ack_advances: 0,
    };

    /// What a half without any lends.
    pub(super) const fn none() -> &'static Self {
        static NONE: Rare = Rare::NONE;
        &NONE
    }
}

packed!(Rare {
    rst,
    retransmissions,
    out_of_order,
    order,
    keep_alives,
    unanswered,
    recovered,
    probes,
    ahead,
    zero_window,
    last_unseen_ack,
    ack_advances,
});
