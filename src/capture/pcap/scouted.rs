//! Records of a file in the middle of it, see [`crate::capture::scout`].

use memchr::memmem;

use super::{CHAIN, Layout, NEAR, Pcap};
use crate::capture::Timestamp;

impl Pcap {
    /// Where records seem to begin of times near this one, and how reading would stand in front of the
    /// first of them.
    pub(in crate::capture) fn found_in(
        &self,
        bytes: &[u8],
        near: Timestamp,
    ) -> Option<(usize, Self)> {
        if self.layout != Layout::Little {
            return None;
        }
        // The higher half of their seconds is the same for 18 hours, and is found sooner than a record is
        // tried at each byte.
        let half = (near.nanos().div_euclid(1_000_000_000) as u32 >> 16) as u16;
        let at = memmem::find_iter(bytes, &half.to_le_bytes())
            .filter_map(|at| at.checked_sub(2))
            .find(|at| self.are_sound(bytes, *at))?;
        let last_sec = Some(self.sound_in(bytes, at, None)?.sec);
        Some((at, Self { last_sec, ended: false, ..self.clone() }))
    }

    /// Whether sound records follow each other from `at` on, so many that it is hardly by chance; few enough
    /// to stand in a piece also when each is 64 kB, as of hosts that leave it to the interface to cut them.
    fn are_sound(&self, bytes: &[u8], mut at: usize) -> bool {
        let mut reference = None;
        for _ in 0..CHAIN {
            let Some(header) = self.sound_in(bytes, at, reference) else { return false };
            reference = Some(header.sec);
            at += self.layout.header_len() + header.captured as usize;
        }
        true
    }

    /// Goes on behind records that were walked from `before` to `behind`, if the first of them fits behind
    /// the last one here.
    pub(in crate::capture) fn join(&mut self, before: &Self, behind: &Self) -> bool {
        let (Some(last), Some(first)) = (self.last_sec, before.last_sec) else { return false };
        let fits = last.abs_diff(first) <= NEAR;
        if fits {
            self.last_sec = behind.last_sec;
        }
        fits
    }
}
