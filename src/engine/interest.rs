//! Which connections are control connections by their port.

use super::control::Standing;
use crate::decode::{Endpoint, Segment};

/// The FTP control port (RFC 959).
pub const FTP: u16 = 21;
/// The port of FTP over implicit TLS (IANA: ftps).
pub const FTPS: u16 = 990;

/// The control ports.
#[derive(Debug)]
pub struct Interest {
    /// A bit for each port: every packet of unknown connections asks for two.
    ports: Box<[u64; 1024]>,
}

impl Default for Interest {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Interest {
    /// 21, 990 and `ports`.
    pub fn new(ports: &[u16]) -> Self {
        let mut all = Box::new([0; 1024]);
        for port in std::iter::once(&FTP).chain(ports) {
            all[usize::from(port / 64)] |= 1 << (port % 64);
        }
        Self { ports: all }
    }

    #[inline]
    fn contains(&self, port: u16) -> bool {
        self.ports[usize::from(port / 64)] >> (port % 64) & 1 != 0
    }

    /// A control port.
    pub fn is_control(&self, port: u16) -> bool {
        port == FTPS || self.contains(port)
    }

    #[inline]
    fn standing(&self, port: u16) -> Option<Standing> {
        if self.contains(port) {
            Some(Standing::Session)
        } else if port == FTPS {
            Some(Standing::ImplicitPort)
        } else {
            None
        }
    }

    /// The server's end of a segment of a control connection. A SYN's receiver, if both ends have
    /// such a port.
    #[inline]
    pub fn control_end(&self, s: &Segment<'_>) -> Option<(Endpoint, Standing)> {
        let own = |port: u16| self.contains(port) | (port == FTPS);
        if own(s.src.port) | own(s.dst.port) { self.server_end(s) } else { None }
    }

    #[inline(never)]
    fn server_end(&self, s: &Segment<'_>) -> Option<(Endpoint, Standing)> {
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
