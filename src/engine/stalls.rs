//! Which stalls of open sessions have been told.

use std::collections::{BTreeSet, HashMap};

use crate::diagnose::{Judged, Means, Severity};

/// Remembers what was told of each open session, so that each stall is told once.
#[derive(Debug, Default)]
pub struct Stalls {
    /// By the session's first packet: code and channel; 0 for none.
    told: HashMap<u64, BTreeSet<(&'static str, u32)>>,
}

impl Stalls {
    /// The stalls of an open session that are new since the last call, by their place in its
    /// diagnoses. None of a session without a number: it began a moment ago.
    pub fn new_in(&mut self, judged: &Judged) -> Vec<usize> {
        if judged.session.id == 0 {
            return Vec::new();
        }
        let stalls = judged
            .diagnoses
            .iter()
            .enumerate()
            .filter(|(_, d)| d.severity == Severity::Critical && d.means == Means::Stalled);
        let mut new = Vec::new();
        for (i, d) in stalls {
            let told = self.told.entry(judged.session.first.order).or_default();
            let channels = if d.channels.is_empty() { &[0][..] } else { &d.channels[..] };
            // All of them are entered, so not `any`.
            let fresh = channels.iter().filter(|c| told.insert((d.code, **c))).count();
            if fresh > 0 {
                new.push(i);
            }
        }
        new
    }

    /// A session came to its closing point.
    pub fn forget(&mut self, judged: &Judged) {
        self.told.remove(&judged.session.first.order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::judge;
    use crate::diagnose::scene::Scene;

    #[test]
    fn a_stall_is_told_once() {
        let mut scene = Scene::new();
        scene.pasv(50_000);
        scene.dial("192.0.2.1:41000", "203.0.113.5:50000", 3);
        let mut stalls = Stalls::default();
        let open = scene.engine().open_sessions(usize::MAX);
        let told = |stalls: &mut Stalls, j: &Judged| -> Vec<&'static str> {
            stalls.new_in(j).iter().map(|i| j.diagnoses[*i].code).collect()
        };
        assert_eq!(told(&mut stalls, &open[0]), ["data-syn-unanswered"]);
        assert!(told(&mut stalls, &open[0]).is_empty());
        // A second port, in the same diagnosis.
        scene.pasv(50_001);
        scene.dial("192.0.2.1:41001", "203.0.113.5:50001", 3);
        let open = scene.engine().open_sessions(usize::MAX);
        assert_eq!(told(&mut stalls, &open[0]), ["data-syn-unanswered"]);
        scene.engine().finish();
        let ended = judge(scene.engine().take_finished().remove(0).session());
        stalls.forget(&ended);
        assert!(stalls.told.is_empty());
    }
}
