//! Counts by port in little memory, to be asked for every packet.

/// How many of something there are, by the low bits of a port, or of what two ports make together.
#[derive(Debug)]
pub struct PortCounts(Box<[u32; 2048]>);

impl Default for PortCounts {
    fn default() -> Self {
        Self(Box::new([0; 2048]))
    }
}

impl PortCounts {
    /// How many there are at ports with the same low bits.
    #[inline(always)]
    pub fn at(&self, port: u16) -> u32 {
        self.0[usize::from(port) % 2048]
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, port: u16) -> &mut u32 {
        &mut self.0[usize::from(port) % 2048]
    }
}
