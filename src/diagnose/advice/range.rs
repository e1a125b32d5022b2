//! The range of passive ports to open: around what the server announced.

use std::fmt;

use super::super::Context;
use crate::session::Mode;

/// First and last port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub first: u16,
    pub last: u16,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Where nothing tells: for a server that takes any port.
const USUAL: Range = Range { first: 50_000, last: 50_100 };

/// Ports further apart than this come from no range that someone chose.
const NARROW: u16 = 1000;

/// The hundreds that hold all passive ports that the server announced in this session.
pub fn passive(ctx: &Context<'_>) -> Range {
    let s = ctx.session;
    let announced = s.channels.iter().filter(|c| c.mode == Mode::Passive).filter_map(|c| {
        let advertised = c.announcement.as_ref().and_then(|a| a.advertised);
        let dialled = || c.connection.as_deref().map(|d| d.responder);
        advertised.or_else(dialled).map(|e| e.port).filter(|p| *p >= 1024)
    });
    around(announced)
}

/// The hundreds that hold these ports.
pub fn around(ports: impl Iterator<Item = u16> + Clone) -> Range {
    let (Some(low), Some(high)) = (ports.clone().min(), ports.max()) else { return USUAL };
    if high - low > NARROW {
        return USUAL;
    }
    let first = (low / 100 * 100).max(1024);
    let last = (high / 100 * 100).saturating_add(100);
    Range { first, last: if last < high { u16::MAX } else { last } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundreds_around_what_was_announced() {
        let of = |ports: &[u16]| around(ports.iter().copied()).to_string();
        assert_eq!(of(&[50012]), "50000-50100");
        assert_eq!(of(&[50012, 50100]), "50000-50200");
        assert_eq!(of(&[1030]), "1024-1100");
        assert_eq!(of(&[65533]), "65500-65535");
        assert_eq!(of(&[65499]), "65400-65500");
        assert_eq!(of(&[33012, 58123]), "50000-50100", "any port");
        assert_eq!(of(&[]), "50000-50100");
    }
}
