//! From where a session was captured, by what its packets show.

use std::fmt;
use std::time::Duration;

use super::{Channel, Connection, Half};
use crate::decode::Endpoint;

/// Where the capture was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum VantagePoint {
    /// On the client's host or its network.
    Client,
    /// On the server's host or its network.
    Server,
    /// On a device between them.
    Between,
    /// The packets don't tell.
    #[default]
    Unknown,
}

/// The vantage point and what says so.
#[derive(Clone, Debug, Default)]
pub struct Vantage {
    /// Where.
    pub point: VantagePoint,
    /// What in the packets says so.
    pub because: Because,
}

/// What in the packets says where they were captured: one clause, without a full stop, where it is read.
#[derive(Clone, Debug, Default)]
pub enum Because {
    /// Nothing says it.
    #[default]
    Nothing,
    /// One side's TTL was lowered by no router; the other's was, or isn't known.
    Fresh {
        /// The side is the client's.
        client: bool,
        /// Its TTL.
        ttl: u8,
        /// The other side's.
        other: Option<u8>,
    },
    /// Routers lowered both TTLs.
    Lowered {
        /// The client's.
        client: u8,
        /// The server's.
        server: u8,
    },
    /// One side's answers in the handshakes take longer: the other one is near.
    Slower {
        /// The server's answers take longer.
        server: bool,
        /// How long they take.
        takes: Duration,
        /// How long the others take.
        others: Duration,
    },
    /// In other words.
    Words(Box<str>),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |client: bool| if client { ("client", "server") } else { ("server", "client") };
        let ms = |d: &Duration| d.as_secs_f64() * 1e3;
        match self {
            Self::Nothing => f.write_str("neither TTLs nor the handshake's times tell"),
            Self::Fresh { client, ttl, other } => {
                let (near, far) = names(*client);
                write!(f, "the {near}'s packets have a TTL of {ttl}, which no router has lowered")?;
                other.map_or(Ok(()), |ttl| write!(f, ", the {far}'s {ttl}"))
            }
            Self::Lowered { client, server } => {
                write!(f, "routers have lowered both TTLs (client {client}, server {server})")
            }
            Self::Slower { server, takes, others } => {
                let (slow, fast) = names(!server);
                let (takes, others) = (ms(takes), ms(others));
                write!(
                    f,
                    "in the handshakes the {slow}'s answers take {takes:.1} ms, the {fast}'s {others:.1} ms"
                )
            }
            Self::Words(text) => f.write_str(text),
        }
    }
}

/// Handshakes faster than this tell nothing: a host's own stack takes as long.
const TELLING: Duration = Duration::from_millis(1);

impl Vantage {
    /// Where the session of `client` and `server` was captured.
    ///
    /// TTLs come first: a TTL of exactly 64, 128 or 255 has crossed no router. When both sides'
    /// or neither's is known or fresh, the two steps of the handshakes decide: the one that takes
    /// next to nothing happened next to the capture. Oversized packets are no hint: segmentation
    /// offload makes them at the sender, receive offload at the receiver.
    pub fn of(
        client: Endpoint,
        server: Endpoint,
        control: &Connection,
        channels: &[Channel],
    ) -> Self {
        let data = || channels.iter().filter_map(|c| c.connection.as_deref());
        let ttl = |side: Endpoint| {
            let known = |h: &Half| h.ttl.filter(|_| !h.ttl_varies);
            known(control.from(side)).or_else(|| {
                data().find_map(|d| {
                    [d.initiator, d.responder]
                        .into_iter()
                        .find(|e| e.ip == side.ip)
                        .and_then(|e| known(d.from(e)))
                })
            })
        };
        let (c, s) = (ttl(client), ttl(server));
        let point = |point, because| Self { point, because };
        match (c, s, c.map(fresh), s.map(fresh)) {
            (Some(ttl), other @ Some(_), Some(true), Some(false)) => {
                return point(VantagePoint::Client, Because::Fresh { client: true, ttl, other });
            }
            (other @ Some(_), Some(ttl), Some(false), Some(true)) => {
                return point(VantagePoint::Server, Because::Fresh { client: false, ttl, other });
            }
            (Some(client), Some(server), Some(false), Some(false)) => {
                return point(VantagePoint::Between, Because::Lowered { client, server });
            }
            _ => {}
        }
        let (mut to_server, mut to_client) = (Duration::ZERO, Duration::ZERO);
        for connection in std::iter::once(control).chain(data()) {
            let (Some(out), Some(back)) = (connection.syn_to_syn_ack, connection.syn_ack_to_ack)
            else {
                continue;
            };
            if connection.initiator.ip == client.ip {
                to_server += out;
                to_client += back;
            } else {
                to_server += back;
                to_client += out;
            }
        }
        if to_server >= TELLING && to_server > to_client * 4 {
            let because = Because::Slower { server: true, takes: to_server, others: to_client };
            return point(VantagePoint::Client, because);
        }
        if to_client >= TELLING && to_client > to_server * 4 {
            let because = Because::Slower { server: false, takes: to_client, others: to_server };
            return point(VantagePoint::Server, because);
        }
        // One side alone was heard: its TTL still tells whether it is near.
        match (c, s) {
            (Some(ttl), None) if fresh(ttl) => {
                point(VantagePoint::Client, Because::Fresh { client: true, ttl, other: None })
            }
            (None, Some(ttl)) if fresh(ttl) => {
                point(VantagePoint::Server, Because::Fresh { client: false, ttl, other: None })
            }
            _ => Self::default(),
        }
    }
}

/// No router has lowered it: the initial values in use (RFC 1700's 64; Windows' 128; 255).
fn fresh(ttl: u8) -> bool {
    matches!(ttl, 64 | 128 | 255)
}
