//! Which connections are control connections by their port.

use super::control::Standing;
use crate::decode::{Endpoint, Segment};

/// The FTP control port (RFC 959).
pub const FTP: u16 = 21;
/// The port of FTP over implicit TLS (IANA: ftps).
pub const FTPS: u16 = 990;

/// The control ports.
#[derive(Debug, Default)]
pub struct Interest {
    ports: Vec<u16>,
}

impl Interest {
    /// 21, 990 and `ports`.
    pub fn new(ports: &[u16]) -> Self {
        let mut all = vec![FTP];
        all.extend_from_slice(ports);
        Self { ports: all }
    }

    /// A control port.
    pub fn is_control(&self, port: u16) -> bool {
        port == FTPS || self.ports.contains(&port)
    }

    fn standing(&self, port: u16) -> Option<Standing> {
        if self.ports.contains(&port) {
            Some(Standing::Session)
        } else if port == FTPS {
            Some(Standing::ImplicitPort)
        } else {
            None
        }
    }

    /// The server's end of a segment of a control connection. A SYN's receiver, if both ends have
    /// such a port.
    pub fn control_end(&self, s: &Segment<'_>) -> Option<(Endpoint, Standing)> {
        let dst = self.standing(s.dst.port).map(|standing| (s.dst, standing));
        let src = self.standing(s.src.port).map(|standing| (s.src, standing));
        if s.flags.syn() {
            // A SYN from port 21 opens no control connection of that server: data of a server
            // whose control port is 22 comes from there.
            return if s.flags.ack() { src } else { dst };
        }
        dst.or(src)
    }
}
