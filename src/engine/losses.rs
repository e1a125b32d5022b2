//! What the capture itself lost, and when.

use std::time::Duration;

use super::sequential::Engine;
use crate::capture::{CaptureLoss, Timestamp};

/// Losses that follow each other this closely are one.
const NEAR: Duration = Duration::from_secs(2);
/// Losses remembered; the oldest are forgotten first.
const MAX_LOSSES: usize = 1024;

impl Engine {
    /// The capture lost packets. Tell it before the packets that came after the loss.
    pub fn lost(&mut self, loss: CaptureLoss) {
        match self.losses.last_mut() {
            Some(last) if loss.from <= last.to.plus(NEAR) => {
                last.from = last.from.min(loss.from);
                last.to = last.to.max(loss.to);
                last.packets = last.packets.saturating_add(loss.packets);
            }
            _ => {
                if self.losses.len() >= MAX_LOSSES {
                    self.losses.remove(0);
                }
                self.losses.push(loss);
            }
        }
    }

    /// Those that may have touched a session that began at `first` and is open until now.
    pub(super) fn losses_since(&self, first: Timestamp) -> Vec<CaptureLoss> {
        let now = self.now.time;
        self.losses.iter().filter(|l| l.overlaps(first, now)).copied().collect()
    }
}
