//! Counts by TCP port, for every segment of a capture.

use prefetch_index::prefetch_index;

/// How many by port. Counting costs two loads and a store however many ports there are, and memory
/// only for the ranges of ports that occur.
#[derive(Clone, Debug)]
pub struct Ports {
    /// By the port's high byte, then by its low one.
    pages: Box<[Option<Box<[u64; 256]>>; 256]>,
}

impl Default for Ports {
    fn default() -> Self {
        Self { pages: Box::new([const { None }; 256]) }
    }
}

impl Ports {
    /// One more at `port`.
    #[inline]
    pub fn count(&mut self, port: u16) {
        self.add(port, 1);
    }

    #[inline]
    fn add(&mut self, port: u16, times: u64) {
        let [high, low] = port.to_be_bytes().map(usize::from);
        self.pages[high].get_or_insert_with(page)[low] += times;
    }

    /// Begins to fetch what counting at `port` will ask for.
    #[inline(always)]
    pub fn fetch(&self, port: u16) {
        let [high, low] = port.to_be_bytes().map(usize::from);
        if let Some(page) = &self.pages[high] {
            prefetch_index(&page[..], low);
        }
    }

    /// How many at `port`.
    pub fn get(&self, port: u16) -> u64 {
        let [high, low] = port.to_be_bytes().map(usize::from);
        self.pages[high].as_ref().map_or(0, |page| page[low])
    }

    /// Ports and how many, those with none left out, by port.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        let counts = |(high, page): (usize, &'_ Option<Box<[u64; 256]>>)| {
            let page: &[u64] = page.as_ref().map_or(&[], |p| p.as_slice());
            let number = move |(low, count): (usize, &u64)| ((high * 256 + low) as u16, *count);
            page.iter().enumerate().map(number).collect::<Vec<_>>()
        };
        self.pages.iter().enumerate().flat_map(counts).filter(|(_, count)| *count > 0)
    }
}

#[cold]
fn page() -> Box<[u64; 256]> {
    Box::new([0; 256])
}

impl<const N: usize> From<[(u16, u64); N]> for Ports {
    fn from(counts: [(u16, u64); N]) -> Self {
        let mut ports = Self::default();
        for (port, count) in counts {
            ports.add(port, count);
        }
        ports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_port() {
        let mut ports = Ports::from([(443, 2), (65_535, 1)]);
        ports.count(443);
        ports.count(21);
        assert_eq!(ports.iter().collect::<Vec<_>>(), [(21, 1), (443, 3), (65_535, 1)]);
        assert_eq!((ports.get(443), ports.get(22), ports.get(60_000)), (3, 0, 0));
    }
}
