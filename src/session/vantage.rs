//! From where a session was captured, by what its packets show.

use std::borrow::Cow;
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
    /// One clause, without a full stop: what in the packets says so.
    pub because: Cow<'static, str>,
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
        let point = |point, because: String| Self { point, because: because.into() };
        match (c, s, c.map(fresh), s.map(fresh)) {
            (Some(c), Some(s), Some(true), Some(false)) => {
                return point(
                    VantagePoint::Client,
                    format!(
                        "the client's packets have a TTL of {c}, which no router has lowered, the server's {s}"
                    ),
                );
            }
            (Some(c), Some(s), Some(false), Some(true)) => {
                return point(
                    VantagePoint::Server,
                    format!(
                        "the server's packets have a TTL of {s}, which no router has lowered, the client's {c}"
                    ),
                );
            }
            (Some(c), Some(s), Some(false), Some(false)) => {
                return point(
                    VantagePoint::Between,
                    format!("routers have lowered both TTLs (client {c}, server {s})"),
                );
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
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        if to_server >= TELLING && to_server > to_client * 4 {
            return point(
                VantagePoint::Client,
                format!(
                    "in the handshakes the server's answers take {:.1} ms, the client's {:.1} ms",
                    ms(to_server),
                    ms(to_client)
                ),
            );
        }
        if to_client >= TELLING && to_client > to_server * 4 {
            return point(
                VantagePoint::Server,
                format!(
                    "in the handshakes the client's answers take {:.1} ms, the server's {:.1} ms",
                    ms(to_client),
                    ms(to_server)
                ),
            );
        }
        // One side alone was heard: its TTL still tells whether it is near.
        match (c, s) {
            (Some(c), None) if fresh(c) => point(
                VantagePoint::Client,
                format!("the client's packets have a TTL of {c}, which no router has lowered"),
            ),
            (None, Some(s)) if fresh(s) => point(
                VantagePoint::Server,
                format!("the server's packets have a TTL of {s}, which no router has lowered"),
            ),
            _ => Self {
                point: VantagePoint::Unknown,
                because: "neither TTLs nor the handshake's times tell".into(),
            },
        }
    }
}

/// No router has lowered it: the initial values in use (RFC 1700's 64; Windows' 128; 255).
fn fresh(ttl: u8) -> bool {
    matches!(ttl, 64 | 128 | 255)
}
