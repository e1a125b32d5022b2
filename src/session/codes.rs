//! The codes of the replies to one command.

use crate::pack::{Pack, Packer, Unpacker};

/// Replies kept of one exchange.
const MAX: usize = 16;
/// Of these, without a block of their own: a preliminary one, a final one, and one more.
const FEW: usize = 3;

/// Codes of replies in order, at most 16.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    count: u16,
    few: [u16; FEW],
    /// All of them, when they are more.
    many: Option<Box<[u16; MAX]>>,
}

impl Codes {
    /// Adds one, as long as there is room.
    pub(super) fn push(&mut self, code: u16) {
        let count = usize::from(self.count);
        if count == FEW {
            let mut all = Box::new([0; MAX]);
            for (to, from) in all.iter_mut().zip(self.few) {
                *to = from;
            }
            self.many = Some(all);
        }
        let all = match &mut self.many {
            Some(many) => many.as_mut_slice(),
            None => &mut self.few,
        };
        if let Some(slot) = all.get_mut(count) {
            *slot = code;
            self.count += 1;
        }
    }
}

impl std::ops::Deref for Codes {
    type Target = [u16];

    fn deref(&self) -> &[u16] {
        let all = match &self.many {
            Some(many) => many.as_slice(),
            None => &self.few,
        };
        all.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl Pack for Codes {
    fn pack(&self, to: &mut Packer) {
        self.len().pack(to);
        for code in self.iter() {
            code.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let mut codes = Self::default();
        for _ in 0..usize::unpack(from)? {
            codes.push(u16::unpack(from)?);
        }
        Some(codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sixteen_are_kept_in_order() {
        let mut codes = Codes::default();
        for code in 100..120 {
            let before = codes.len();
            assert_eq!(codes.to_vec(), (100..100 + before as u16).collect::<Vec<_>>());
            codes.push(code);
            let packed = Packer::default().packed(&codes).unwrap();
            assert_eq!(*Packer::default().unpacked::<Codes>(&packed).unwrap(), *codes);
        }
        assert_eq!(codes.to_vec(), (100..116).collect::<Vec<_>>());
    }
}
