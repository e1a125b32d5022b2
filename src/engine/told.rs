//! In debug builds, what was foretold of what is noted, so that it is held against what comes of it.

use crate::pack::{Pack, Packer, Unpacker};
use crate::session::Effect;

/// Nothing in release builds.
#[derive(Debug)]
pub(super) struct Told(Option<Vec<Effect>>);

impl Default for Told {
    fn default() -> Self {
        Self(cfg!(debug_assertions).then(Vec::new))
    }
}

impl Told {
    /// Keeps what was foretold.
    #[inline]
    pub(super) fn keep(&mut self, effect: Effect) {
        if cfg!(debug_assertions) {
            self.0.iter_mut().for_each(|told| told.push(effect));
        }
    }

    /// Holds what came of it against that.
    ///
    /// # Panics
    /// In debug builds, when it came otherwise.
    pub(super) fn compare(&mut self, mut effects: Vec<Effect>) {
        if let Some(told) = self.0.replace(Vec::new()).filter(|_| cfg!(debug_assertions)) {
            // Of what is a session already.
            effects.retain(|e| !matches!(e, Effect::OnlyFtpSaysThis | Effect::NotFtp));
            assert_eq!(effects, told, "foretold otherwise");
        }
    }
}

impl Pack for Told {
    fn pack(&self, _: &mut Packer) {}

    // Not known any more.
    fn unpack(_: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self(None))
    }
}
