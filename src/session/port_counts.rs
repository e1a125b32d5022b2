//! Counts by port in little memory, to be asked for every packet.

/// How many of something there are, by the low bits of a port, or of what two ports make together.
///
/// In one byte each: a place where there were once 255 counts as taken for ever. There are many places, for
/// whatever falls on one that is taken is looked for in vain.
#[derive(Debug)]
pub struct PortCounts(Box<[u8; PortCounts::PLACES]>);

impl Default for PortCounts {
    fn default() -> Self {
        Self(Box::new([0; Self::PLACES]))
    }
}

impl PortCounts {
    /// Bits of a port that tell its place.
    pub const BITS: u32 = 14;
    const PLACES: usize = 1 << Self::BITS;

    /// Whether there may be one at this port; never `false` when there is.
    #[inline(always)]
    pub fn has(&self, port: u16) -> bool {
        self.0[usize::from(port) % Self::PLACES] != 0
    }

    fn at(&mut self, port: u16) -> &mut u8 {
        &mut self.0[usize::from(port) % Self::PLACES]
    }

    /// One more.
    pub fn add(&mut self, port: u16) {
        let count = self.at(port);
        *count = count.saturating_add(1);
    }

    /// One less: one that was added before.
    pub fn remove(&mut self, port: u16) {
        let count = self.at(port);
        if *count < u8::MAX {
            *count -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_none_while_there_is_one() {
        for most in [1, 254, 255, 256, 300] {
            let mut counts = PortCounts::default();
            (0..most).for_each(|_| counts.add(40_000));
            assert!(counts.has(40_000) && !counts.has(40_001));
            (1..most).for_each(|_| counts.remove(40_000));
            assert!(counts.has(40_000), "{most}");
            counts.remove(40_000);
            assert_eq!(counts.has(40_000), most >= 255);
        }
    }
}
