//! Verdicts that could be the capture's own loss.
//!
//! Live, the kernel says how many packets it dropped and roughly when. A silence that began before
//! such a moment may have been broken by a packet that was dropped: then the session is
//! undetermined, and why is said.

use super::{Audience, Diagnosis, Means, Severity, Stage, wording};
use crate::session::Session;

/// What the hosts themselves show, whatever the capture lost: they send again what got no answer,
/// for they received none.
const SHOWN_BY_THE_HOSTS: &[&str] = &[
    "control-unanswered",
    "control-dead",
    "command-unacknowledged",
    "control-sequence-broken",
    "host-unreachable",
    "data-syn-unanswered",
    "tls-data-blocked",
    "data-zero-window",
    "data-path-dead",
    "data-mtu-blackhole",
];

/// Takes back the verdicts that could be the capture's own loss. Whether there were any.
pub(super) fn take_back(session: &Session, diagnoses: &mut Vec<Diagnosis>) -> bool {
    if session.losses.is_empty() {
        return false;
    }
    let doubtful = |d: &Diagnosis| {
        let silence = d.severity == Severity::Critical && d.means == Means::Stalled;
        let from = d.evidence.first().map_or(session.first, |e| e.at).time;
        let touched = session.losses.iter().any(|l| l.overlaps(from, session.judged_at.time));
        silence && touched && !SHOWN_BY_THE_HOSTS.contains(&d.code)
    };
    let taken: Vec<Diagnosis> = diagnoses.extract_if(.., |d| doubtful(d)).collect();
    let Some(first) = taken.first() else { return false };
    let packets: u64 = session.losses.iter().map(|l| l.packets).sum();
    let codes: Vec<&str> = taken.iter().map(|d| d.code).collect();
    let mut said = Diagnosis::new("capture-loss", Severity::Info, Stage::Capture)
        .summary(format!(
            "The capture itself lost {} while this session was open; what looks like {} may be that.",
            wording::count(packets, "packet"),
            codes.join(", ")
        ))
        .reasoning(format!(
            "Without the loss it would say: {} An answer that was captured would have said otherwise, \
             and it may be among the packets that the capture dropped.",
            first.summary
        ))
        .advice_with(
            Audience::Capture,
            "Give the capture a larger buffer or a narrower filter.",
            format!("ftpscope -i any --buffer-size 256M host {}", session.server.ip),
        );
    for e in first.evidence.iter().take(2) {
        said = said.evidence(e.at, e.text.clone());
    }
    diagnoses.retain(|d| d.code != "capture-loss");
    diagnoses.push(said);
    true
}

#[cfg(test)]
mod tests {
    use crate::capture::{CaptureLoss, Timestamp};
    use crate::diagnose::scene::{ACK, Scene};
    use crate::diagnose::{Judged, Status};

    fn lost_at(scene: &mut Scene, ms: i64) {
        let at = |ms: i64| Timestamp::from_nanos(ms * 1_000_000);
        scene.lost(CaptureLoss { from: at(ms), to: at(ms + 1000), packets: 7 });
    }

    fn codes(j: &Judged) -> Vec<&str> {
        // Of the password in clear, which all these sessions have, nothing is asked here.
        j.diagnoses.iter().map(|d| d.code).filter(|c| *c != "cleartext-login").collect()
    }

    #[test]
    fn a_silence_with_a_loss_in_it_is_undetermined() {
        let unanswered = |lost: Option<i64>| {
            let mut scene = Scene::new();
            scene.client("PASV");
            let mut control = scene.control;
            scene.send(&mut control, false, ACK, b"");
            if let Some(ms) = lost {
                lost_at(&mut scene, ms);
            }
            scene.wait(60_000).send(&mut control, false, ACK, b"");
            scene.judged()
        };
        let judged = unanswered(None);
        assert_eq!((judged.status, codes(&judged)), (Status::Stalled, vec!["command-unanswered"]));
        let judged = unanswered(Some(30_000));
        assert_eq!((judged.status, codes(&judged)), (Status::Undetermined, vec!["capture-loss"]));
        assert!(judged.diagnoses.iter().any(|d| d.summary.contains("7 packets")), "{judged:?}");
    }
}
