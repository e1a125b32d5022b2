//! Texts that wait, in memory that is never moved.

use memmap2::MmapMut;

/// Where a text stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    block: u32,
    from: u32,
    len: u32,
}

/// Texts in blocks that never grow, so nothing is copied.
#[derive(Debug, Default)]
pub struct Store {
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    memory: Memory,
    used: usize,
}

#[derive(Debug)]
enum Memory {
    Plain(Box<[u8]>),
    /// In large pages, where the system has them: the first touch of each small one costs as much as
    /// writing what goes into it.
    Mapped(MmapMut),
}

impl Memory {
    /// Of the first block, and of all where nothing can be mapped.
    const SMALL: usize = 1 << 20;
    const LARGE: usize = 1 << 25;

    fn plain(len: usize) -> Self {
        Self::Plain(vec![0; len.max(Self::SMALL)].into_boxed_slice())
    }

    fn mapped(len: usize) -> Option<Self> {
        let map = MmapMut::map_anon(len.max(Self::LARGE)).ok()?;
        // Where there are none, small pages serve as well.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Some(Self::Mapped(map))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

impl Store {
    /// Keeps a text.
    pub fn keep(&mut self, text: &[u8]) -> Place {
        let fits = |b: &Block| b.memory.bytes().len() - b.used >= text.len();
        if !self.blocks.last().is_some_and(fits) {
            let large = if self.blocks.is_empty() { None } else { Memory::mapped(text.len()) };
            let memory = large.unwrap_or_else(|| Memory::plain(text.len()));
            self.blocks.push(Block { memory, used: 0 });
        }
        let block = self.blocks.len() - 1;
        let Some(last) = self.blocks.last_mut() else { return Place::default() };
        let (from, len) = (last.used, text.len());
        if let Some(room) = last.memory.bytes_mut().get_mut(from..from + len) {
            room.copy_from_slice(text);
            last.used += len;
        }
        // Texts of sessions are bounded: none is nearly as long as 4 GiB.
        Place { block: block as u32, from: from as u32, len: len as u32 }
    }

    /// A text that was kept.
    pub fn text(&self, place: Place) -> &[u8] {
        let Place { block, from, len } = place;
        let (from, len) = (from as usize, len as usize);
        let block = self.blocks.get(block as usize).map(|b| b.memory.bytes()).unwrap_or_default();
        block.get(from..from + len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let mut store = Store::default();
        let text = |n: usize| vec![n as u8; n * 12_345 % 300_000];
        let long = vec![7; Memory::LARGE + 1];
        let places: Vec<Place> = (0..300).map(|n| store.keep(&text(n))).collect();
        let last = store.keep(&long);
        assert!(store.blocks.len() > 3);
        for (n, place) in places.into_iter().enumerate() {
            assert!(store.text(place) == text(n), "{n}");
        }
        assert!(store.text(last) == long);
    }
}
