//! The server's question to the client's host, who is there (RFC 1413).

use crate::capture::Moment;

/// SYNs of the server to port 113 of the client's host, between handshake and greeting.
#[derive(Clone, Copy, Debug)]
pub struct Ident {
    /// The first SYN.
    pub first: Moment,
    /// The last one.
    pub last: Moment,
    /// How many.
    pub syns: u32,
    /// The first packet of an answer, and whether it was a SYN-ACK.
    pub answer: Option<(Moment, bool)>,
}
